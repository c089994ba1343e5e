/**
 * Keeps the names engine in good order: old history is forgotten, freed space given back to the
 * disk, and after the engine ran full, writes are let in again as soon as there is space. Every
 * node looks; the coordinator acts, or, if for long nothing is done that has to be, any other.
 */
import type { Clock } from '#io/world.ts';
import type { EtcdMaintenance } from '#kv/etcd/maintenance.ts';
import type { RevisionAges } from '#kv/revision-ages.ts';
import type { Logger } from '#observe/log.ts';
import type { Duty } from '../duty.ts';
import type { Claim } from './claim.ts';
import { bytesInUseMax, isNearQuota, nextAction, type UpkeepAction } from './next-action.ts';
import { hasAlarm, type Survey, takeSurvey } from './survey.ts';

export interface NamesUpkeepDeps {
  readonly maintenance: Omit<EtcdMaintenance, 'close' | 'readThrough'>;
  readonly claim: Pick<Claim, 'take' | 'during' | 'giveBack'>;
  readonly clock: Clock;
  readonly ages: Pick<RevisionAges, 'note' | 'standingFor'>;
  readonly log: Logger;
  /** A hint: does this node do what only one has to do? */
  readonly isCoordinator: () => boolean;
}

export interface NamesUpkeepOptions {
  readonly quotaBytes: number;
  readonly bytesMin: number;
  readonly lookEveryMs: number;
  /** Listings and backups read at one revision: history stays at least this long. */
  readonly historyMs: number;
  /** The same when space runs out. */
  readonly shortHistoryMs: number;
  /** The coordinator forgets history that is older so often, however little it is. */
  readonly compactEveryMs: number;
  /** The same isn't done twice within this time: it costs, and would bring little. */
  readonly restMs: number;
  /** What has been due for this long is done by whoever sees it. */
  readonly patienceMs: number;
  readonly callTimeoutMs: number;
}

const MiB = 1024 * 1024;

export const namesUpkeepDefaults: Omit<NamesUpkeepOptions, 'quotaBytes'> = {
  bytesMin: 64 * MiB,
  lookEveryMs: 10_000,
  historyMs: 5 * 60_000,
  shortHistoryMs: 15_000,
  compactEveryMs: 5 * 60_000,
  restMs: 60_000,
  patienceMs: 60_000,
  callTimeoutMs: 2000,
};

/** A member copies what is in use: a slow disk needs so long. */
const defragmentMs = (bytesInUse: number): number => 30_000 + (bytesInUse / MiB) * 100;

export class NamesUpkeep implements Duty {
  readonly name = 'names upkeep';
  readonly #deps: NamesUpkeepDeps;
  readonly #options: NamesUpkeepOptions;
  readonly #defragmentedAt = new Map<string, number>();
  readonly #done = { compact: 0, defragment: 0, disarm: 0 };
  #survey: Survey | undefined;
  #lookAt = Number.NEGATIVE_INFINITY;
  #dueSince: number | undefined;
  #compacted: { revision: number; bytes: number; at?: number } = { revision: 0, bytes: 0 };

  constructor(deps: NamesUpkeepDeps, options: NamesUpkeepOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** As last seen: the engine takes nothing new. */
  get isFull(): boolean {
    return this.#survey !== undefined && hasAlarm(this.#survey, 'nospace');
  }

  progress() {
    const { quotaBytes } = this.#options;
    const alarms = this.#survey?.alarms ?? [];
    return { quotaBytes, alarms, missing: this.#survey?.missing ?? [], done: this.#done };
  }

  /** One look, and at most one change. */
  async step(): Promise<'busy' | 'idle'> {
    const { clock, claim } = this.#deps;
    if (clock.now() < this.#lookAt) return 'idle';
    this.#lookAt = clock.now() + this.#options.lookEveryMs;
    const survey = await takeSurvey(this.#deps.maintenance, this.#options.callTimeoutMs);
    const action = this.#decide(survey, this.#survey);
    this.#survey = survey;
    if (action === undefined) {
      await claim.giveBack();
      return 'idle';
    }
    if (!this.#isOurs() || !(await claim.take())) return 'idle';
    await claim.during(() => this.#act(action));
    this.#done[action.kind] += 1;
    this.#lookAt = clock.now();
    return 'busy';
  }

  #decide(survey: Survey, before: Survey | undefined): UpkeepAction | undefined {
    const now = this.#deps.clock.now();
    const { historyMs, shortHistoryMs, compactEveryMs, restMs } = this.#options;
    const { ages } = this.#deps;
    ages.note(Math.max(0, ...survey.members.map(({ revision }) => revision)), now);
    const limits = { ...this.#options, quotaBytes: this.#quotaBytes(survey) };
    const isTight = hasAlarm(survey, 'nospace') || isNearQuota(survey, limits);
    const isWithin = (ms: number, at: number | undefined) => at !== undefined && now - at < ms;
    const known = {
      oldRevision: ages.standingFor(isTight ? shortHistoryMs : historyMs, now),
      compactedRevision: this.#compacted.revision,
      bytesAtCompaction: this.#compacted.bytes,
      isCompactionRested: isWithin(restMs, this.#compacted.at),
      isCompactionDue: this.#deps.isCoordinator() && !isWithin(compactEveryMs, this.#compacted.at),
      bytesInUseBefore: (endpoint: string) =>
        before?.members.find((member) => member.endpoint === endpoint)?.dbBytesInUse,
      isRested: (endpoint: string) => isWithin(restMs, this.#defragmentedAt.get(endpoint)),
    };
    const action = nextAction(survey, known, limits);
    this.#dueSince = action === undefined ? undefined : (this.#dueSince ?? now);
    return action;
  }

  /** What the members say, if they do; else what we were told. */
  #quotaBytes({ members }: Survey): number {
    const told = members.map(({ quotaBytes }) => quotaBytes).filter((bytes) => bytes > 0);
    return told.length > 0 ? Math.min(...told) : this.#options.quotaBytes;
  }

  #isOurs(): boolean {
    const dueSince = this.#dueSince ?? Number.POSITIVE_INFINITY;
    const isLeft = this.#deps.clock.now() - dueSince >= this.#options.patienceMs;
    return isLeft || this.#deps.isCoordinator();
  }

  async #act(action: UpkeepAction): Promise<void> {
    const { log } = this.#deps;
    switch (action.kind) {
      case 'compact':
        log.info('names: history forgotten', { revision: action.revision });
        return this.#compact(action.endpoint, action.revision);
      case 'defragment':
        log.info('names: member gives space back', { endpoint: action.member.endpoint });
        return this.#defragment(action.member);
      case 'disarm':
        log.warn('names: there is space again, writes are let in', { alarms: action.alarms });
        for (const alarm of action.alarms) {
          await this.#deps.maintenance.disarm(action.endpoint, alarm, this.#call());
        }
    }
  }

  async #compact(endpoint: string, revision: number): Promise<void> {
    await this.#deps.maintenance.compact(endpoint, revision, this.#call());
    const bytes = this.#survey === undefined ? 0 : bytesInUseMax(this.#survey);
    this.#compacted = { revision, bytes, at: this.#deps.clock.now() };
  }

  /** Noted before: one that fails is not tried again and again. */
  async #defragment(member: { endpoint: string; dbBytesInUse: number }): Promise<void> {
    const { endpoint, dbBytesInUse } = member;
    const { clock, maintenance } = this.#deps;
    this.#defragmentedAt.set(endpoint, clock.now());
    await maintenance.defragment(endpoint, { timeoutMs: defragmentMs(dbBytesInUse) });
    this.#defragmentedAt.set(endpoint, clock.now());
  }

  #call() {
    return { timeoutMs: this.#options.callTimeoutMs };
  }
}
