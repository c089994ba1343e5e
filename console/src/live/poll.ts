/** Looks at the cluster every second, and tells what it finds. Rests while nobody sees the page. */
import type { ClusterStatus } from '#client/cluster-status.ts';
import { readStatus } from '../api/cluster.ts';
import { type ClusterEvent, eventsBetween } from './events.ts';
import { events, perSecondByNode, samples, silentSince, status } from './live.ts';
import { TrafficMeter } from './traffic.ts';

const everyMs = 1000;
/** After a failure: whoever lives accepts at once. */
const againMs = 150;
const samplesMax = 300;
const eventsMax = 200;
/** Shorter silences are those of a connection to a node that has just died. */
const silenceMs = 2500;

const meter = new TrafficMeter();
let eventsSeen = 0;
let isSilenceTold = false;

export function startPolling(): void {
  void poll();
}

async function poll(): Promise<void> {
  for (;;) {
    const began = performance.now();
    const isThere = await look();
    const restMs = isThere ? Math.max(0, everyMs - (performance.now() - began)) : againMs;
    await new Promise((resolve) => setTimeout(resolve, restMs));
    if (document.hidden) await seen();
  }
}

async function look(): Promise<boolean> {
  try {
    take(await readStatus());
    return true;
  } catch {
    noteSilence();
    return false;
  }
}

function noteSilence(): void {
  silentSince.value ??= performance.now();
  if (isSilenceTold || performance.now() - silentSince.value < silenceMs) return;
  isSilenceTold = true;
  tell([{ severity: 'bad', text: 'Nobody answers.' }]);
}

function take(now: ClusterStatus): void {
  if (isSilenceTold) tell([{ severity: 'good', text: `${now.node} answers.` }]);
  isSilenceTold = false;
  tell(eventsBetween(status.value, now));
  status.value = now;
  silentSince.value = undefined;
  const traffic = meter.look(now);
  perSecondByNode.value = new Map(now.nodes.map(({ id }) => [id, meter.perSecondOf(id)]));
  if (traffic === undefined) return;
  const sample = { ...traffic, at: Date.now() / 1000 };
  samples.value = [...samples.value, sample].slice(-samplesMax);
}

function tell(news: readonly ClusterEvent[]): void {
  if (news.length === 0) return;
  const at = new Date();
  const logged = news.map((event) => ({ ...event, at, number: ++eventsSeen }));
  events.value = [...logged.reverse(), ...events.value].slice(0, eventsMax);
}

const seen = (): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener('visibilitychange', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    look();
  });
