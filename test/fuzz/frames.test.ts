/**
 * Frames that are nearly right, at a server with the handlers that a node has: from strangers, and
 * from a peer that proved who it is. Each is answered or ends its own connection, and no other.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { errorCodes } from '#base/errors.ts';
import type { Connection } from '#io/network.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { Combiner, combinerDefaults } from '#namespace/batching/combiner.ts';
import { namesHandlers } from '#namespace/batching/names-handlers.ts';
import { shardMethods } from '#protocol/shards.ts';
import type { NodeRpcClient } from '#rpc/client.ts';
import { expectReplies, frameKinds, packFrame, prefixBytes, sealFrame } from '#rpc/frame.ts';
import type { Frame } from '#rpc/frame-parser.ts';
import { greet } from '#rpc/handshake.ts';
import { deps, far, identityOf, lines, near, startClient, startServer } from '#rpc/testing/pair.ts';
import { shardHandlers } from '#storage/shard-service.ts';
import { isFullForm } from '../support/full-form.ts';
import { newSeed, SeededRandom } from '../support/seeded-random.ts';
import { Bench, shardBody, shardKey } from '../support/shard-bench.ts';
import { mutatedFrame, type SentFrame } from './frame-mutations.ts';
import { mutated } from './mutations.ts';

const inputs = isFullForm ? 100_000 : 1_000;
const framesMax = 4;
const patienceMs = 60_000;
/** What isn't sound may wait for more of itself; then nothing comes, and nothing is due. */
const silenceMs = 20;
const keptNumber = 1_000_000;
const kept = shardBody(keptNumber, 4000);

async function startNode(context: TestContext) {
  const store = await new Bench().open();
  const combiner = new Combiner({ ...deps, kv: new MemoryKv(deps) }, combinerDefaults);
  const handlers = { ...shardHandlers(store, () => true), ...namesHandlers(combiner) };
  const server = await startServer(context, handlers, { limits: { handshakeTimeoutMs: 100 } });
  await store.write(shardKey(keptNumber), [kept], crc32(kept));
  return server;
}

/** Other connections are served, and what none of the inputs names is what it was. */
async function assertUndisturbed(clean: NodeRpcClient): Promise<void> {
  const head = { ...shardKey(keptNumber), offset: 0, length: kept.length };
  const request = { method: shardMethods.read, head };
  const { body } = await clean.call(far, request, { timeoutMs: patienceMs });
  assert.ok(Buffer.concat(body).equals(kept), 'the kept shard is not what it was');
  assert.deepEqual(linesOfBugs(), [], 'no input meets a bug');
}

const linesOfBugs = (): string[] => lines.filter((line) => line.includes('"level":"error"'));

test(`${inputs} conversations with frames that are nearly right`, async (context) => {
  const seed = newSeed();
  context.diagnostic(`seed ${seed}`);
  const server = await startNode(context);
  const clean = startClient(context, server.port);
  const tally = { answered: 0, ended: 0, refused: 0 };
  for (let each = seed; each < seed + inputs; each++) {
    const random = new SeededRandom(each);
    lines.length = 0;
    try {
      if (random.fraction() < 0.1) tally.refused += await beStranger(random, server.port);
      else {
        const { answered, isEnded } = await bePeer(random, server.port);
        tally.answered += answered;
        tally.ended += isEnded ? 1 : 0;
      }
      await assertUndisturbed(clean);
    } catch (error) {
      const again = `DFTFS_SEED=${each} makes this the first conversation again`;
      throw new Error(`${(error as Error).message}\n${again}`, { cause: error });
    }
  }
  context.diagnostic(JSON.stringify(tally));
  for (const [what, times] of Object.entries(tally)) assert.ok(times > 0, `never ${what}`);
});

/** Resolves with whether there was one: the sound requests all answered, or the connection over. */
async function bePeer(random: SeededRandom, port: number) {
  const connection = await deps.network.connect('127.0.0.1', port, patienceMs);
  const { stream } = await greet(deps, identityOf(near), connection, far, patienceMs);
  const frames: SentFrame[] = Array.from({ length: random.between(1, framesMax) }, (_, n) =>
    mutatedFrame(random, n + 1),
  );
  const due = new Set(frames.flatMap(({ call }) => call ?? []));
  const isSound = due.size === frames.length;
  const settled = Promise.withResolvers<void>();
  let [answered, isEnded] = [0, false];
  stream.use(expectReplies, {
    onFrame: (frame) => {
      try {
        checkReply(frame);
        answered += 1;
        due.delete(frame.prefix.call);
        if (due.size === 0) settled.resolve();
      } catch (error) {
        settled.reject(error);
      }
    },
    onDrain: () => {},
    onClose: () => {
      isEnded = true;
      settled.resolve();
    },
  });
  for (const { bytes } of frames) connection.write([bytes]);
  const bound = isSound ? late() : sleep(silenceMs);
  try {
    await Promise.race([settled.promise, bound]);
    return { answered, isEnded };
  } finally {
    stream.close('enough');
  }
}

async function late(): Promise<never> {
  await sleep(patienceMs, undefined, { ref: false });
  throw new Error(`sound requests were not answered in ${patienceMs} ms`);
}

function checkReply(frame: Frame): void {
  const head = frame.head() as { code?: string } | undefined;
  if (frame.prefix.kind !== frameKinds.failure) return;
  assert.ok(Object.hasOwn(errorCodes, head?.code ?? ''), `an unknown code: ${head?.code}`);
  assert.notEqual(head?.code, 'internal');
}

/** Says a hello that is nearly right; the other side ends it. */
async function beStranger(random: SeededRandom, port: number): Promise<number> {
  const connection = await deps.network.connect('127.0.0.1', port, patienceMs);
  const ended = new Promise<void>((onClose) =>
    connection.handle({ onData: () => {}, onDrain: () => {}, onClose: () => onClose() }),
  );
  const bytes = mutated(random.oneOf(hellos), random, { whole: hellos, tokens: hellos });
  send(connection, bytes);
  await Promise.race([ended, late()]).finally(() => connection.destroy());
  return 1;
}

function send(connection: Connection, bytes: Buffer): void {
  if (bytes.length > 0) connection.write([bytes]);
}

const said = (fields: unknown): Buffer => Buffer.from(JSON.stringify(fields));
const greeting = {
  ...{ version: 1, cluster: 'cluster', node: near, incarnation: 'near-1', to: far },
  nonce: 'ab'.repeat(32),
};
const hellos = [
  said(greeting),
  said({ ...greeting, version: 2 }),
  said({ ...greeting, nonce: 1 }),
  said(null),
  said([]),
  Buffer.alloc(2000, 0x5b),
  packFrame(greeting).subarray(prefixBytes),
].map((head) => {
  const frame = Buffer.concat([Buffer.alloc(prefixBytes), head]);
  return sealFrame(frame, frameKinds.hello, 0, 0);
});
