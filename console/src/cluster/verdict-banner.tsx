import type { ClusterStatus } from '#client/cluster-status.ts';
import { verdictOn } from '../live/verdict.ts';
import { sizeText, spanText } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';

export function VerdictBanner({ status }: { readonly status: ClusterStatus }) {
  const { level, headline, detail } = verdictOn(status);
  return (
    <section class={`verdict ${level}`} aria-label="How safe everything is">
      <div class="says" role="status">
        <span class="sign">
          <Icon name={level} />
        </span>
        <div>
          <strong class="headline">{headline}</strong>
          <p>{detail}</p>
        </div>
      </div>
      <Figures status={status} />
    </section>
  );
}

function Figures({ status: { nodes, repair, protection, garbage } }: { status: ClusterStatus }) {
  const live = nodes.filter((node) => node.live).length;
  const free = nodes.flatMap(({ disk }) => (disk === undefined ? [] : [disk.freeBytes]));
  const zones = new Set(nodes.map(({ zone }) => zone)).size;
  const { bytesLeft, secondsLeft } = repair;
  const left = secondsLeft === null ? 'time unknown' : `about ${spanText(secondsLeft)}`;
  return (
    <dl class="figures">
      <Figure
        name="Nodes alive"
        value={`${live} / ${nodes.length}`}
        note={zones > 1 ? `${zones} zones` : 'one zone'}
      />
      <Figure
        name="Stored"
        value={sizeText(protection.all.bytes)}
        note={free.length > 0 ? `${sizeText(Math.min(...free))} free at the fullest` : ''}
      />
      <Figure
        name="To rebuild"
        value={sizeText(bytesLeft)}
        note={protection.rebuilding.slots === 0 ? 'nothing is missing' : left}
      />
      <Figure
        name="Garbage"
        value={garbage === undefined ? '–' : `${garbage.queued}${garbage.more ? '+' : ''}`}
        note="removed blobs, space not back yet"
      />
    </dl>
  );
}

const Figure = ({ name, value, note }: { name: string; value: string; note: string }) => (
  <div>
    <dt>{name}</dt>
    <dd class="value">{value}</dd>
    <dd class="note">{note}</dd>
  </div>
);
