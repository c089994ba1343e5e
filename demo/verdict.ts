/** Judges a run by the facts of its audit: each promise is kept or broken, and by which figures. */
import { count, counted, time } from './draw/figures.ts';
import type { Harm } from './harms.ts';
import type { Counts, Latency } from './picture.ts';

export interface Facts {
  readonly counts: Counts;
  readonly latency: Latency;
  readonly harms: readonly Pick<Harm, 'name' | 'signal'>[];
  readonly refusals: number;
  readonly files: number;
  readonly audit: AuditFacts;
  readonly redundancy: Redundancy;
  /** What kept the run from going on as it should. */
  readonly troubles: readonly string[];
}

export interface AuditFacts {
  readonly doors: number;
  readonly reads: number;
  /** What was read and wasn't the file. */
  readonly wrong: readonly string[];
  /** Names that a refused request would have made, and that are there. */
  readonly visible: readonly string[];
  /** Of so many files, those that lie on more nodes than they may. */
  readonly located: number;
  readonly everywhere: readonly string[];
}

export interface Redundancy {
  readonly isFull: boolean;
  readonly text: string;
}

export interface VerdictRow {
  /** Undefined: a figure, no promise. */
  readonly isKept: boolean | undefined;
  readonly what: string;
  readonly details: string;
}

export interface Verdict {
  readonly isKept: boolean;
  readonly rows: readonly VerdictRow[];
  readonly conclusion: string;
  /** The first few things that were wrong. */
  readonly faults: readonly string[];
}

const faultsMax = 10;

export function verdictOf(facts: Facts): Verdict {
  const rows = [harmRow(facts), ...promiseRows(facts), waitRow(facts)];
  const { audit, troubles } = facts;
  const broken = rows.filter(({ isKept }) => isKept === false).length;
  const faults = [...troubles, ...audit.wrong, ...audit.visible, ...audit.everywhere];
  const conclusion = `${counted(broken, 'promise was', 'promises were')} broken.`;
  return {
    isKept: broken === 0,
    rows,
    conclusion: broken === 0 ? 'Every promise was kept.' : conclusion,
    faults: faults.slice(0, faultsMax),
  };
}

/** A run without harm or without files has shown nothing. */
function harmRow({ harms, files, troubles }: Facts): VerdictRow {
  const killed = harms.filter(({ signal }) => signal === 'SIGKILL');
  const nodes = killed.filter(({ name }) => name.startsWith('node-')).length;
  const done =
    `${counted(nodes, 'node')} and ${counted(killed.length - nodes, 'etcd member')} killed, ` +
    `${counted(harms.length - killed.length, 'node')} stopped`;
  const isVoid = harms.length === 0 || files === 0;
  return {
    isKept: !isVoid && troubles.length === 0,
    what: 'the cluster went on',
    details: isVoid ? 'void: nothing was harmed, or nothing was stored' : done,
  };
}

function promiseRows({ counts, refusals, files, audit, redundancy }: Facts): VerdictRow[] {
  const { right, cut, failed, wrong } = counts;
  const lost = audit.wrong.length;
  return [
    {
      isKept: failed === 0,
      what: 'every request was served',
      details: `${count(right)} were, ${count(failed)} failed`,
    },
    {
      isKept: wrong === 0,
      what: 'every answer was true',
      details: `${count(right)} were, ${count(wrong)} false`,
    },
    {
      isKept: undefined,
      what: 'cut connections',
      details: `${count(cut)}, with the node that held them; asked again, same key`,
    },
    {
      isKept: lost === 0 && audit.reads > 0,
      what: 'every file is whole',
      details:
        `${count(files)} × ${counted(audit.doors, 'node')}: ` +
        `${count(audit.reads - lost)} of ${count(audit.reads)} reads right, byte for byte`,
    },
    {
      isKept: audit.visible.length === 0,
      what: 'nothing refused shows',
      details: `${count(refusals)} refused requests, ${count(audit.visible.length)} left something`,
    },
    {
      isKept: audit.everywhere.length === 0,
      what: 'no file is on all nodes',
      details: `${count(audit.located)} looked at, ${count(audit.everywhere.length)} are`,
    },
    { isKept: redundancy.isFull, what: 'safe as before', details: redundancy.text },
  ];
}

const waitRow = ({ latency: { p50Ms, p99Ms, longestMs } }: Facts): VerdictRow => ({
  isKept: undefined,
  what: 'waits',
  details: `p50 ${time(p50Ms)}, p99 ${time(p99Ms)}, longest ${time(longestMs)}`,
});
