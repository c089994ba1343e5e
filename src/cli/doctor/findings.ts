/** What is wrong by what was seen, and what to do. Pure. */
import type { ClusterNode, ClusterStatus } from '#client/index.ts';
import { countText, durationText, sizeText } from '../output/format.ts';

/**
 * 'critical': something can't be read or written, or one more loss would make it so. 'warning':
 * less is promised than could be. 'note': nothing is wrong, but good to know.
 */
export type Severity = 'critical' | 'warning' | 'note';

export interface Finding {
  readonly severity: Severity;
  readonly what: string;
  readonly advice: string;
}

/** How one endpoint answered. */
export interface SeenEndpoint {
  readonly url: string;
  /** Undefined: it answers. */
  readonly error: string | undefined;
  readonly notReady: string | undefined;
  /** Its clock against ours, undefined: not known. */
  readonly clockAheadMs: number | undefined;
}

export interface Seen {
  /** Those of the settings. */
  readonly endpoints: readonly SeenEndpoint[];
  /** The nodes' own doors, as far as they can be reached from here. */
  readonly doors: readonly SeenEndpoint[];
  readonly cluster: ClusterStatus | undefined;
}

const finding = (severity: Severity, what: string, advice: string): Finding => {
  return { severity, what, advice };
};

/** The most serious first. */
export function diagnose({ endpoints, doors, cluster }: Seen): Finding[] {
  const order: readonly Severity[] = ['critical', 'warning', 'note'];
  const found = [
    ...endpoints.flatMap(ofEndpoint),
    ...(cluster === undefined ? [] : ofCluster(cluster)),
    ...ofClocks([...endpoints, ...doors]),
  ];
  return found.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

function ofEndpoint({ url, error, notReady }: SeenEndpoint): Finding[] {
  if (error !== undefined) {
    const advice = 'Is the address right, and does the node run? On one machine: ./start.sh';
    return [finding('critical', `${url} does not answer: ${error}`, advice)];
  }
  if (notReady === undefined) return [];
  return [finding('critical', `${url} is not ready: ${notReady}`, 'Look at the log of the node.')];
}

/** The server tells whole seconds, and the way takes time. */
const clockToleranceMs = 5000;

function ofClocks(seen: readonly SeenEndpoint[]): Finding[] {
  return seen.flatMap(({ url, clockAheadMs = 0 }) => {
    if (Math.abs(clockAheadMs) < clockToleranceMs) return [];
    const by = durationText(Math.abs(clockAheadMs) / 1000);
    const side = clockAheadMs > 0 ? 'ahead of' : 'behind';
    return [
      finding(
        'note',
        `The clock at ${url} is ${by} ${side} the one here.`,
        'Nothing is decided by clocks, but times of files and logs will mislead: run NTP on both.',
      ),
    ];
  });
}

const ofCluster = (cluster: ClusterStatus): Finding[] => [
  ...ofProtection(cluster),
  ...cluster.nodes.flatMap((node) => ofNode(node, cluster.protection.unreadable.volumes)),
  ...ofNames(cluster),
  ...ofGarbage(cluster),
];

function ofProtection({ protection, repair, nodes }: ClusterStatus): Finding[] {
  const { wantedMargin, unreadable, withoutMargin, underProtected } = protection;
  const found: Finding[] = [];
  const amount = ({ volumes, bytes }: typeof unreadable) =>
    `${countText(volumes, 'volume')} (${sizeText(bytes)})`;
  const pace =
    repair.secondsLeft === null || repair.bytesLeft === 0
      ? ''
      : ` About ${durationText(repair.secondsLeft)} left.`;
  const wait = `It is repaired by itself: dftfs cluster repair --wait.${pace} Stop no node meanwhile.`;
  if (unreadable.volumes > 0) {
    const lost =
      'No node is away. What is still so when repair rests is lost: remove the files that can’t ' +
      'be read. How to find them: docs/operations.md';
    const advice = nodes.every(({ live }) => live)
      ? lost
      : 'Start the dead nodes with their disks: what they hold is needed. Remove none.';
    found.push(finding('critical', `${amount(unreadable)} cannot be read now.`, advice));
  }
  if (wantedMargin === 0) return [...found, alone];
  if (withoutMargin.volumes > unreadable.volumes) {
    found.push(finding('critical', `${amount(withoutMargin)} survive no further loss.`, wait));
  } else if (underProtected.volumes > unreadable.volumes) {
    const what = `${amount(underProtected)} survive fewer losses than they should.`;
    found.push(finding('warning', what, wait));
  }
  const live = nodes.filter((node) => node.live).length;
  if (wantedMargin < 2) {
    const what = `With ${countText(live, 'live node')} new files survive ${wantedMargin} loss at most.`;
    found.push(finding('warning', what, 'Start more nodes: with four or more, two losses.'));
  }
  return found;
}

/** A storage of one process says that it wants no more. */
const alone = finding(
  'warning',
  'One process keeps all of this: it is not fault tolerant.',
  'Copy what matters to a cluster: dftfs cp -r --to http://CLUSTER:8080 / /',
);

const nearlyFullShare = 0.1;
const slowMs = 2000;

function ofNode(node: ClusterNode, unreadable: number): Finding[] {
  const { id, live, suspected, draining, slots, disk, host, httpPort } = node;
  if (!live) {
    const why = suspected === undefined ? '' : ` (${suspected})`;
    return [
      finding(
        'warning',
        `${id} at ${host}:${httpPort} is dead${why}.`,
        adviceOnDead(id, slots, unreadable),
      ),
    ];
  }
  const drained = draining ? [drainingFinding(id, slots)] : [];
  if (disk === undefined) {
    const advice = 'Is it overloaded, or its disk stuck? Look at its log.';
    return [...drained, finding('warning', `${id} lives, but says nothing of itself.`, advice)];
  }
  return [...drained, ...ofDisk(id, disk)];
}

function adviceOnDead(id: string, slots: number, unreadable: number): string {
  if (unreadable > 0) return 'Start it again with its disk: it may hold what the others lack.';
  const remove = `dftfs cluster remove ${id}`;
  if (slots === 0) return `Start it again, or forget it: nothing counts on it. ${remove}`;
  const held = `what it held (${countText(slots, 'slot')}) is rebuilt on others`;
  return `Start it again. If it never returns: ${held}; then ${remove}.`;
}

const drainingFinding = (id: string, slots: number): Finding =>
  slots === 0
    ? finding(
        'note',
        `${id} is empty and can be stopped.`,
        `Stop it, then dftfs cluster remove ${id}.`,
      )
    : finding('note', `${id} is being emptied: ${countText(slots, 'slot')} left.`, 'Let it run.');

function ofDisk(id: string, disk: NonNullable<ClusterNode['disk']>): Finding[] {
  const { full, fenced, damaged, freeBytes, totalBytes, slowestMs, standing } = disk;
  const found: Finding[] = [];
  const free = `${sizeText(freeBytes)} of ${sizeText(totalBytes)} free`;
  if (fenced !== null) {
    const advice = 'Mend or replace the disk, and restart the node: it gets everything again.';
    found.push(finding('critical', `${id} writes nothing to its disk: ${fenced}.`, advice));
  }
  if (full) {
    const advice = 'Remove files, or add a node or a larger disk: shards move by themselves.';
    found.push(finding('critical', `The disk of ${id} is full (${free}).`, advice));
  } else if (freeBytes < nearlyFullShare * totalBytes) {
    const advice = 'Add a node or space before it is full; then writes are refused.';
    found.push(finding('warning', `The disk of ${id} is nearly full (${free}).`, advice));
  }
  if (damaged > 0) {
    const advice =
      'They are rebuilt from others. If there are ever more of them, replace the disk.';
    found.push(finding('warning', `${countText(damaged, 'shard')} on ${id} damaged.`, advice));
  }
  if (slowestMs > slowMs) {
    const what = `The disk of ${id} took ${durationText(slowestMs / 1000)} for one operation.`;
    found.push(finding('note', what, 'Look at what else uses it, and at its health.'));
  }
  if (standing !== null && !['known', 'new'].includes(standing)) {
    const what = `${id} came with a disk that was ${standing}.`;
    found.push(finding('note', what, 'It gets everything again from the others: let it run.'));
  }
  return found;
}

const nearQuotaShare = 0.8;

function ofNames({ names }: ClusterStatus): Finding[] {
  const { members, upkeep } = names;
  const found: Finding[] = [];
  const silent = members.filter(({ healthy }) => !healthy);
  const spare = members.length - silent.length - (Math.floor(members.length / 2) + 1);
  if (silent.length > 0) {
    const list = silent.map(({ endpoint }) => endpoint).join(', ');
    const more = spare > 0 ? `${spare} more may die` : 'no more may die, or nothing works';
    const severity = spare > 0 ? 'warning' : 'critical';
    const advice = `Start them: ${more}. On one machine: ./start.sh`;
    found.push(finding(severity, `etcd members do not answer: ${list}.`, advice));
  }
  for (const { alarm } of upkeep.alarms) {
    const advice =
      alarm === 'nospace'
        ? 'Writes answer 507. Remove files (dftfs rm -r), or start with more: ./start.sh --etcd-quota.'
        : 'See docs/operations.md, "An etcd member has lost its data".';
    found.push(finding('critical', `etcd has raised its alarm ${alarm}.`, advice));
  }
  const used = Math.max(0, ...members.map(({ dbBytesInUse = 0 }) => dbBytesInUse));
  const { quotaBytes = Number.POSITIVE_INFINITY } = upkeep;
  if (used > nearQuotaShare * quotaBytes) {
    const what = `The names take ${sizeText(used)} of the ${sizeText(quotaBytes)} that etcd may use.`;
    found.push(finding('warning', what, 'Remove files, or start with more: --etcd-quota.'));
  }
  return [...found, ...ofVersions(members)];
}

/** Older ones have known bugs in what we use: see README.md, Limits. */
const soundVersions: Readonly<Record<string, number>> = { '3.5': 28, '3.6': 9 };

function ofVersions(members: ClusterStatus['names']['members']): Finding[] {
  const old = new Set(members.flatMap(({ version = '' }) => (isOld(version) ? [version] : [])));
  if (old.size === 0) return [];
  const what = `etcd is of version ${[...old].join(', ')}, which has known bugs.`;
  return [
    finding('note', what, 'For what matters run 3.5.28, 3.6.9 or newer: put it on the PATH.'),
  ];
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (version === '' || Number.isNaN(major) || major > 3) return false;
  if (minor < 5) return true;
  return patch < (soundVersions[`${major}.${minor}`] ?? 0);
}

function ofGarbage({ names, garbage }: ClusterStatus): Finding[] {
  if (names.collectionHeld) {
    const what = 'Nothing is thrown away since the names were restored: space does not return.';
    const advice = 'When all is as it should be: ./restore.sh --release';
    return [finding('warning', what, advice)];
  }
  if (!garbage?.more) return [];
  const what = `${garbage.queued} or more removed blobs wait to be deleted.`;
  return [finding('note', what, 'Their space comes back bit by bit.')];
}
