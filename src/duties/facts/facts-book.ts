/**
 * What the living nodes say of themselves. Asked only when somebody wants to know, and not again
 * for a while; it costs the names engine nothing. A hint, like the map.
 */
import type { NodeId } from '#base/ids.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { Clock } from '#io/world.ts';
import { factsMethod, type NodeFacts, parseNodeFacts } from '#protocol/node-facts.ts';
import type { RpcClient } from '#rpc/rpc.ts';

export interface FactsBookDeps {
  readonly rpc: Pick<RpcClient, 'call'>;
  readonly map: Pick<ClusterMap, 'live'>;
  readonly clock: Clock;
}

export interface FactsBookOptions {
  readonly timeoutMs: number;
  /** Younger answers are good enough. */
  readonly freshMs: number;
}

export const factsBookDefaults: FactsBookOptions = { timeoutMs: 500, freshMs: 900 };

export interface KnownFacts extends NodeFacts {
  /** How long the node took to say so. */
  readonly answeredInMs: number;
}

export type FactsByNode = ReadonlyMap<NodeId, KnownFacts>;

export class FactsBook {
  readonly #deps: FactsBookDeps;
  readonly #options: FactsBookOptions;
  #known: FactsByNode = new Map();
  #asked: { readonly at: number; readonly answers: Promise<FactsByNode> } | undefined;

  constructor(deps: FactsBookDeps, options: FactsBookOptions = factsBookDefaults) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Of all that live and answer in time. Never rejects. */
  read(): Promise<FactsByNode> {
    const now = this.#deps.clock.now();
    if (this.#asked === undefined || now - this.#asked.at >= this.#options.freshMs) {
      this.#asked = { at: now, answers: this.#askAll() };
    }
    return this.#asked.answers;
  }

  /** By its last answer to anybody's question here, the node can't take more: full, or failing. */
  isUnfit(node: NodeId): boolean {
    const disk = this.#known.get(node)?.disk;
    return disk !== undefined && (disk.full || disk.fenced !== null);
  }

  async #askAll(): Promise<FactsByNode> {
    const answers = await Promise.all(this.#deps.map.live().map((node) => this.#ask(node)));
    this.#known = new Map(answers.filter((answer) => answer !== undefined));
    return this.#known;
  }

  async #ask(node: NodeId): Promise<readonly [NodeId, KnownFacts] | undefined> {
    const { rpc, clock } = this.#deps;
    const { timeoutMs } = this.#options;
    const began = clock.now();
    try {
      const { head } = await rpc.call(node, { method: factsMethod, head: null }, { timeoutMs });
      const facts = parseNodeFacts(head);
      return [node, { ...facts, answeredInMs: Math.round(clock.now() - began) }];
    } catch {
      return undefined;
    }
  }
}
