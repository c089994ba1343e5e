/**
 * The network between simulated processes: streams as TCP makes them, which come in order or not at
 * all, late, in other pieces than they were sent in, and whose end the other side may not hear of.
 */
import type { Connection, Listener, Network } from '#io/network.ts';
import type { Dice } from './dice.ts';
import type { Links } from './links.ts';
import type { SimProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';
import { SocketEnd } from './socket-end.ts';

interface Listening {
  readonly process: SimProcess;
  readonly accept: (connection: Connection) => void;
}

const fail = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

export class SimNetwork {
  readonly scheduler: Scheduler;
  readonly links: Links;
  readonly dice: Dice;
  /** Bits turned over in so many of the segments. */
  flipRate = 0;
  readonly #listening = new Map<string, Listening>();
  readonly #ends = new Map<SimProcess, Set<SocketEnd>>();
  readonly #machinesOff = new Set<string>();

  constructor(scheduler: Scheduler, links: Links, dice: Dice) {
    this.scheduler = scheduler;
    this.links = links;
    this.dice = dice;
  }

  /** As the process sees it; hosts are named after their machines. */
  of(process: SimProcess, machine: string): Network {
    return {
      listen: async (host, port, accept) => this.#listen(process, `${host}:${port}`, port, accept),
      connect: (host, port, timeoutMs) => this.#connect(process, machine, host, port, timeoutMs),
    };
  }

  /** The kernel closes what a dead process had open; a machine without power says nothing. */
  processDied(process: SimProcess): void {
    for (const [address, listening] of this.#listening) {
      if (listening.process === process) this.#listening.delete(address);
    }
    for (const end of this.#ends.get(process) ?? []) end.ownerDied();
    this.#ends.delete(process);
  }

  powerOff(machine: string): void {
    this.#machinesOff.add(machine);
  }

  powerOn(machine: string): void {
    this.#machinesOff.delete(machine);
  }

  hasPower(machine: string): boolean {
    return !this.#machinesOff.has(machine);
  }

  /** Ends some connection between the two, as a router would that lost its state. */
  reset(machine: string, other: string): void {
    for (const ends of this.#ends.values()) {
      for (const end of [...ends]) {
        if (end.machine === machine && end.peer?.machine === other) end.breakOff('ECONNRESET');
      }
    }
  }

  forget(end: SocketEnd): void {
    this.#ends.get(end.owner)?.delete(end);
  }

  #listen(
    process: SimProcess,
    address: string,
    port: number,
    accept: (connection: Connection) => void,
  ): Listener {
    if (this.#listening.has(address)) throw fail('EADDRINUSE');
    this.#listening.set(address, { process, accept });
    return { port, close: async () => void this.#listening.delete(address) };
  }

  #connect(
    process: SimProcess,
    machine: string,
    host: string,
    port: number,
    timeoutMs: number,
  ): Promise<Connection> {
    const { scheduler, links } = this;
    return new Promise((resolve, reject) => {
      const timer = process.timers.after(timeoutMs, () => settle(fail('ETIMEDOUT')));
      let isSettled = false;
      const settle = (outcome: Error | SocketEnd) => {
        const isLate = isSettled || process.isDead;
        isSettled = true;
        timer.cancel();
        if (outcome instanceof Error) return reject(outcome);
        if (isLate) outcome.destroy();
        else resolve(outcome);
      };
      if (links.isCut(machine, host)) return;
      scheduler.after(links.latencyMs(machine, host, 0), undefined, () => {
        const listening = this.#listening.get(`${host}:${port}`);
        if (!this.hasPower(host) || links.isCut(host, machine)) return;
        const back = links.latencyMs(host, machine, 0);
        if (listening === undefined) {
          scheduler.after(back, process, () => settle(fail('ECONNREFUSED')));
          return;
        }
        const caller = this.#pair(process, machine, listening, host);
        scheduler.after(back, process, () => settle(caller));
      });
    });
  }

  #pair(process: SimProcess, machine: string, listening: Listening, host: string): SocketEnd {
    const caller = new SocketEnd(this, process, machine, host);
    const called = new SocketEnd(this, listening.process, host, machine);
    caller.peer = called;
    called.peer = caller;
    for (const end of [caller, called]) {
      const ends = this.#ends.get(end.owner) ?? new Set();
      this.#ends.set(end.owner, ends.add(end));
    }
    this.scheduler.after(0, listening.process, () => listening.accept(called));
    return caller;
  }
}
