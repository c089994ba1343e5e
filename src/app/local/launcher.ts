/**
 * Starts whatever of a local cluster isn't running: etcd members, then nodes. What it starts lives
 * on without it. Either the cluster answers in the end, or everything begun here is ended again and
 * one message says why.
 */
import { clusterAnswers, etcdAnswers, nodeIsReady, type Probe, until } from './answering.ts';
import { operatorTls, provideCertificates } from './certificates.ts';
import { makeDataFolder, withDataLock } from './data-lock.ts';
import { endProcesses, etcdPoliteMs } from './ending.ts';
import { findEtcd } from './etcd-binary.ts';
import { etcdCommand } from './etcd-command.ts';
import { LaunchError } from './launch-error.ts';
import { nodeProgram, writeNodeConfig } from './launch-node.ts';
import { logTail } from './log-tail.ts';
import { replaceMembers } from './lost-members.ts';
import {
  type EtcdMember,
  etcdUrl,
  type Manifest,
  nodeUrl,
  processNames,
  publicUrl,
  writeManifest,
} from './manifest.ts';
import type { StartOptions } from './options.ts';
import { planStart, type StartPlan } from './plan.ts';
import { findProcess } from './process-record.ts';
import { spawnProcess } from './spawn-process.ts';
import { startNodes } from './start-nodes.ts';

export interface LauncherDeps {
  /** Shows progress to a person. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** What a node runs; tests bring a stand-in. */
  readonly program?: string;
}

export interface StartResult {
  readonly manifest: Manifest;
  /** Of what was started now, etcd first. */
  readonly pids: readonly number[];
}

const answerWithinMs = 60_000;

export async function startCluster(
  options: StartOptions,
  deps: LauncherDeps,
): Promise<StartResult> {
  await makeDataFolder(options.data);
  return withDataLock(options.data, deps, async () => {
    const plan = await planStart(options);
    const binary = plan.etcd.length === 0 ? '' : await findEtcd();
    const started = [...plan.etcd, ...plan.nodes].map((one) => one.name);
    try {
      await carryOut(plan, binary, deps);
    } catch (error) {
      await endProcesses(plan.data, started, etcdPoliteMs);
      throw error;
    }
    return { manifest: plan.manifest, pids: started.map((name) => pidOf(plan.data, name)) };
  });
}

async function carryOut(plan: StartPlan, binary: string, deps: LauncherDeps): Promise<void> {
  const { data, manifest } = plan;
  await writeManifest(data, manifest);
  if (manifest.tls) await provideCertificates(data, manifest, { renew: plan.renew });
  const tls = operatorTls(data, manifest);
  for (const node of plan.nodes) writeNodeConfig(data, manifest, node);
  const watch = watchOver(plan, deps);
  await startEtcd(plan, binary, watch, deps);
  if (!manifest.etcdFormed) await writeManifest(data, { ...manifest, etcdFormed: true });
  if (plan.nodes.length > 0) deps.say(`starting ${list(plan.nodes)}`);
  await startNodes(plan, deps.program ?? nodeProgram);
  for (const node of plan.nodes) {
    await watch.until(nodeIsReady(nodeUrl(manifest, node), tls), node.name);
  }
  await watch.untilAll(clusterAnswers(manifest, tls));
}

async function startEtcd(
  plan: StartPlan,
  binary: string,
  watch: Watch,
  { say, signal }: LauncherDeps,
): Promise<void> {
  const { data, manifest, lostEtcd: lost } = plan;
  const others = plan.etcd.filter((member) => !lost.includes(member));
  const serves = (member: EtcdMember) =>
    watch.until(etcdAnswers(etcdUrl(manifest, member), operatorTls(data, manifest)), member.name);
  if (others.length > 0) say(`starting ${list(others)}`);
  for (const member of others) spawnProcess(data, etcdCommand(binary, data, manifest, member));
  for (const member of others) await serves(member);
  if (lost.length === 0) return;
  say(`replacing ${list(lost)}, whose data is gone`);
  const start = (member: EtcdMember, cluster: readonly EtcdMember[]) => {
    spawnProcess(data, etcdCommand(binary, data, manifest, member, cluster));
    return serves(member);
  };
  await replaceMembers({ data, manifest, lost, signal, start });
}

type Watch = ReturnType<typeof watchOver>;

/** Waits for answers no longer than the start may take, and not for those of the dead. */
function watchOver({ data, manifest }: StartPlan, { signal }: LauncherDeps) {
  const end = performance.now() + answerWithinMs;
  const seconds = answerWithinMs / 1000;
  const tooLate = (what: string) => {
    if (performance.now() > end) throw new LaunchError(what);
  };
  return {
    until: (probe: Probe, name: string): Promise<void> => {
      const giveUp = () => {
        if (findProcess(data, name) === undefined) {
          throw new LaunchError(`${name} ended while starting. ${logTail(data, name)}`);
        }
        tooLate(`${name} didn't answer in ${seconds} s. ${logTail(data, name)}`);
      };
      return until(probe, giveUp, signal);
    },
    untilAll: (probe: Probe): Promise<void> => {
      const stopped = processNames(manifest).filter(
        (name) => findProcess(data, name)?.state === 'stopped',
      );
      const why = stopped.length === 0 ? '' : ` (stopped: ${stopped.join(' ')})`;
      const what = `${publicUrl(manifest)} didn't answer in ${seconds} s${why}`;
      return until(probe, () => tooLate(what), signal);
    },
  };
}

function pidOf(data: string, name: string): number {
  const found = findProcess(data, name);
  if (found === undefined) throw new LaunchError(`${name} ended after starting`);
  return found.pid;
}

const list = (some: readonly { readonly name: string }[]) => some.map((one) => one.name).join(' ');
