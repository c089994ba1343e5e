/** When everything is well again: is everything right? */

import { crc32 } from 'node:zlib';
import { asDftfsError } from '#base/errors.ts';
import { prefixes } from '#protocol/keys.ts';
import type { ShardKey } from '#protocol/shards.ts';
import type { Operation } from '../checks/history.ts';
import { judge } from '../checks/linearizability.ts';
import { svgPicture, textPicture } from '../checks/picture.ts';
import type { Client } from './client.ts';
import type { SimCluster } from './cluster.ts';
import { contentName } from './content.ts';
import type { Recorder } from './recorder.ts';
import { keyText, type Truth } from './truth.ts';

export interface AuditParts {
  readonly cluster: SimCluster;
  readonly recorder: Recorder;
  readonly truth: Truth;
  readonly client: Client;
  /** What was only read before is not judged. */
  readonly judgedFrom: number;
  /** Files may be lost: what is said of them must be true all the same. */
  readonly exceeds: boolean;
}

/** Reads every path that was ever written, through several nodes; the history is judged with it. */
export async function audit(parts: AuditParts): Promise<void> {
  await readEverything(parts);
  await checkReferences(parts);
  if (!parts.exceeds) await checkShards(parts);
  judgeHistory(parts);
}

async function readEverything({ cluster, recorder, client, exceeds }: AuditParts): Promise<void> {
  const paths = new Set<string>();
  for (const { call } of recorder.history) {
    if (call.verb === 'create') paths.add(call.path);
    if (call.verb === 'copy' || call.verb === 'move') paths.add(call.to);
  }
  const { present: nodes } = cluster;
  const reads = [...paths].flatMap((path, index) =>
    [index, index + 1].map(async (number) => {
      const node = nodes[number % nodes.length];
      const result = await client.get(path, node);
      if (result.kind === 'unknown' && !exceeds)
        recorder.fail('unreadable', `${path} through ${node?.id}`);
    }),
  );
  await Promise.all(reads);
}

/**
 * What was said before is left out if it may only have been read. Of a request that was sent again
 * that is its success too: it may have been seen, where it stood no more, instead of done.
 */
function toBeJudged(history: readonly Operation[], from: number): Operation[] {
  const requests = new Set<string>();
  return history.flatMap((operation) => {
    const { call, result, calledAt } = operation;
    if (calledAt >= from) return [operation];
    if (!('request' in call)) return [];
    if (result.kind !== 'done' && result.kind !== 'unknown') return [];
    const isRepeated = requests.has(call.request);
    requests.add(call.request);
    return isRepeated ? [{ ...operation, result: { kind: 'unknown' } }] : [operation];
  });
}

/** Each name has its back reference, and each back reference its name. */
async function checkReferences({ recorder, truth }: AuditParts): Promise<void> {
  const files = await truth.files();
  const expected = files.map(
    ({ path, record }) => `${prefixes.backReference}${record.blob}/${path.slice(1)}`,
  );
  const found = (await truth.entries(prefixes.backReference)).map(({ key }) => key);
  const missing = new Set(expected).difference(new Set(found));
  const extra = new Set(found).difference(new Set(expected));
  for (const key of missing) recorder.fail('back reference missing', key);
  for (const key of extra) recorder.fail('back reference too many', key);
  const garbage = new Set((await truth.entries(prefixes.garbage)).map(({ key }) => key.slice(2)));
  for (const { path, record } of files) {
    if (garbage.has(record.blob)) recorder.fail('named blob in the garbage', path);
    const name = contentName(record.size, record.crc);
    if (!recorder.contents.has(name)) recorder.fail('unknown content', `${path}: ${name}`);
  }
}

/** Every shard of every named blob is where it should be, sound, and no more than it should be. */
async function checkShards({ cluster, recorder, truth }: AuditParts): Promise<void> {
  for (const due of truth.due(await truth.files(), await truth.volumes())) {
    if (typeof due === 'string') {
      recorder.fail('volume missing', due);
      continue;
    }
    const node = cluster.nodes.find(({ id }) => id === due.node);
    const what = `${due.node}: ${keyText(due.key)}`;
    try {
      const store = node?.inside?.store;
      const shard = await store?.read(due.key, 0, due.length);
      const crc = shard?.body.reduce((sum, part) => crc32(part, sum), 0);
      if (shard === undefined || crc !== shard.crc) recorder.fail('shard damaged', what);
      const held = store
        ?.list(undefined, 1_000_000, due.key)
        .find(({ key }) => isSame(key, due.key));
      if (held?.length !== due.length) recorder.fail('shard of another length', what);
    } catch (error) {
      recorder.fail('shard missing', `${what}: ${asDftfsError(error).code}`);
    }
  }
}

const isSame = (key: ShardKey, other: ShardKey): boolean => keyText(key) === keyText(other);

function judgeHistory({ recorder, judgedFrom }: AuditParts): void {
  const { violations, undecided } = judge(toBeJudged(recorder.history, judgedFrom));
  for (const violation of violations) {
    const picture = `\n${textPicture(violation)}`;
    recorder.fail('not linearizable', picture, svgPicture(violation));
  }
  recorder.undecided += undecided;
}
