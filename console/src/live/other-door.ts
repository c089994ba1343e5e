/** Each node has a door of its own; this page's may be that of one that is gone. */
import type { ClusterNode } from '#client/cluster-status.ts';

const knockTimeoutMs = 1500;

/** The console behind the other doors of nodes that lived when one was last heard of. */
export function otherConsoles(nodes: readonly ClusterNode[], here: Location): Map<string, string> {
  const others = nodes.filter(({ live, host, httpPort }) => {
    return live && `${host}:${httpPort}` !== here.host;
  });
  const address = ({ host, httpPort }: ClusterNode) =>
    `${here.protocol}//${host}:${httpPort}/-/console/${here.hash}`;
  return new Map(others.map((node) => [node.id, address(node)]));
}

/** The first that answers, whatever it says; undefined: none does. */
export function firstThatAnswers(addresses: readonly string[]): Promise<string | undefined> {
  const knock = async (address: string) => {
    const signal = AbortSignal.timeout(knockTimeoutMs);
    await fetch(new URL('/-/health', address), { mode: 'no-cors', signal });
    return address;
  };
  return Promise.any(addresses.map(knock)).catch(() => undefined);
}
