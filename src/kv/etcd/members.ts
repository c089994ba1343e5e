/**
 * The members of the etcd cluster as this process sees them. Each process has an order of its own,
 * so that different ones lean on different members, and uses the first healthy member in it. One
 * that failed is left alone until it has answered a probe and says that it knows a leader.
 */
import type { TlsSource } from '#io/tls.ts';
import type { Random, Timer, Timers } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';
import type { KvMember } from '../kv.ts';
import { isReply } from './failures.ts';
import { GrpcChannel } from './grpc-channel.ts';
import { methods } from './methods.ts';
import { emptyRequest } from './requests.ts';
import { statusResponse } from './responses.ts';

export interface Member {
  readonly endpoint: string;
  readonly channel: GrpcChannel;
  /** In etcd's own words; undefined until it has answered a probe. */
  id: string | undefined;
  /** Answers, and knows a leader. */
  healthy: boolean;
  /** Answered its last probe at all. */
  answers: boolean;
  /**
   * Open watches: while there are any, the member is probed, for they would hang on a stopped one.
   */
  watches: number;
  probing: boolean;
}

export interface MembersDeps {
  readonly timers: Timers;
  readonly tls?: TlsSource | undefined;
  readonly random: Random;
  readonly log: Logger;
}

export interface MembersOptions {
  readonly endpoints: readonly string[];
  /** A member that doesn't answer a probe within this time is disconnected. */
  readonly probeTimeoutMs: number;
  readonly probeIntervalMs: number;
}

const noMembers: ReadonlySet<Member> = new Set();

export class Members {
  readonly #deps: MembersDeps;
  readonly #options: MembersOptions;
  readonly #ordered: readonly Member[];
  /** Whom the last member that answered a probe takes for the leader. */
  #leaderId: string | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(deps: MembersDeps, options: MembersOptions) {
    this.#deps = deps;
    this.#options = options;
    if (options.endpoints.length === 0) throw new TypeError('no endpoints of etcd given');
    const members = options.endpoints.map((endpoint) => ({
      endpoint,
      channel: new GrpcChannel(deps, { endpoint, metadata: { hasleader: 'true' } }),
      id: undefined,
      healthy: true,
      answers: true,
      watches: 0,
      probing: false,
    }));
    this.#ordered = shuffled(members, deps.random);
    this.#schedule();
  }

  get closed(): boolean {
    return this.#closed;
  }

  best(): Member {
    return this.pick(noMembers) as Member;
  }

  /** The best member not in `tried`; undefined when all were tried. */
  pick(tried: ReadonlySet<Member>, viaLeader = false): Member | undefined {
    const leader = viaLeader ? this.#leader() : undefined;
    if (leader?.healthy && !tried.has(leader)) return leader;
    const left = this.#ordered.filter((member) => !tried.has(member));
    return left.find((member) => member.healthy) ?? left[0];
  }

  failed(member: Member, reason: string): void {
    if (member.healthy) this.#deps.log.warn('etcd member avoided', { ...show(member), reason });
    member.healthy = false;
    this.doubt(member);
  }

  /** Probes a member that did nothing wrong yet. */
  doubt(member: Member): void {
    void this.#probe(member);
  }

  list(): KvMember[] {
    return this.#options.endpoints.map((endpoint) => ({
      endpoint,
      healthy: this.#ordered.some((member) => member.endpoint === endpoint && member.healthy),
    }));
  }

  /**
   * Endpoints of those that don't answer at all, and of how many: what is missing when all fails.
   */
  missing(): { readonly endpoints: readonly string[]; readonly of: number } {
    const silent = this.#ordered.filter((member) => !member.answers);
    const endpoints = silent.map(({ endpoint }) => endpoint).sort();
    return { endpoints, of: this.#ordered.length };
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    for (const member of this.#ordered) member.channel.close();
  }

  /** The first time it is asked for, its members are asked who they are. */
  #leader(): Member | undefined {
    if (this.#leaderId === undefined) {
      this.#leaderId = '0';
      for (const member of this.#ordered) void this.#probe(member);
    }
    return this.#ordered.find(({ id }) => id === this.#leaderId);
  }

  #schedule(): void {
    this.#timer = this.#deps.timers.after(this.#options.probeIntervalMs, () => {
      for (const member of this.#ordered)
        if (!member.healthy || member.watches > 0) void this.#probe(member);
      this.#schedule();
    });
  }

  /** `Status` is answered by the member alone and says whether it knows a leader. */
  async #probe(member: Member): Promise<void> {
    if (member.probing || this.#closed) return;
    member.probing = true;
    try {
      const reply = await member.channel.unary(methods.status, emptyRequest(), {
        timeoutMs: this.#options.probeTimeoutMs,
      });
      const { memberId, leaderId } = statusResponse(reply);
      const healthy = leaderId !== '0';
      member.id = memberId;
      if (healthy) this.#leaderId = leaderId;
      if (healthy && !member.healthy) this.#deps.log.info('etcd member back', show(member));
      member.healthy = healthy;
      member.answers = true;
    } catch (error) {
      if (this.#closed) return;
      if (member.healthy) this.#deps.log.warn('etcd member lost', { ...show(member), error });
      member.healthy = false;
      member.answers = isReply(error);
      // Ends the watches there as well: their readers list anew and watch another member.
      member.channel.disconnect();
    } finally {
      member.probing = false;
    }
  }
}

const show = (member: Member) => ({ endpoint: member.endpoint });

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  const result: T[] = [];
  while (left.length > 0) result.push(...left.splice(Math.floor(random.float() * left.length), 1));
  return result;
}
