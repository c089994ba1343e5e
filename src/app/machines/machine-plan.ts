/**
 * Which machines make a cluster, and what runs on each: decided at the first `dftfs prepare`, kept
 * in `machines.json`, and added to later. Pure.
 */
import { isNodeId } from '#base/ids.ts';
import { eraMax } from '#base/limits.ts';
import { UsageError } from '#cli/exit-codes.ts';
import type { PrepareOptions } from '#cli/terminal.ts';

export interface Machine {
  /** The failure domain too. */
  readonly name: string;
  /** An IPv4 address, or a name that all machines resolve. */
  readonly address: string;
  readonly nodes: number;
  readonly hasEtcd: boolean;
}

export interface MachinePlan {
  readonly version: 1;
  readonly clusterId: string;
  /** How often the names were restored from a backup; missing: never. */
  readonly era?: number;
  readonly machines: readonly Machine[];
}

type WantedMachines = Pick<PrepareOptions, 'machines' | 'nodes'>;

export const eraOf = ({ era = 0 }: MachinePlan): number => era;

const nodesDefault = 2;
const membersMax = 5;
const wordForm = /^([a-z0-9][a-z0-9-]{0,40})=([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$/;

/** The ports on every machine; a node's are counted up from the first. */
export const ports = { etcd: 2379, etcdPeers: 2380, http: 8080, rpc: 7080 } as const;

export const nodeIdsOf = ({ name, nodes }: Machine): string[] =>
  Array.from({ length: nodes }, (_, index) => `${name}-${index + 1}`);

export const etcdNameOf = ({ name }: Machine): string => `etcd-${name}`;

export const membersOf = ({ machines }: MachinePlan): Machine[] =>
  machines.filter(({ hasEtcd }) => hasEtcd);

/** Throws UsageError. */
export function inNewEra(plan: MachinePlan | undefined): MachinePlan {
  if (plan === undefined) throw new UsageError('There is no cluster yet whose names could be old.');
  const era = eraOf(plan) + 1;
  if (era > eraMax) throw new UsageError(`A cluster is restored at most ${eraMax} times.`);
  return { ...plan, era };
}

/** Throws UsageError for what would change a machine that is there. */
export function planMachines(
  known: MachinePlan | undefined,
  wanted: WantedMachines,
  newClusterId: () => string,
): MachinePlan {
  const given = wanted.machines.map(parseMachine);
  const twice = given.find(({ name }, nth) => given.findIndex((one) => one.name === name) !== nth);
  if (twice !== undefined) throw new UsageError(`${twice.name} is given twice.`);
  const before = known?.machines ?? [];
  for (const { name, address } of given) {
    const same = before.find((one) => one.name === name);
    if (same === undefined || same.address === address) continue;
    throw new UsageError(`${name} is at ${same.address} in this cluster, and keeps to it.`);
  }
  const added = given.filter(({ name }) => !before.some((one) => one.name === name));
  const all = [...before.map((one) => grown(one, wanted.nodes)), ...added.map(asNew)];
  checkAll(all);
  if (known !== undefined) return { ...known, machines: all };
  const members = membersFor(all.length);
  const machines = all.map((one, index) => ({ ...one, hasEtcd: index < members }));
  return { version: 1, clusterId: newClusterId(), machines };

  function asNew({ name, address }: Pick<Machine, 'name' | 'address'>): Machine {
    return { name, address, nodes: wanted.nodes ?? nodesDefault, hasEtcd: false };
  }
}

/** An even member would add nothing but work. */
const membersFor = (machines: number): number =>
  machines >= membersMax ? membersMax : machines >= 3 ? 3 : 1;

function parseMachine(word: string): Pick<Machine, 'name' | 'address'> {
  const [, name, address] = wordForm.exec(word) ?? [];
  if (name !== undefined && address !== undefined) return { name, address };
  throw new UsageError(
    `${JSON.stringify(word)} is no machine: alpha=10.0.0.1 is one, with an IPv4 address or a name.`,
  );
}

function grown(machine: Machine, nodes: number | undefined): Machine {
  if (nodes === undefined || nodes === machine.nodes) return machine;
  if (nodes > machine.nodes) return { ...machine, nodes };
  throw new UsageError(
    `${machine.name} has ${machine.nodes} nodes: drain and remove those that are to go.`,
  );
}

function checkAll(machines: readonly Machine[]): void {
  if (machines.length === 0) throw new UsageError('Name the machines: --machine alpha=10.0.0.1.');
  const ids = machines.flatMap(nodeIdsOf);
  const odd = ids.find((id, nth) => !isNodeId(id) || ids.indexOf(id) !== nth);
  if (odd !== undefined) throw new UsageError(`${odd} can't be the name of a node, or is twice.`);
  const addresses = machines.map(({ address }) => address);
  const shared = addresses.find((address, nth) => addresses.indexOf(address) !== nth);
  if (shared !== undefined) throw new UsageError(`${shared} is given to two machines.`);
}
