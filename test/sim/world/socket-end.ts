/** One end of a simulated stream: what the process holds, and what its kernel does for it. */
import type { Connection, ConnectionHandlers } from '#io/network.ts';
import type { Dice } from './dice.ts';
import type { Links } from './links.ts';
import { mishap } from './mishap.ts';
import type { SimProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** As a real socket has: unsent bytes above which `write` says wait. */
const highWaterMark = 1024 * 1024;
/** On their way or not yet taken by the receiver. */
const windowBytes = 512 * 1024;
/** What a caller may have in flight to one peer, and as much again. */
const unsentBytesMax = 64 * 1024 * 1024;
const segmentBytesMax = 256 * 1024;
/** A kernel that gets no answer for so long gives the connection up. */
const unansweredMsMax = 20_000;

/** The network, as the ends of its connections need it. */
export interface Wires {
  readonly scheduler: Scheduler;
  readonly links: Links;
  readonly dice: Dice;
  readonly flipRate: number;
  hasPower(machine: string): boolean;
  forget(end: SocketEnd): void;
}

export class SocketEnd implements Connection {
  readonly owner: SimProcess;
  readonly machine: string;
  readonly remote: string;
  peer: SocketEnd | undefined;
  readonly #network: Wires;
  #handlers: ConnectionHandlers | undefined;
  /** Handed over by the process and still its memory: it is copied when it is sent. */
  #unsent: Buffer[] = [];
  #unsentBytes = 0;
  #underWayBytes = 0;
  #isFlushing = false;
  #needsDrain = false;
  #isReading = true;
  #received: Buffer[] = [];
  #isDelivering = false;
  /** On their way to the peer: no one overtakes another. */
  readonly #wire: { arrive: () => void; readyAt: number; readonly sentAt: number }[] = [];
  #closedBy: { readonly error: Error | undefined } | undefined;
  #saidClosed = false;
  #finReceived = false;
  #isGone = false;

  constructor(network: Wires, owner: SimProcess, machine: string, host: string) {
    this.#network = network;
    this.owner = owner;
    this.machine = machine;
    this.remote = host;
  }

  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  handle(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
    if (this.#closedBy !== undefined) this.#sayClosed();
    else this.#deliver();
  }

  write(parts: readonly Buffer[]): boolean {
    if (this.#closedBy !== undefined) return false;
    for (const part of parts) {
      this.#unsent.push(part);
      this.#unsentBytes += part.length;
    }
    this.#flushSoon();
    if (this.#unsentBytes > unsentBytesMax) throw new Error('a buffer grows without bound');
    this.#needsDrain ||= this.#unsentBytes > highWaterMark;
    return !this.#needsDrain;
  }

  pause(): void {
    this.#isReading = false;
  }

  resume(): void {
    this.#isReading = true;
    this.#deliver();
  }

  /** What was handed to the kernel still arrives, and then the end; or, at times, only the end. */
  destroy(): void {
    if (this.#closedBy !== undefined) return;
    const { dice } = this.#network;
    if (dice.chance(0.5)) this.#sendAll();
    this.#close(undefined);
    this.#tellPeer();
  }

  /** Both sides find the connection reset. */
  breakOff(code: string): void {
    const error = Object.assign(new Error(code), { code });
    this.#close(error);
    this.peer?.reset(error);
  }

  /** The kernel of a living machine closes the connection; who has no power is just gone. */
  ownerDied(): void {
    this.#isGone = true;
    this.#closedBy ??= { error: undefined };
    this.#unsent = [];
    if (this.#network.hasPower(this.machine)) this.#tellPeer();
  }

  reset(error: Error | undefined): void {
    if (this.#closedBy !== undefined || this.#isGone) return;
    this.#close(error);
  }

  #close(error: Error | undefined): void {
    if (this.#closedBy !== undefined) return;
    this.#closedBy = { error };
    this.#unsent = [];
    this.#unsentBytes = 0;
    this.#network.forget(this);
    this.#network.scheduler.after(0, this.owner, () => this.#sayClosed());
  }

  #sayClosed(): void {
    if (this.#saidClosed || this.#handlers === undefined) return;
    this.#saidClosed = true;
    this.#handlers.onClose(this.#closedBy?.error);
  }

  /** The end travels as data does; if it is lost, the peer learns of it when it next sends. */
  #tellPeer(): void {
    this.#travel(0, () => this.peer?.endReceived());
  }

  endReceived(): void {
    if (this.#closedBy !== undefined || this.#isGone) return;
    this.#finReceived = true;
    this.#deliver();
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#network.scheduler.after(0, undefined, () => {
      this.#isFlushing = false;
      if (this.#closedBy === undefined) this.#send();
    });
  }

  #sendAll(): void {
    while (this.#unsent.length > 0 && this.#underWayBytes < windowBytes) this.#sendSegment();
  }

  #send(): void {
    this.#sendAll();
    if (!this.#needsDrain || this.#unsentBytes > highWaterMark / 2) return;
    this.#needsDrain = false;
    this.#network.scheduler.after(0, this.owner, () => {
      if (this.#closedBy === undefined) this.#handlers?.onDrain();
    });
  }

  #sendSegment(): void {
    const parts: Buffer[] = [];
    let bytes = 0;
    while (bytes < segmentBytesMax) {
      const part = this.#unsent.shift();
      if (part === undefined) break;
      const taken = part.subarray(0, segmentBytesMax - bytes);
      if (taken.length < part.length) this.#unsent.unshift(part.subarray(taken.length));
      parts.push(taken);
      bytes += taken.length;
    }
    const segment = Buffer.concat(parts);
    this.#unsentBytes -= bytes;
    this.#underWayBytes += bytes;
    this.#flip(segment);
    this.#travel(bytes, () => this.peer?.receive(segment));
  }

  #flip(segment: Buffer): void {
    const { dice, flipRate } = this.#network;
    if (flipRate === 0 || segment.length === 0) return;
    if (!mishap(this.#network, 'bit-flips-on-wire', flipRate)) return;
    const at = dice.whole(0, segment.length - 1);
    segment[at] = (segment[at] as number) ^ (1 << dice.whole(0, 7));
  }

  /** Runs `arrive` on the other machine, after what was sent before, once the way is free. */
  #travel(bytes: number, arrive: () => void): void {
    const { scheduler, links } = this.#network;
    const way = links.latencyMs(this.machine, this.remote, bytes);
    this.#wire.push({ arrive, readyAt: scheduler.now + way, sentAt: scheduler.now });
    scheduler.after(way, undefined, () => this.#arrive());
  }

  #arrive(): void {
    const { scheduler, links } = this.#network;
    for (let [first] = this.#wire; first !== undefined; [first] = this.#wire) {
      if (first.readyAt > scheduler.now) return;
      if (this.#isGone && !this.#network.hasPower(this.machine)) return;
      if (links.isCut(this.machine, this.remote) || !this.#network.hasPower(this.remote)) {
        if (scheduler.now - first.sentAt > unansweredMsMax) {
          this.breakOff('ETIMEDOUT');
          return;
        }
        const againMs = links.catchUpMs() + 50;
        first.readyAt = scheduler.now + againMs;
        scheduler.after(againMs, undefined, () => this.#arrive());
        return;
      }
      this.#wire.shift();
      if (this.peer?.isGoneOrClosed()) this.#refused();
      else first.arrive();
    }
  }

  /** Nobody is there any more: the other kernel says so. */
  #refused(): void {
    const { scheduler, links } = this.#network;
    const error = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    const way = links.latencyMs(this.remote, this.machine, 0);
    scheduler.after(way, undefined, () => this.reset(error));
  }

  isGoneOrClosed(): boolean {
    return this.#isGone || this.#closedBy !== undefined;
  }

  receive(segment: Buffer): void {
    this.#network.scheduler.trace.add(segment.length);
    this.#received.push(segment);
    this.#deliver();
  }

  #deliver(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    this.#network.scheduler.after(0, this.owner, () => {
      this.#isDelivering = false;
      this.#read();
    });
  }

  #read(): void {
    while (this.#isReading && this.#handlers !== undefined && this.#closedBy === undefined) {
      const segment = this.#received.shift();
      if (segment === undefined) break;
      const [chunk, rest] = this.#pieces(segment);
      if (rest !== undefined) this.#received.unshift(rest);
      this.#handlers.onData(chunk);
      this.peer?.taken(chunk.length);
    }
    const isRead = this.#received.length === 0 && this.#handlers !== undefined;
    if (this.#finReceived && isRead) this.#close(undefined);
  }

  /** A reader sees other borders than the writer made. */
  #pieces(segment: Buffer): [Buffer, Buffer?] {
    const { dice } = this.#network;
    if (segment.length < 2 || !dice.chance(0.1)) return [segment];
    const at = dice.whole(1, segment.length - 1);
    return [segment.subarray(0, at), segment.subarray(at)];
  }

  /** The other process has read so much: there is room for more. */
  taken(bytes: number): void {
    this.#underWayBytes -= bytes;
    if (this.#closedBy === undefined && this.#unsent.length > 0) this.#flushSoon();
  }
}
