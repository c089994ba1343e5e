/** Where a file's bytes lie, and how many more losses of nodes it survives. */
import type { FileExtent, FileMember, FileStat } from '#client/storage.ts';
import { many } from '../parts/format.ts';
import { Icon, type IconName } from '../parts/icon.tsx';

/** Extents beyond these are counted. */
const shownMax = 12;

export function Placement({ file }: { readonly file: FileStat }) {
  const { extents, lossesSurvivable } = file;
  const shown = extents.slice(0, shownMax);
  return (
    <section class="placement" aria-labelledby="placement-title">
      <h3 id="placement-title" class="unseen">
        Where it lies
      </h3>
      <Survival losses={lossesSurvivable} />
      {shown.map((extent) => (
        <Extent key={extent.firstStripe} extent={extent} isOnly={extents.length === 1} />
      ))}
      {extents.length > shown.length && (
        <p class="note">and {many(extents.length - shown.length, 'more run')} of stripes</p>
      )}
      {extents.length === 0 && <p class="note">It has no bytes: its name is all there is.</p>}
    </section>
  );
}

function Survival({ losses }: { readonly losses: number }) {
  const [tone, says] =
    losses < 0
      ? (['bad', 'Can’t be read now: too few of its nodes live'] as const)
      : losses === 0
        ? (['bad', 'Survives no further loss'] as const)
        : ([
            losses === 1 ? 'warn' : 'good',
            `Survives ${losses} more ${losses === 1 ? 'loss' : 'losses'}`,
          ] as const);
  return (
    <p class={`survival ${tone}`} role="status" data-losses={losses}>
      <Icon name={tone} />
      {says}
    </p>
  );
}

function Extent({ extent, isOnly }: { readonly extent: FileExtent; readonly isOnly: boolean }) {
  const { k, m, members, firstStripe, stripes } = extent;
  const says =
    k === 1
      ? `${m + 1} whole copies; any one is enough`
      : `${k} data and ${m} parity shards; any ${k} are enough`;
  return (
    <div class="extent">
      <p class="note">
        {!isOnly && `From stripe ${firstStripe}: `}
        {many(stripes, 'stripe')}, {says}.
      </p>
      <ul class="shards">
        {members.map((member, slot) => (
          <Shard key={member.node} member={member} label={labelOf(k, slot)} />
        ))}
      </ul>
    </div>
  );
}

const labelOf = (k: number, slot: number): string =>
  k === 1 ? 'copy' : slot < k ? `data ${slot + 1}` : `parity ${slot - k + 1}`;

function Shard({ member, label }: { readonly member: FileMember; readonly label: string }) {
  const { node, live, rebuilding } = member;
  const state = !live ? 'dead' : rebuilding ? 'rebuilding' : 'there';
  const icons: Record<typeof state, IconName> = {
    dead: 'bad',
    rebuilding: 'rebuild',
    there: 'good',
  };
  return (
    <li class={`shard ${state}`} data-node={node} data-state={state}>
      <Icon name={icons[state]} />
      <b>{node}</b>
      <small>{label}</small>
      {state !== 'there' && <em>{state === 'dead' ? 'node is gone' : 'being rebuilt'}</em>}
    </li>
  );
}
