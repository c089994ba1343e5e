/**
 * All names as lines of text, at one revision: a head, an entry a line, and an end that says how
 * many they are and what they digest to. Whatever is a process's own or passes by itself (who is
 * alive, which operations were applied) stays out.
 */
import { createHash } from 'node:crypto';
import { type Kv, type KvEntry, prefixSpan } from '#kv/kv.ts';
import { agesKey, collectionHoldKey, eraPrefix, prefixes, upkeepKey } from '#protocol/keys.ts';
import { Scan } from '../ops/scan.ts';

export interface BackupHead {
  readonly format: 1;
  readonly clusterId: string;
  readonly era: number;
  readonly revision: number;
  /** Milliseconds since the epoch: for showing. */
  readonly takenMs: number;
}

export interface BackupEnd {
  readonly entries: number;
  /** Of the lines of all entries. */
  readonly sha256: string;
}

export type BackupEntry = readonly [key: string, valueBase64: string];

const callOptions = { timeoutMs: 10_000 };
const pageMax = 1000;
const { cluster, node, volume, file, backReference, garbage, token } = prefixes;
const kept = [cluster, node, volume, file, backReference, garbage, token];

/**
 * Fails with names_unavailable if history is compacted before the end: then it can be begun again.
 */
export async function* backUpNames(
  kv: Pick<Kv, 'range'>,
  about: Omit<BackupHead, 'format' | 'revision'>,
): AsyncGenerator<string> {
  const { revision } = await kv.range({ start: file }, callOptions);
  const head: BackupHead = { format: 1, ...about, revision };
  yield lineOf(head);
  const digest = createHash('sha256');
  let entries = 0;
  for (const prefix of kept) {
    for await (const { key, value } of entriesAt(kv, prefix, revision)) {
      if (isPassing(key)) continue;
      const line = lineOf([key, value.toString('base64')] satisfies BackupEntry);
      digest.update(line);
      entries += 1;
      yield line;
    }
  }
  yield lineOf({ entries, sha256: digest.digest('hex') } satisfies BackupEnd);
}

async function* entriesAt(
  kv: Pick<Kv, 'range'>,
  prefix: string,
  revision: number,
): AsyncGenerator<KvEntry> {
  const scan = new Scan((span) => kv.range({ ...span, revision }, callOptions), prefixSpan(prefix));
  for (let more = true; more; ) {
    const page = await scan.next(pageMax);
    yield* page.entries;
    more = page.more;
  }
}

/** A restore writes its own. Ages are of revisions of this very engine. */
const passing: readonly string[] = [upkeepKey, collectionHoldKey, agesKey];
const isPassing = (key: string): boolean => passing.includes(key) || key.startsWith(eraPrefix);

const lineOf = (value: unknown): string => `${JSON.stringify(value)}\n`;
