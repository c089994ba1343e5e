/** What is shown in place of everything else while the cluster wants a token. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, messageOf } from '../api/http.ts';
import { signIn } from './sign-in.ts';

export function SignInForm({ why }: { readonly why: string | undefined }) {
  const input = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState(why);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => input.current?.focus(), []);
  const enter = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      await signIn(input.current?.value ?? '');
    } catch (error) {
      setProblem(wordsOf(error));
      setBusy(false);
      input.current?.select();
    }
  };
  return (
    <form class="panel sign-in" aria-labelledby="sign-in-title" onSubmit={enter}>
      <h1 id="sign-in-title">Sign in</h1>
      <p>This cluster asks for a token. Its administrators make them.</p>
      {problem !== undefined && (
        <p class="problem" role="alert" id="sign-in-problem">
          {problem}
        </p>
      )}
      <label class="field">
        Token
        <input
          ref={input}
          type="password"
          required
          spellcheck={false}
          autocomplete="current-password"
          autocapitalize="off"
          placeholder="dftfs_…"
          aria-describedby={problem === undefined ? 'sign-in-note' : 'sign-in-problem'}
          aria-invalid={problem !== undefined}
        />
      </label>
      <button type="submit" class="button primary" disabled={isBusy}>
        Sign in
      </button>
      <p class="note" id="sign-in-note">
        This page keeps it to itself, and forgets it when it is left or loaded again.
      </p>
    </form>
  );
}

const wordsOf = (error: unknown): string =>
  error instanceof ApiError && error.status === 401
    ? 'This token isn’t valid: it was never made, or was revoked.'
    : messageOf(error);
