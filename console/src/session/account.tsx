/** Whose token this page shows, and the way out. */
import { session, signOut } from './session.ts';

export function Account() {
  const now = session.value;
  if (now.state !== 'in') return null;
  return (
    <span class="account">
      <span class="who" title={now.grants.join('\n')}>
        {now.name}
      </span>
      <button type="button" class="button small" onClick={signOut}>
        Sign out
      </button>
    </span>
  );
}
