import type { ClusterNode } from '#client/cluster-status.ts';
import { perSecondByNode } from '../live/live.ts';
import { Badge, type BadgeProps } from '../parts/badge.tsx';
import { durationText, many, rateText, sizeText } from '../parts/format.ts';
import { Meter } from '../parts/meter.tsx';

export interface NodeCardProps {
  readonly node: ClusterNode;
  /** It puts operations on names together. */
  readonly combines: boolean;
  readonly onAsk: () => void;
}

export function NodeCard({ node, combines, onAsk }: NodeCardProps) {
  const state = stateOf(node);
  const { id, host, httpPort, slots, draining, answeredInMs, requests } = node;
  return (
    <li class={`card ${node.live ? '' : 'away'}`} data-node={id} data-state={state.word}>
      <div class="title">
        <h4>{id}</h4>
        <Badge tone={state.tone} icon={state.icon}>
          {state.word}
        </Badge>
      </div>
      <p class="where">
        {host}:{httpPort}
      </p>
      {node.suspected !== undefined && <p class="why">{node.suspected}</p>}
      <Disk node={node} />
      <dl class="facts">
        <Fact name="Slots" value={String(slots)} />
        <Fact
          name="Requests"
          value={requests ? `${rateText(perSecondByNode.value.get(id) ?? 0)}/s` : '–'}
        />
        <Fact
          name="Answers in"
          value={answeredInMs === undefined ? '–' : durationText(answeredInMs)}
        />
      </dl>
      <div class="foot">
        <span class="roles">
          {node.coordinates && (
            <span class="role" title="Decides what one node has to decide for all">
              coordinator
            </span>
          )}
          {combines && (
            <span class="role" title="Puts operations on names together">
              combiner
            </span>
          )}
        </span>
        <button type="button" class="button small" onClick={onAsk}>
          {draining ? 'Keep' : 'Drain'}
          <span class="unseen"> {id}</span>
        </button>
      </div>
    </li>
  );
}

const Fact = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

interface State {
  readonly word: string;
  readonly tone: BadgeProps['tone'];
  readonly icon: NonNullable<BadgeProps['icon']>;
}

function stateOf({ live, suspected, draining, slots, disk }: ClusterNode): State {
  if (!live) return { word: suspected === undefined ? 'dead' : 'not answering', ...away };
  if (disk?.fenced) return { word: 'disk fails', tone: 'bad', icon: 'bad' };
  if (disk?.full) return { word: 'disk full', tone: 'warn', icon: 'warn' };
  if (draining && slots === 0) return { word: 'empty', tone: 'good', icon: 'good' };
  if (draining) return { word: 'draining', tone: 'warn', icon: 'drain' };
  return { word: 'alive', tone: 'good', icon: 'good' };
}

const away = { tone: 'bad', icon: 'bad' } as const;

function Disk({ node: { disk, id } }: { readonly node: ClusterNode }) {
  if (disk === undefined) return <p class="disk">Disk: no answer</p>;
  const { segmentBytes, freeBytes, totalBytes, damaged } = disk;
  const part = totalBytes === 0 ? 0 : 1 - freeBytes / totalBytes;
  const text = `${sizeText(segmentBytes)} of files, ${sizeText(freeBytes)} free`;
  const tone = disk.full || part > 0.95 ? 'bad' : part > 0.85 ? 'warn' : 'plain';
  return (
    <div class="disk">
      <Meter label={`Disk of ${id}`} part={part} text={text} tone={tone} />
      <p>
        {text}
        {damaged > 0 && <b class="damaged">, {many(damaged, 'damaged shard')}</b>}
      </p>
    </div>
  );
}
