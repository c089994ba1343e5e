/** Who is here: one card a node, zone by zone. */
import { useState } from 'preact/hooks';
import type { ClusterNode, ClusterStatus } from '#client/cluster-status.ts';
import { DrainDialog } from './drain-dialog.tsx';
import { NodeCard } from './node-card.tsx';

export function Nodes({ status }: { readonly status: ClusterStatus }) {
  const [asked, setAsked] = useState<ClusterNode>();
  const zones = zonesOf(status.nodes);
  return (
    <section class="nodes" aria-labelledby="nodes-title">
      <h2 id="nodes-title">Nodes</h2>
      {zones.map(([zone, nodes]) => (
        <div key={zone}>
          {zones.length > 1 && <h3 class="zone">Zone {zone}</h3>}
          <ul class="cards">
            {nodes.map((node) => (
              <NodeCard
                key={node.id}
                node={node}
                combines={status.names.combiner === node.id}
                onAsk={() => setAsked(node)}
              />
            ))}
          </ul>
        </div>
      ))}
      {asked !== undefined && <DrainDialog node={asked} onClose={() => setAsked(undefined)} />}
    </section>
  );
}

function zonesOf(nodes: readonly ClusterNode[]): (readonly [string, readonly ClusterNode[]])[] {
  const names = [...new Set(nodes.map(({ zone }) => zone))].sort();
  return names.map((name) => [name, nodes.filter(({ zone }) => zone === name)]);
}
