import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCode } from '#base/errors.ts';
import { type BlobId, nodeId } from '#base/ids.ts';
import type { Kv } from '#kv/kv.ts';
import { contentOf } from '#namespace/records.ts';
import { chunksOf, noise } from '../../../test/support/blob-rig.ts';
import { InterruptedKv } from '../../../test/support/interrupted-kv.ts';
import { createMoveRig } from '../../../test/support/move-rig.ts';
import { checkNames } from '../../../test/support/names-fixture.ts';
import { newSeed, SeededRandom } from '../../../test/support/seeded-random.ts';

type Rig = Awaited<ReturnType<typeof createMoveRig>>;

const { signal } = new AbortController();
/** Nothing is late here, however slow the machine is: nobody runs into a deadline. */
const patient = {
  picker: { patienceMs: 60_000 },
  writer: { shardDeadlineFloorMs: 60_000, shardDeadlineCeilingMs: 60_000 },
  reader: { patienceMs: 60_000, deadline: { floorMs: 60_000, ceilingMs: 60_000 } },
};
const paths = ['/a', '/b', '/c', '/d/1', '/d/2'];

/** Clients and duties side by side, turned about by chance before every change of the names. */
class Race {
  readonly #random: SeededRandom;
  readonly #rig: Rig;
  /** By the blob that it was in at first. */
  readonly #contents = new Map<BlobId, Buffer>();
  readonly #named: BlobId[] = [];

  static async begin(seed: number): Promise<Race> {
    const random = new SeededRandom(seed);
    const before = async () => {
      for (let turns = random.between(0, 40); turns > 0; turns--) await new Promise(setImmediate);
    };
    const wrap = (kv: Kv) => new InterruptedKv(kv, { before }).kv;
    const race = new Race(random, await createMoveRig(6, wrap, patient));
    for (const path of paths.slice(0, 3)) await race.#put(path, undefined);
    await race.#rig.namespace.copy('/a', '/d/1');
    race.#rig.cluster.set(nodeId('n5'), 'gone');
    return race;
  }

  constructor(random: SeededRandom, rig: Rig) {
    this.#random = random;
    this.#rig = rig;
  }

  async run(): Promise<void> {
    const { settle, collect } = this.#rig;
    const clients = Array.from({ length: 6 }, () => this.#client());
    await Promise.all([settle(), settle(), ...clients]);
    await settle();
    await collect();
    await settle();
    await this.#check();
  }

  async #client(): Promise<void> {
    const { namespace } = this.#rig;
    for (let steps = 0; steps < 4; steps++) {
      const [from, to] = [this.#random.oneOf(paths), this.#random.oneOf(paths)];
      const key = this.#random.oneOf([undefined, 'k']);
      const verbs = [
        () => namespace.copy(from, to),
        () => namespace.move(from, to),
        () => namespace.remove(from),
        () => namespace.removeTree('/d'),
        () => this.#put(from, key),
        () => this.#read(from),
      ];
      try {
        await this.#random.oneOf(verbs)();
      } catch (error) {
        const codes = ['path_exists', 'path_not_found', 'idempotency_key_reused'] as const;
        // A volume may be closed under an upload.
        if (!isCode(error, ...codes, 'volume_changed')) throw error;
      }
    }
  }

  async #put(path: string, idempotencyKey: string | undefined): Promise<void> {
    const { writer, namespace } = this.#rig;
    const content = noise(this.#random.between(270_000, 1_300_000));
    const written = await writer.write(chunksOf(content, 65_536), { signal });
    this.#contents.set(written.blob, content);
    const key = idempotencyKey === undefined ? {} : { idempotencyKey };
    const file = { ...written, contentType: 'text/plain', metadata: {}, ...key };
    const { repeated } = await namespace.create(path, file);
    if (!repeated) this.#named.push(written.blob);
  }

  /** The name may go, or be another's, meanwhile; bytes that are given are right. */
  async #read(path: string): Promise<void> {
    const { namespace, reader } = this.#rig;
    const record = (await namespace.lookup(path))?.record;
    if (record === undefined) return;
    const chunks: Buffer[] = [];
    for await (const chunk of reader.read(record, 0, record.size, { signal })) chunks.push(chunk);
    assert.ok(this.#contents.get(contentOf(record))?.equals(Buffer.concat(chunks)));
  }

  async #check(): Promise<void> {
    const { kv, cluster, load } = this.#rig;
    for (const [path, record] of await checkNames(kv)) {
      const content = this.#contents.get(contentOf(record));
      assert.ok(content?.equals(await load(path)), `${path} has other bytes`);
      for (const { volume } of record.extents) {
        const width = cluster.map.volume(volume)?.record.members.length ?? assert.fail(volume);
        assert.ok(width <= 4, `${path} lies on all nodes`);
      }
    }
    const tooWide = cluster.map.volumes().filter(({ record }) => record.members.length > 4);
    assert.deepEqual(tooWide, []);
  }
}

test('whatever clients do meanwhile, every name reads the same bytes and all is moved', async () => {
  const first = newSeed();
  for (let seed = first; seed < first + 25; seed++) {
    try {
      await (await Race.begin(seed)).run();
    } catch (error) {
      throw new Error(`DFTFS_SEED=${seed}`, { cause: error });
    }
  }
});
