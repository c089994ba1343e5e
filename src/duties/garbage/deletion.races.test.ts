/**
 * Uploads, copies, moves and removals against everything that deletes, in any order of their calls:
 * what has a name has its bytes, at every moment; and what has none is gone in the end.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import { type NodeId, nodeId, type VolumeId } from '#base/ids.ts';
import type { Kv } from '#kv/kv.ts';
import { RevisionAges } from '#kv/revision-ages.ts';
import type { Namespace } from '#namespace/namespace.ts';
import type { NewFile } from '#namespace/ops/create.ts';
import { silentLogger } from '#observe/log.ts';
import { GarbageRig, notHeld, signal } from '../../../test/support/garbage-rig.ts';
import { checkNames } from '../../../test/support/names-fixture.ts';
import { newSeed, SeededRandom } from '../../../test/support/seeded-random.ts';
import { Turns } from '../../../test/support/turns.ts';
import type { Duty } from '../duty.ts';
import { CollectGarbage } from './collect-garbage.ts';
import { FindOrphans } from './find-orphans.ts';

const paths = ['/a', '/b', '/c', '/d', '/e'];
const clientsAtOnce = 10;
const turnsPerRun = 6000;
/** Short beside the time that a verb has, so that verbs outlast them. */
const graces = { readGraceMs: 50, traceGraceMs: 300 };

class Race {
  readonly #rig: GarbageRig;
  readonly #random: SeededRandom;
  readonly #turns: Turns;
  readonly #duties = new Map<string, () => Duty>();
  #clients = 0;
  #started = 0;
  /** How often what was meant to happen did. */
  readonly done = { named: 0, refused: 0, killed: 0, givenUp: 0 };

  constructor(rig: GarbageRig, random: SeededRandom) {
    this.#rig = rig;
    this.#random = random;
    this.#turns = new Turns(random);
    for (const name of ['collector 1', 'collector 2'])
      this.#duties.set(name, this.#collector(name));
    for (const { id } of rig.nodes) this.#duties.set(`orphans ${id}`, this.#finder(id));
  }

  async run(): Promise<void> {
    for (const [owner, make] of this.#duties) this.#keepStepping(owner, make());
    for (let turn = 0; turn < turnsPerRun; turn++) {
      while (this.#clients < clientsAtOnce) this.#startClient();
      await this.#upset();
      await this.#turns.next();
      if (turn % 10 === 0) await this.#checkBytes();
    }
    while (this.#clients > 0) await this.#turns.next();
  }

  /** With all sessions over and all duties alone, nothing stays that has no name. */
  async settle(): Promise<void> {
    for (const owner of this.#duties.keys()) this.#turns.kill(owner);
    for (const node of this.#rig.nodes) await this.#rig.join(node.id);
    for (let round = 0; round < 6; round++) {
      for (const make of this.#duties.values()) {
        const duty = make();
        let isEnded = false;
        const steps = async () => {
          while ((await duty.step(signal)) === 'busy') {}
          await this.#rig.time.advance(graces.traceGraceMs);
          while ((await duty.step(signal)) === 'busy') {}
        };
        void steps().finally(() => {
          isEnded = true;
        });
        while (!isEnded) await this.#turns.next();
      }
    }
    const names = await checkNames(this.#rig.kv);
    const named = new Set([...names.values()].map(({ blob }) => blob));
    assert.deepEqual(await this.#rig.garbage(), []);
    for (const node of this.#rig.nodes) {
      for (const { key } of node.list(undefined, 10_000)) {
        assert.ok(named.has(key.blob), `${node.id} still holds ${key.blob}`);
      }
    }
    await this.#checkBytes();
  }

  #kv(owner: string): Pick<Kv, 'range' | 'txn'> {
    const { kv } = this.#rig;
    return {
      range: this.#turns.wrap(owner, kv.range.bind(kv)),
      txn: this.#turns.wrap(owner, kv.txn.bind(kv)),
    };
  }

  #collector(owner: string): () => Duty {
    const { map, time, calls } = this.#rig;
    const shards = { deleteBlobs: this.#turns.wrap(owner, calls.deleteBlobs) };
    const deps = { kv: this.#kv(owner), shards, map, clock: time.clock, log: silentLogger };
    const rights = { isCoordinator: () => true, isHeld: notHeld };
    const agesOptions = { agesMsMax: graces.traceGraceMs, everyMs: 1 };
    return () => {
      const ages = new RevisionAges(agesOptions);
      return new CollectGarbage({ ...deps, ...rights, ages }, { ...graces, roundMs: 0 });
    };
  }

  #finder(id: NodeId): () => Duty {
    const { map, time, calls } = this.#rig;
    const owner = `orphans ${id}`;
    const node = this.#rig.node(id);
    const store = { list: node.list, delete: this.#turns.wrap(owner, node.delete) };
    const shards = { settled: this.#turns.wrap(owner, calls.settled) };
    const names = { kv: this.#kv(owner), map, shards };
    const deps = { ...names, store, clock: time.clock, log: silentLogger };
    const paces = { shardsPerStep: 3, shardsPerSecondMax: 1e9, roundPauseMs: 0 };
    return () => new FindOrphans({ ...deps, isHeld: notHeld }, paces);
  }

  #keepStepping(owner: string, duty: Duty): void {
    const pause = this.#turns.wrap(owner, async () => {});
    const loop = async () => {
      for (;;) {
        await pause();
        await duty.step(signal);
      }
    };
    loop().catch((error) => assert.fail(error));
  }

  #startClient(): void {
    this.#clients += 1;
    this.#started += 1;
    this.#act(`client ${this.#started}`)
      .then(
        () => this.done.named++,
        (error) => {
          assert.ok(error instanceof DftfsError, String(error));
          this.done.refused += 1;
        },
      )
      .finally(() => {
        this.#clients -= 1;
      });
  }

  async #act(owner: string): Promise<void> {
    const id = this.#random.oneOf(this.#rig.nodes).id;
    const names = this.#rig.namespace(id, this.#kv(owner));
    const [from, to] = [this.#random.oneOf(paths), this.#random.oneOf(paths)];
    const verb = this.#random.oneOf(['create', 'create', 'copy', 'move', 'remove', 'remove']);
    if (verb === 'copy') await names.copy(from, to);
    else if (verb === 'move') await names.move(from, to);
    else if (verb === 'remove') await names.remove(from);
    else {
      const file = await this.#upload(id);
      // As long as it takes for anybody to lose patience.
      const pause = this.#turns.wrap(owner, async () => {});
      for (let left = this.#random.oneOf([0, 0, 0, 120]); left > 0; left--) await pause();
      await this.#create(names, to, file);
    }
  }

  /** As those who upload do: what certainly got no name is given up. */
  async #create(names: Namespace, path: string, file: NewFile): Promise<void> {
    try {
      if (this.#random.fraction() < 0.2) throw new DftfsError('canceled', 'The client has gone.');
      await names.create(path, file);
      this.#rig.settled.add(file.blob);
    } catch (error) {
      if (error instanceof DftfsError && error.outcome === 'none') {
        this.#rig.settled.add(file.blob);
        this.done.givenUp += 1;
      }
      throw error;
    }
  }

  async #upload(id: NodeId): Promise<NewFile> {
    const volume = this.#random.oneOf([...this.#rig.volumes.values()]);
    const extents = [{ volume: volume.id, first: this.#random.between(0, 2), count: 2 }];
    const file = await this.#rig.upload(id, volume, { extents });
    // Stripes that the upload gave up, and that nobody swept.
    const key = { volume: volume.id, blob: file.blob, stripe: 9, slot: 0 };
    if (this.#random.fraction() < 0.3)
      this.#rig.node(volume.members[0] as NodeId).write({ key, length: 1 });
    return file;
  }

  /** Time passes, sessions end, nodes go and come, processes die. */
  async #upset(): Promise<void> {
    const dice = this.#random.fraction();
    const node = this.#random.oneOf(this.#rig.nodes);
    if (dice < 0.3) await this.#rig.time.advance(this.#random.between(1, graces.readGraceMs));
    else if (dice < 0.304) await this.#rig.join(node.id);
    else if (dice < 0.314) node.isUp = this.#random.fraction() < 0.8;
    else if (dice < 0.318) {
      const [owner, make] = this.#random.oneOf([...this.#duties]);
      this.#turns.kill(owner);
      this.#keepStepping(owner, make());
      this.done.killed += 1;
    }
  }

  async #checkBytes(): Promise<void> {
    for (const [path, record] of await checkNames(this.#rig.kv)) {
      for (const { node, key } of this.#rig.shardsOf(record)) {
        assert.ok(
          this.#rig.node(node).has(key),
          `${node} has lost stripe ${key.stripe} of ${path}`,
        );
      }
    }
  }
}

test('4.5 nothing that has a name is ever deleted, nothing that has none stays', async (context) => {
  const seed = newSeed();
  const total = { named: 0, refused: 0, killed: 0, givenUp: 0 };
  for (let run = 0; run < 5; run++) {
    const rig = await GarbageRig.start(3);
    for (const [id, members] of [
      ['00000000000000aa', ['n0', 'n1']],
      ['00000000000000bb', ['n1', 'n2']],
    ] as const) {
      await rig.putVolume({ id: id as VolumeId, members: members.map(nodeId) });
    }
    const race = new Race(rig, new SeededRandom(seed + run));
    try {
      await race.run();
      for (const node of rig.nodes) node.isUp = true;
      await race.settle();
    } catch (error) {
      throw new Error(`DFTFS_SEED=${seed + run}: ${String(error)}`, { cause: error });
    }
    for (const key of ['named', 'refused', 'killed', 'givenUp'] as const)
      total[key] += race.done[key];
  }
  context.diagnostic(JSON.stringify(total));
  assert.ok(total.named > 50 && total.refused > 50 && total.killed > 20 && total.givenUp > 50);
});
