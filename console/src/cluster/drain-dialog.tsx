/** Asks before a node is emptied, or kept. */
import { useEffect, useState } from 'preact/hooks';
import type { ClusterNode } from '#client/cluster-status.ts';
import { adviceOn, drain, undrain } from '../api/cluster.ts';
import { Dialog } from '../parts/dialog.tsx';
import { many } from '../parts/format.ts';

export interface DrainDialogProps {
  readonly node: ClusterNode;
  readonly onClose: () => void;
}

export function DrainDialog({ node: { id, draining, slots }, onClose }: DrainDialogProps) {
  const act = async () => void (await (draining ? undrain(id) : drain(id)));
  return (
    <Dialog
      title={draining ? `Keep ${id}?` : `Drain ${id}?`}
      action={draining ? 'Keep it' : 'Drain it'}
      onAct={act}
      onClose={onClose}
    >
      <p>
        {draining
          ? 'It takes new files again, and keeps what it has.'
          : `It gets nothing new, and its ${many(slots, 'slot')} move to other nodes. No file loses protection meanwhile, and it goes on answering.`}
      </p>
      {draining && <Advice node={id} />}
    </Dialog>
  );
}

/** What the cluster says about stopping it now. */
function Advice({ node }: { readonly node: string }) {
  const [reason, setReason] = useState<string>();
  useEffect(() => {
    adviceOn(node).then(
      (advice) => setReason(advice.reason),
      () => {},
    );
  }, [node]);
  return reason === undefined ? null : <p class="note">{reason}</p>;
}
