/**
 * A watch on the engine: its events come in order and some time later. It ends when the engine
 * loses its leader or has forgotten what it needs; cut off, it just says nothing.
 */
import type { KeySpan, Watch, WatchHandlers } from '#kv/kv.ts';
import { mishap } from './mishap.ts';
import { engineHost, type NamesEngine } from './names-engine.ts';
import type { SimProcess } from './process.ts';

const retryMs = 200;

export interface WatchPlace {
  readonly engine: NamesEngine;
  readonly process: SimProcess;
  readonly machine: string;
}

export class EngineWatch implements Watch {
  readonly #place: WatchPlace;
  readonly #handlers: WatchHandlers;
  readonly #stopListening: () => void;
  #inner: Watch | undefined;
  /** No event overtakes another. */
  readonly #coming: { readonly run: () => void; readyAt: number }[] = [];
  #isOver = false;

  constructor(place: WatchPlace, span: KeySpan, fromRevision: number, handlers: WatchHandlers) {
    this.#place = place;
    this.#handlers = handlers;
    const { engine, process } = place;
    this.#stopListening = engine.onLeaderLoss(() => {
      if (engine.dice.chance(0.5)) this.#end('the member has no leader');
    });
    process.onDeath(() => this.#stop());
    this.#later(() => this.#begin(span, fromRevision));
  }

  close(): void {
    if (this.#isOver) return;
    this.#stop();
    this.#place.engine.scheduler.after(0, this.#place.process, () =>
      this.#handlers.onEnd('closed'),
    );
  }

  #begin(span: KeySpan, fromRevision: number): void {
    const { engine } = this.#place;
    this.#inner = engine.kv.watch(span, fromRevision, {
      onEvents: (events, revision) => {
        if (mishap(engine, 'lost-watch-events', engine.weather.lostWatchEventRate)) return;
        this.#later(() => this.#handlers.onEvents(events, revision));
      },
      onEnd: (reason) => this.#end(reason),
    });
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.#later(() => {
      this.#stop();
      this.#handlers.onEnd(reason);
    });
  }

  #stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopListening();
    this.#inner?.close();
  }

  #later(run: () => void): void {
    const { engine, process, machine } = this.#place;
    const { scheduler, links, dice, weather } = engine;
    const isLate = mishap(engine, 'late-watches', weather.lateWatchRate);
    const lateMs = isLate ? dice.between(0, 5000) : 0;
    const wayMs = links.latencyMs(engineHost, machine, 0) + dice.skewed(0.1, 20) + lateMs;
    this.#coming.push({ run, readyAt: scheduler.now + wayMs });
    scheduler.after(wayMs, process, () => this.#arrive());
  }

  #arrive(): void {
    const { engine, process, machine } = this.#place;
    const { scheduler, links } = engine;
    for (let [first] = this.#coming; first !== undefined; [first] = this.#coming) {
      if (this.#isOver || first.readyAt > scheduler.now) return;
      if (links.isCut(engineHost, machine)) {
        first.readyAt = scheduler.now + retryMs;
        scheduler.after(retryMs, process, () => this.#arrive());
        return;
      }
      this.#coming.shift();
      first.run();
    }
  }
}
