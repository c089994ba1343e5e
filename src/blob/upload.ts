/**
 * One blob on its way to the nodes: a loop with a single wait. It keeps a few stripes in flight,
 * takes the next from the source only when there is room, and when a member fails goes on in
 * another volume. There the unfinished stripes get new numbers, so that no shard is ever written
 * with two contents.
 */
import { asDftfsError, DftfsError, isCode } from '#base/errors.ts';
import type { BlobId, NodeId } from '#base/ids.ts';
import { extentsMax } from '#base/limits.ts';
import type { ClusterMap, KnownVolume } from '#cluster/cluster-map.ts';
import type { Extent, VolumeRecord } from '#protocol/volumes.ts';
import type { BufferPool, StripeContent } from './stripe-cutter.ts';
import type { StripeSender } from './stripe-sender.ts';
import type { VolumePicker } from './volume-picker.ts';
import { type ByteGate, throwIfAborted, Wakeup } from './waits.ts';

export interface UploadDeps {
  readonly map: ClusterMap;
  readonly picker: VolumePicker;
  readonly sender: StripeSender;
  readonly pool: BufferPool;
  readonly gate: ByteGate;
}

export interface UploadOptions {
  /** Stripes in flight. */
  readonly window: number;
  /** Volumes tried one after another without a stripe getting through. */
  readonly switchesMax: number;
}

/** Stripes of the blob that were sent but count for nothing. */
export interface Leftovers {
  readonly volume: VolumeRecord;
  readonly first: number;
  readonly count: number;
}

/** Sending through one volume. */
interface Attempt {
  readonly volume: KnownVolume;
  readonly abort: AbortController;
  readonly firstNumber: number;
  /** All sends so far have ended, well or not. */
  ended: Promise<unknown>;
  error: unknown;
}

interface Pending {
  readonly content: StripeContent;
  /** In the present attempt. */
  number: number | undefined;
  done: boolean;
  /** Some call failed that may still hold the buffer. */
  tainted: boolean;
}

export class Upload {
  readonly blob: BlobId;
  readonly extents: Extent[] = [];
  readonly #deps: UploadDeps;
  readonly #options: UploadOptions;
  readonly #stripes: AsyncIterator<StripeContent, void>;
  readonly #signal: AbortSignal;
  readonly #volumes: KnownVolume[] = [];
  readonly #leftovers: { readonly from: Leftovers; readonly ended: Promise<unknown> }[] = [];
  readonly #pending: Pending[] = [];
  readonly #wakeup = new Wakeup();
  #attempt: Attempt | undefined;
  #nextNumber = 0;
  #failedInRow = 0;
  #pulling = false;
  #sourceEnded = false;
  #sourceError: { readonly error: unknown } | undefined;

  constructor(
    deps: UploadDeps,
    options: UploadOptions,
    blob: BlobId,
    stripes: AsyncIterator<StripeContent, void>,
    signal: AbortSignal,
  ) {
    this.#deps = deps;
    this.#options = options;
    this.blob = blob;
    this.#stripes = stripes;
    this.#signal = signal;
  }

  /** Each volume that holds stripes of the blob. */
  get volumes(): readonly KnownVolume[] {
    const used = new Set(this.extents.map((extent) => extent.volume));
    return this.#volumes.filter(({ record }) => used.has(record.id));
  }

  get hasLeftovers(): boolean {
    return this.#leftovers.length > 0;
  }

  /** What was sent and isn't part of the blob, once nothing of it is under way anymore. */
  async leftovers(): Promise<readonly Leftovers[]> {
    await Promise.allSettled(this.#leftovers.map(({ ended }) => ended));
    return this.#leftovers.map(({ from }) => from);
  }

  /** Resolves when all stripes are durable. */
  async run(): Promise<void> {
    const stop = this.#deps.map.onChange(this.#wakeup.wake);
    this.#signal.addEventListener('abort', this.#wakeup.wake);
    try {
      while (!(await this.#step())) await this.#wakeup.wait();
    } catch (error) {
      this.#abandon();
      throw error;
    } finally {
      stop();
      this.#signal.removeEventListener('abort', this.#wakeup.wake);
    }
  }

  /** Does all that can be done without waiting for shards or source. True: finished. */
  async #step(): Promise<boolean> {
    throwIfAborted(this.#signal);
    if (this.#sourceError) throw this.#sourceError.error;
    this.#retire();
    if (this.#attempt && this.#isBroken(this.#attempt)) this.#leave(this.#attempt);
    if (this.#sourceEnded && this.#pending.length === 0) return true;
    this.#pull();
    if (!this.#attempt && this.#pending.length > 0) await this.#enter();
    if (this.#attempt) this.#launch(this.#attempt);
    return false;
  }

  #pull(): void {
    if (this.#pulling || this.#sourceEnded || this.#pending.length >= this.#options.window) return;
    this.#pulling = true;
    this.#stripes
      .next()
      .then(
        ({ done, value }) => {
          if (done) this.#sourceEnded = true;
          else {
            this.#pending.push({ content: value, number: undefined, done: false, tainted: false });
          }
        },
        (error: unknown) => (this.#sourceError = { error }),
      )
      .finally(() => {
        this.#pulling = false;
        this.#wakeup.wake();
      });
  }

  /** Takes up another volume. */
  async #enter(): Promise<void> {
    const blobClass = this.#pending[0]?.content.blobClass ?? 'large';
    const spare = this.#spare();
    const volume = await this.#deps.picker.pick({ blobClass, spare, signal: this.#signal });
    const isKnown = this.#volumes.some(({ record }) => record.id === volume.record.id);
    if (!isKnown) this.#volumes.push(volume);
    this.#attempt = {
      volume,
      abort: new AbortController(),
      firstNumber: this.#nextNumber,
      ended: Promise.resolve(),
      error: undefined,
    };
  }

  /** A live node that holds nothing of the blob: kept so, a blob never lies on all nodes. */
  #spare(): NodeId | undefined {
    if (this.#volumes.length === 0) return undefined;
    const used = new Set(this.#volumes.flatMap(({ record }) => record.members));
    return this.#deps.map.live().find((id) => !used.has(id));
  }

  #launch(attempt: Attempt): void {
    for (const pending of this.#pending) {
      if (pending.number !== undefined) continue;
      pending.number = this.#nextNumber++;
      const sending = this.#send(attempt, pending.content, pending.number).then(
        () => {
          if (attempt === this.#attempt) pending.done = true;
        },
        (error: unknown) => (attempt.error ??= error),
      );
      attempt.ended = Promise.all([attempt.ended, sending.finally(this.#wakeup.wake)]);
    }
  }

  async #send(attempt: Attempt, content: StripeContent, number: number): Promise<void> {
    const { gate, sender } = this.#deps;
    const { signal } = attempt.abort;
    await gate.enter(content.length, signal);
    try {
      await sender.send(attempt.volume.record, this.blob, number, content, signal);
    } finally {
      gate.leave(content.length);
    }
  }

  /** What is done, from the front on, is part of the blob. */
  #retire(): void {
    for (let [first] = this.#pending; first?.done; [first] = this.#pending) {
      this.#pending.shift();
      this.#count(first.number as number);
      this.#failedInRow = 0;
      const { buffer } = first.content;
      if (buffer && !first.tainted) this.#deps.pool.give(buffer);
    }
  }

  #count(number: number): void {
    const attempt = this.#attempt as Attempt;
    const last = this.extents.at(-1);
    if (last && last.first >= attempt.firstNumber) {
      this.extents[this.extents.length - 1] = { ...last, count: last.count + 1 };
    } else {
      this.extents.push({ volume: attempt.volume.record.id, first: number, count: 1 });
    }
  }

  #isBroken(attempt: Attempt): boolean {
    const { map } = this.#deps;
    return (
      attempt.error !== undefined || !attempt.volume.record.members.every((id) => map.isLive(id))
    );
  }

  /** Gives the volume up: what is pending is to be sent again elsewhere. */
  #leave(attempt: Attempt): void {
    this.#drop(attempt);
    this.#failedInRow += 1;
    if (isCode(attempt.error, 'overloaded')) throw attempt.error;
    if (this.#failedInRow <= this.#options.switchesMax && this.extents.length < extentsMax) return;
    const detail = 'Too many nodes failed while the bytes were being written.';
    const cause = asDftfsError(attempt.error);
    throw new DftfsError('too_few_nodes', detail, { cause });
  }

  #drop(attempt: Attempt): void {
    this.#attempt = undefined;
    attempt.abort.abort(new DftfsError('canceled', 'Another member of the volume failed.'));
    const sent = this.#pending.filter(({ number }) => number !== undefined);
    for (const pending of sent) {
      pending.done = false;
      pending.tainted = true;
    }
    const { record: volume } = attempt.volume;
    const first = sent[0]?.number ?? 0;
    const from = { volume, first, count: sent.length };
    if (sent.length > 0) this.#leftovers.push({ from, ended: attempt.ended });
    for (const pending of sent) pending.number = undefined;
  }

  /** All of it: nothing that was sent counts. */
  #abandon(): void {
    if (this.#attempt) this.#drop(this.#attempt);
    for (const { volume: id, first, count } of this.extents.splice(0)) {
      const volume = this.#volumes.find(({ record }) => record.id === id)?.record;
      const from = volume && { volume, first, count };
      if (from) this.#leftovers.push({ from, ended: Promise.resolve() });
    }
    // Never awaited: it waits behind the chunk asked for last, which may not come.
    this.#stripes.return?.().catch(() => {});
  }
}
