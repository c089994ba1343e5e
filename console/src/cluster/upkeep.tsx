/** What goes on in the background: repair, moves, the scrub. */
import type { ClusterNode, ClusterStatus, Filling } from '#client/cluster-status.ts';
import { many, percentText, sizeText, spanText } from '../parts/format.ts';
import { Meter } from '../parts/meter.tsx';
import { repairsOf, type Scrub, scrubOf } from './duties.ts';

export function Upkeep({ status }: { readonly status: ClusterStatus }) {
  return (
    <section class="panel" aria-labelledby="upkeep-title">
      <h2 id="upkeep-title">Repair and scrub</h2>
      <Repair status={status} />
      <Moving moving={status.protection.moving} />
      <h3>Scrub: every byte on disk is read again</h3>
      <ul class="scrubs">
        {status.nodes.map((node) => (
          <ScrubLine key={node.id} node={node} />
        ))}
      </ul>
    </section>
  );
}

function Repair({ status: { protection, repair, nodes } }: { status: ClusterStatus }) {
  const { slots } = protection.rebuilding;
  const { bytesLeft, bytesPerSecond, secondsLeft } = repair;
  const { bytesDone, shardsBeyondRepair } = repairsOf(nodes);
  const done = bytesDone + bytesLeft === 0 ? 1 : bytesDone / (bytesDone + bytesLeft);
  const pace = bytesPerSecond === 0 ? '' : `, ${sizeText(bytesPerSecond)}/s`;
  const time = secondsLeft === null ? '' : `, about ${spanText(secondsLeft)}`;
  return (
    <div class="repair">
      {slots === 0 ? (
        <p>Nothing is being rebuilt. {sizeText(bytesDone)} rebuilt since these nodes began.</p>
      ) : (
        <>
          <Meter label="Repair" part={done} text={`${sizeText(bytesLeft)} left`} tone="warn" />
          <p>
            {many(slots, 'slot')} being rebuilt: {`${sizeText(bytesLeft)} left${time}${pace}.`}
          </p>
        </>
      )}
      {shardsBeyondRepair > 0 && (
        <p class="problem">{many(shardsBeyondRepair, 'shard')} can’t be rebuilt: see the logs.</p>
      )}
    </div>
  );
}

const Moving = ({ moving: { slots, bytesLeft } }: { readonly moving: Filling }) =>
  slots === 0 ? null : (
    <p>
      {many(slots, 'slot')} on the way to another node, {sizeText(bytesLeft)} left.
    </p>
  );

function ScrubLine({ node }: { readonly node: ClusterNode }) {
  const scrub = scrubOf(node);
  return (
    <li>
      <span>{node.id}</span>
      {scrub === undefined ? (
        <em>no answer</em>
      ) : (
        <>
          <Meter
            label={`Scrub of ${node.id}`}
            part={scrub.part}
            text={percentText(scrub.part)}
            tone={scrub.damaged > 0 ? 'warn' : 'plain'}
          />
          <em>{saysOf(scrub)}</em>
        </>
      )}
    </li>
  );
}

function saysOf({ part, isResting, damaged, endedAgoSeconds }: Scrub): string {
  const found = damaged > 0 ? `${damaged} damaged found` : 'no damage';
  const round =
    endedAgoSeconds === undefined ? 'first round' : `last round ${spanText(endedAgoSeconds)} ago`;
  return `${isResting ? 'all read' : percentText(part)}, ${found}, ${round}`;
}
