/** How many volumes survive how many more losses. */
import type { ClusterStatus } from '#client/cluster-status.ts';
import { sizeText } from '../parts/format.ts';
import { Icon, type IconName } from '../parts/icon.tsx';
import { Meter, type MeterProps } from '../parts/meter.tsx';

type Tone = NonNullable<MeterProps['tone']>;

export function VolumeMargins({ status }: { readonly status: ClusterStatus }) {
  const { volumes, protection } = status;
  const total = Object.values(volumes).reduce((sum, count) => sum + count, 0);
  return (
    <section class="panel" aria-labelledby="volumes-title">
      <h2 id="volumes-title">Volumes by losses they survive</h2>
      {total === 0 && <p class="none">No volumes yet: nothing has been stored.</p>}
      <ul class="margins">
        {rowsOf(volumes, protection.wantedMargin).map(({ margin, count }) => (
          <Margin key={margin} {...{ margin, count, total }} wanted={protection.wantedMargin} />
        ))}
      </ul>
      <p class="note">
        {`With the nodes that live now, survival of ${protection.wantedMargin} can be promised. `}
        {`${sizeText(protection.all.bytes)} in all.`}
      </p>
    </section>
  );
}

/** All from the best to none, so that what changes is seen to change. */
function rowsOf(volumes: ClusterStatus['volumes'], wanted: number) {
  const found = Object.keys(volumes).map(Number);
  const [most, least] = [Math.max(wanted, ...found), Math.min(0, ...found)];
  const margins = Array.from({ length: most - least + 1 }, (_, at) => most - at);
  return margins.map((margin) => ({ margin, count: volumes[margin] ?? 0 }));
}

interface MarginProps {
  readonly margin: number;
  readonly count: number;
  readonly total: number;
  readonly wanted: number;
}

function Margin({ margin, count, total, wanted }: MarginProps) {
  const says = margin < 0 ? 'unreadable now' : margin === 0 ? 'none' : `${margin} more`;
  const tone = count === 0 ? 'plain' : toneOf(margin, wanted);
  return (
    <li>
      <span class={`says ${tone}`}>
        <Icon name={tone as IconName} />
        {says}
      </span>
      <Meter
        label={`Volumes that survive: ${says}`}
        part={count / Math.max(1, total)}
        text={String(count)}
        tone={tone}
      />
      <b>{count}</b>
    </li>
  );
}

const toneOf = (margin: number, wanted: number): Exclude<Tone, 'plain'> =>
  margin < 0 || (margin === 0 && wanted > 0) ? 'bad' : margin < wanted ? 'warn' : 'good';
