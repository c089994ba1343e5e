/** Asks before something is copied, moved or deleted, does it, and shows the folder anew. */
import { useState } from 'preact/hooks';
import { copy, move, remove } from '../api/files.ts';
import { ApiError } from '../api/http.ts';
import { Dialog } from '../parts/dialog.tsx';
import { showAgain } from './listing.ts';

export type Verb = 'copy' | 'move' | 'delete';

export interface FileDialogProps {
  readonly asked: { readonly verb: Verb; readonly path: string; readonly kind: 'file' | 'folder' };
  readonly onDone: () => void;
  readonly onClose: () => void;
}

export function RemoveDialog({ asked: { path, kind }, onDone, onClose }: FileDialogProps) {
  const act = async () => {
    try {
      await remove(path, kind === 'folder');
    } catch (error) {
      // Somebody else was quicker, or the answer to a first try was lost: it is gone.
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
    onDone();
    await showAgain();
  };
  return (
    <Dialog
      title={kind === 'folder' ? 'Delete this folder?' : 'Delete this file?'}
      action="Delete"
      isDangerous
      onAct={act}
      onClose={onClose}
    >
      <p class="path">{kind === 'folder' ? `${path}/` : path}</p>
      <p>
        {kind === 'folder' && <strong>Everything in it goes with it. </strong>}
        It can’t be taken back.
      </p>
    </Dialog>
  );
}

export function TransferDialog({ asked: { verb, path }, onDone, onClose }: FileDialogProps) {
  const [to, setTo] = useState(path);
  const isCopy = verb === 'copy';
  const act = async () => {
    await (isCopy ? copy : move)(path, to);
    onDone();
    await showAgain();
  };
  return (
    <Dialog
      title={isCopy ? 'Copy to' : 'Move to'}
      action={isCopy ? 'Copy' : 'Move'}
      onAct={act}
      onClose={onClose}
    >
      <p class="path">{path}</p>
      <label class="field">
        New path
        <input
          type="text"
          required
          spellcheck={false}
          autocomplete="off"
          value={to}
          onInput={(event) => setTo(event.currentTarget.value)}
        />
      </label>
      <p class="note">
        {isCopy
          ? 'At once, whatever the size: both names share the bytes.'
          : 'At once: the bytes stay where they are.'}{' '}
        A path that is taken is refused.
      </p>
    </Dialog>
  );
}
