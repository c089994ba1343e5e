/**
 * Nodes that speak different versions of the node protocol refuse each other's connections. One
 * that came among others of another version would count as alive and be of use to nobody, so it
 * stays outside while any of them lives. A hint: the handshake decides.
 */
import { protocolVersion } from '#rpc/frame.ts';
import type { Cluster } from './cluster.ts';

export type Neighbours = Pick<Cluster, 'nodes' | 'sessionOf'>;

/** Of registrations that don't say one. */
const firstVersion = 1;

/** Undefined: nothing is in the way. */
export function foreignProtocol(map: Neighbours, own: number = protocolVersion) {
  const foreign = map.nodes().find(({ id, protocol = firstVersion }) => {
    return protocol !== own && map.sessionOf(id) !== undefined;
  });
  if (foreign === undefined) return undefined;
  const { id, release = 'unknown', protocol = firstVersion } = foreign;
  return (
    `${id} (release ${release}) speaks version ${protocol} of the node protocol and this node ` +
    `version ${own}: they can't be in one cluster, so stop the others first`
  );
}
