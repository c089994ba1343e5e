/** The cluster, live: how safe everything is, what it does, who is here. */
import { refusal, status } from '../live/live.ts';
import { EventLog } from './event-log.tsx';
import { NamesEngine } from './names-engine.tsx';
import { Nodes } from './nodes.tsx';
import { TrafficCharts } from './traffic-charts.tsx';
import { Upkeep } from './upkeep.tsx';
import { VerdictBanner } from './verdict-banner.tsx';
import { VolumeMargins } from './volume-margins.tsx';

export function ClusterView() {
  const now = status.value;
  if (refusal.value !== undefined) return <Refusal words={refusal.value} />;
  if (now === undefined) return <p class="waiting">Asking the cluster how it is…</p>;
  return (
    <div class="cluster">
      <h1 class="unseen">Cluster</h1>
      <VerdictBanner status={now} />
      <TrafficCharts />
      <Nodes status={now} />
      <div class="panels">
        <div>
          <VolumeMargins status={now} />
          <NamesEngine names={now.names} />
        </div>
        <div>
          <Upkeep status={now} />
          <EventLog />
        </div>
      </div>
    </div>
  );
}

const Refusal = ({ words }: { readonly words: string }) => (
  <section class="panel refusal" aria-labelledby="refusal-title">
    <h1 id="refusal-title">The cluster isn’t shown</h1>
    <p>{words}</p>
    <p class="note">
      To see it, a token needs <code>read:/-/cluster</code>. To drain nodes it takes an
      administrator’s.
    </p>
  </section>
);
