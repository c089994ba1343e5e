/** A question in the way of everything else. The browser keeps the focus in it; Escape is 'no'. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from '../api/http.ts';

export interface DialogProps {
  readonly title: string;
  /** What the button that does it says. */
  readonly action: string;
  readonly isDangerous?: boolean;
  /** Throws what goes wrong: it is shown, and the dialog stays. */
  readonly onAct: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function Dialog(props: DialogProps) {
  const { title, action, isDangerous = false, onAct, onClose, children } = props;
  const element = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    // Back to where one was, if that is still there.
    return () => (before instanceof HTMLElement ? before.focus() : undefined);
  }, []);
  const act = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      await onAct();
      onClose();
    } catch (error) {
      setProblem(messageOf(error));
      setBusy(false);
    }
  };
  return (
    <dialog ref={element} onClose={onClose} aria-labelledby="dialog-title">
      <form onSubmit={act}>
        <h2 id="dialog-title">{title}</h2>
        {children}
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <div class="actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class={isDangerous ? 'button danger' : 'button primary'}
            disabled={isBusy}
          >
            {action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
