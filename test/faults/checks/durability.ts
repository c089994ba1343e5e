/**
 * What was acknowledged is read back from every node, byte for byte. What nobody was told the end
 * of is asked for again under its key: then it is certain, and there.
 */
import assert from 'node:assert/strict';
import { bytesOf, read } from '../../support/busy-door.ts';
import { httpCall } from '../../support/http-call.ts';
import { sideBySide } from '../../support/side-by-side.ts';
import type { OnceFile } from '../clients/ledger.ts';
import type { Audited, Found } from './verdict.ts';

const atATime = 8;
const readMs = 60_000;

export async function checkDurability({ ledger, doors }: Audited): Promise<Found> {
  const lost: string[] = [];
  const wrong: string[] = [];
  const settled: OnceFile[] = [];
  await sideBySide(ledger.once.unknown, atATime, async (file) => {
    const why = await settle(file, doors[0] as string);
    if (why === undefined) settled.push(file);
    else wrong.push(`put ${file.path} again under its key: ${why}`);
  });
  const files = [...ledger.once.acknowledged, ...settled];
  const reads = files.flatMap((file) => doors.map((door) => ({ file, door })));
  await sideBySide(reads, atATime, async ({ file, door }) => {
    try {
      const found = await read(file, door, readMs);
      if (found !== 'whole') lost.push(`${file.path} from ${door}: ${found}`);
    } catch (error) {
      if (!(error instanceof assert.AssertionError)) throw error;
      wrong.push(error.message);
    }
  });
  return { lost, wrong, readBack: files.length };
}

/** Undefined: it is there now, whether it was or not. */
async function settle(file: OnceFile, door: string): Promise<string | undefined> {
  const headers = { 'idempotency-key': file.key };
  const options = { headers, body: bytesOf(file), timeoutMs: readMs };
  const { status, body } = await httpCall('PUT', door + file.path, options);
  return status === 200 ? undefined : `${status} ${body.subarray(0, 300)}`;
}
