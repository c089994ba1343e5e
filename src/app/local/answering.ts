/** Asks the processes of a cluster whether they serve yet. */
import { get, type IncomingMessage } from 'node:http';
import { get as getSecurely } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNodeTimers } from '#io/node/timers.ts';
import type { TlsSource } from '#io/tls.ts';
import { EtcdMaintenance } from '#kv/etcd/maintenance.ts';
import { type Manifest, publicUrl } from './manifest.ts';

const probeTimeoutMs = 2000;
const betweenProbesMs = 50;

export type Probe = () => Promise<boolean>;

/** Does a GET of `url` answer 200 with a body that `fits`? `tls`: for https. */
export function answers(
  url: string,
  fits: (body: string) => boolean = () => true,
  tls?: TlsSource,
): Probe {
  return () =>
    new Promise((resolve) => {
      const options = { signal: AbortSignal.timeout(probeTimeoutMs), agent: false } as const;
      const take = (response: IncomingMessage) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('error', () => resolve(false));
        response.on('close', () => {
          resolve(response.complete && response.statusCode === 200 && fits(body));
        });
      };
      const request = tls
        ? getSecurely(url, { ...options, ca: tls.current.authorities }, take)
        : get(url, options, take);
      request.on('error', () => resolve(false));
    });
}

/**
 * Can the member read through a majority? Its own `/health` says no as long as there is an alarm,
 * and at that of space it serves.
 */
export function etcdAnswers(url: string, tls?: TlsSource): Probe {
  return async () => {
    const etcd = new EtcdMaintenance({ timers: createNodeTimers(), tls }, { endpoints: [url] });
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

export const nodeIsReady = (url: string, tls?: TlsSource): Probe =>
  answers(`${url}/-/ready`, undefined, tls);

/**
 * A real question about a name, asked as a client would: it needs a node and a quorum of etcd.
 * Where clients need a token, whether they can be let in.
 */
export const clusterAnswers = (manifest: Manifest, tls?: TlsSource): Probe => {
  const url = publicUrl(manifest);
  return manifest.tokens
    ? nodeIsReady(url, tls)
    : answers(`${url}/exists?path=/started`, (body) => body === '0' || body === '1', tls);
};

/** Resolves when the probe has succeeded; throws what `giveUp` throws, and the signal's reason. */
export async function until(probe: Probe, giveUp: () => void, signal: AbortSignal): Promise<void> {
  while (!(await probe())) {
    signal.throwIfAborted();
    giveUp();
    await sleep(betweenProbesMs, undefined, { signal });
  }
}
