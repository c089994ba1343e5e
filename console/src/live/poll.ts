/** Looks at the cluster every second, and tells what it finds. Rests while nobody sees the page. */
import { type Event, eventsBetween, type Seen } from '#cli/cluster/compare-statuses.ts';
import type { ClusterStatus } from '#client/cluster-status.ts';
import { readStatus } from '../api/cluster.ts';
import { ApiError } from '../api/http.ts';
import { areUploadsUnderWay } from '../files/uploads.ts';
import { type Session, session } from '../session/session.ts';
import { events, perSecondByNode, refusal, samples, silentSince, status } from './live.ts';
import { firstThatAnswers, otherConsoles } from './other-door.ts';
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
let seenLast: Seen | undefined;
/** Whoever it was is not let in: asking again as the same would be in vain. */
let refused: Session | undefined;

export function startPolling(): void {
  void poll();
}

async function poll(): Promise<void> {
  for (;;) {
    const began = performance.now();
    const isThere = await look();
    const restMs = isThere ? Math.max(0, everyMs - (performance.now() - began)) : againMs;
    await new Promise((resolve) => setTimeout(resolve, restMs));
    if (document.hidden) await whenSeen();
    if (session.value === refused || session.value.state === 'out') await whenAnother();
  }
}

async function look(): Promise<boolean> {
  const asker = session.value;
  try {
    const now = await readStatus();
    if (session.value === asker) take(now);
    return true;
  } catch (error) {
    if (!isRefusal(error)) {
      await noteSilence();
      return false;
    }
    refused = asker;
    silentSince.value = undefined;
    if (error.status === 403 && session.value === asker) refusal.value = error.message;
    return true;
  }
}

const isRefusal = (error: unknown): error is ApiError =>
  error instanceof ApiError && (error.status === 401 || error.status === 403);

async function noteSilence(): Promise<void> {
  silentSince.value ??= performance.now();
  if (performance.now() - silentSince.value < silenceMs) return;
  note(new Error('this page goes on trying'));
  // A page that is left forgets what it was sending.
  if (areUploadsUnderWay()) return;
  const others = otherConsoles(status.value?.nodes ?? [], location);
  const found = await firstThatAnswers([...others.values()]);
  if (found !== undefined) location.replace(found);
}

function note(seen: Seen): void {
  // How repair goes on is shown; that it is over is told.
  const isProgress = ({ kind, severity }: Event) => kind === 'protection' && severity === 'plain';
  tell(eventsBetween(seenLast, seen).filter((event) => !isProgress(event)));
  seenLast = seen;
}

function take(now: ClusterStatus): void {
  note(now);
  status.value = now;
  refusal.value = undefined;
  silentSince.value = undefined;
  const traffic = meter.look(now);
  perSecondByNode.value = new Map(now.nodes.map(({ id }) => [id, meter.perSecondOf(id)]));
  if (traffic === undefined) return;
  const sample = { ...traffic, at: Date.now() / 1000 };
  samples.value = [...samples.value, sample].slice(-samplesMax);
}

function tell(news: readonly Event[]): void {
  if (news.length === 0) return;
  const at = new Date();
  const logged = news.map((event) => ({ ...event, at, number: ++eventsSeen }));
  events.value = [...logged.reverse(), ...events.value].slice(0, eventsMax);
}

/** Resolves when another asks, and may come in. */
const whenAnother = (): Promise<void> =>
  new Promise((resolve) => {
    const stop = session.subscribe((now) => {
      if (now === refused || now.state === 'out') return;
      // The first call comes before there is anything to stop.
      queueMicrotask(() => stop());
      resolve();
    });
  });

const whenSeen = (): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener('visibilitychange', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    look();
  });
