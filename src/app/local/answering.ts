/** Asks the processes of a cluster whether they serve yet. */
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNodeTimers } from '#io/node/timers.ts';
import { EtcdMaintenance } from '#kv/etcd/maintenance.ts';

const probeTimeoutMs = 2000;
const betweenProbesMs = 50;

export type Probe = () => Promise<boolean>;

/** Does a GET of `url` answer 200 with a body that `fits`? */
export function answers(url: string, fits: (body: string) => boolean = () => true): Probe {
  return () =>
    new Promise((resolve) => {
      const signal = AbortSignal.timeout(probeTimeoutMs);
      const request = get(url, { signal, agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('error', () => resolve(false));
        response.on('close', () => {
          resolve(response.complete && response.statusCode === 200 && fits(body));
        });
      });
      request.on('error', () => resolve(false));
    });
}

/**
 * Can the member read through a majority? Its own `/health` says no as long as there is an alarm,
 * and at that of space it serves.
 */
export function etcdAnswers(url: string): Probe {
  return async () => {
    const etcd = new EtcdMaintenance({ timers: createNodeTimers() }, { endpoints: [url] });
    try {
      await etcd.readThrough(url, { timeoutMs: probeTimeoutMs });
      return true;
    } catch {
      return false;
    } finally {
      etcd.close();
    }
  };
}

export const nodeIsReady = (url: string): Probe => answers(`${url}/-/ready`);

/**
 * A real question about a name, asked as a client would: it needs a node and a quorum of etcd.
 * Where clients need a token, whether they can be let in.
 */
export const clusterAnswers = (url: string, tokens: boolean): Probe =>
  tokens
    ? nodeIsReady(url)
    : answers(`${url}/exists?path=/started`, (body) => body === '0' || body === '1');

/** Resolves when the probe has succeeded; throws what `giveUp` throws, and the signal's reason. */
export async function until(probe: Probe, giveUp: () => void, signal: AbortSignal): Promise<void> {
  while (!(await probe())) {
    signal.throwIfAborted();
    giveUp();
    await sleep(betweenProbesMs, undefined, { signal });
  }
}
