/** Looks at everything that can be seen from here: each endpoint, the cluster, each node's door. */
import { Cluster, type ClusterNode, type ClusterStatus, UnavailableError } from '#client/index.ts';
import type { Session } from '../session.ts';
import { endpointDefault, type Settings } from '../settings.ts';
import type { Seen, SeenEndpoint } from './findings.ts';

const impatient = { triesMax: 1, idleMs: 5000 };

export async function look(session: Session): Promise<Seen> {
  const { settings, signal } = session;
  const endpoints = await Promise.all(settings.endpoints.map((url) => probe(session, url)));
  const answering = endpoints.filter(({ error }) => error === undefined);
  const cluster = answering.length === 0 ? undefined : await statusOf(session);
  signal.throwIfAborted();
  const urls = (cluster?.nodes ?? []).filter(({ live }) => live).map(doorOf(settings));
  const others = urls.filter((url) => !settings.endpoints.includes(url));
  // A node's own door may be closed to us: that says nothing.
  const doors = await Promise.all(others.map((url) => probe(session, url)));
  return { endpoints, doors, cluster };
}

/** All doors speak alike. */
const doorOf =
  ({ endpoints: [first = endpointDefault] }: Settings) =>
  ({ host, httpPort }: ClusterNode): string =>
    `${new URL(first).protocol}//${host.includes(':') ? `[${host}]` : host}:${httpPort}`;

async function probe({ settings, signal }: Session, url: string): Promise<SeenEndpoint> {
  const cluster = new Cluster([url], { ...impatient, token: settings.token, ca: settings.ca });
  const askedAtMs = Date.now();
  try {
    const { notReady, date } = await cluster.probe({ signal });
    const hereMs = (askedAtMs + Date.now()) / 2;
    return { url, error: undefined, notReady, clockAheadMs: date.getTime() - hereMs };
  } catch (error) {
    signal.throwIfAborted();
    const { message } = error as Error;
    return { url, error: message, notReady: undefined, clockAheadMs: undefined };
  } finally {
    cluster.close();
  }
}

async function statusOf({ cluster, signal }: Session): Promise<ClusterStatus | undefined> {
  try {
    return await cluster.status({ signal });
  } catch (error) {
    if (error instanceof UnavailableError) return undefined;
    throw error;
  }
}
