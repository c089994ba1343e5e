import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { DftfsError, isCode } from '#base/errors.ts';
import type { BlobId } from '#base/ids.ts';
import type { Kv } from '#kv/kv.ts';
import { livenessKey, prefixes, volumeKey } from '#protocol/keys.ts';
import { encodeVolume } from '#protocol/volumes.ts';
import { type Fate, InterruptedKv } from '../../test/support/interrupted-kv.ts';
import { drivers } from '../../test/support/kv-drivers.ts';
import {
  checkNames,
  drop,
  type NamesFixture,
  namesFixture,
  node,
  put,
  readAll,
  volumeRecord,
  ways,
} from '../../test/support/names-fixture.ts';
import { contentOf } from './records.ts';

type Step = (fixture: NamesFixture) => Promise<unknown>;

const cases = drivers.flatMap((driver) =>
  Object.entries(ways).map(([way, commit]) => ({ driver, way, commit })),
);

for (const { driver, way, commit } of cases) {
  describe(`relocation, ${way} over the ${driver.name} kv`, () => {
    let kv: Kv;
    let stop: () => Promise<void>;
    before(async () => {
      ({ kv, stop } = await driver.start());
    });
    after(() => stop());

    /** A fixture that does `between` right before the n-th write after `arm`. */
    async function prepare(between: Step, n = 0) {
      let writes = Number.NEGATIVE_INFINITY;
      const { kv: interrupted } = new InterruptedKv(kv, {
        async before() {
          if (writes++ === n) await between(fixture);
        },
      });
      const fixture = await namesFixture(kv, () => interrupted, commit);
      const arm = () => {
        writes = 0;
      };
      return { fixture, arm };
    }

    /** What each name has, by the name of the blob. */
    const blobsNow = async (blobs: readonly BlobId[]) =>
      Object.fromEntries(
        [...(await checkNames(kv, blobs))].map(([path, { blob }]) => [path, blob]),
      );

    test('all names get the new blob and stay as they are, and the old one is garbage', async () => {
      const { namespace, newFile } = await namesFixture(kv, undefined, commit);
      const [old, next, last] = [newFile(), newFile(), newFile()];
      await namespace.create('/a', { ...old, idempotencyKey: 'k' });
      for (let i = 0; i < 70; i++) await namespace.copy('/a', `/copies/${i}`);
      const before = await checkNames(kv);
      assert.equal(await namespace.relocate(old.blob, next), 71);
      const names = await checkNames(kv, [old.blob, next.blob]);
      const [{ blob, extents }, content] = [next, old.blob];
      const expected = [...before].map(([path, record]) => {
        return [path, { ...record, blob, extents, content }] as const;
      });
      assert.deepEqual(names, new Map(expected));
      const garbage = (await readAll(kv, prefixes.garbage)).map(({ key }) => key);
      assert.deepEqual(garbage, [prefixes.garbage + old.blob]);

      assert.equal(await namespace.relocate(next.blob, last), 71);
      for (const record of (await checkNames(kv)).values()) {
        assert.deepEqual([record.blob, contentOf(record)], [last.blob, old.blob]);
      }
      const again = await namespace.create('/a', newFile({ idempotencyKey: 'k' }));
      assert.equal(again.repeated, true);
    });

    test('a blob without names has nothing to be moved', async () => {
      const { namespace, newFile } = await namesFixture(kv, undefined, commit);
      const [old, next] = [newFile(), newFile()];
      assert.equal(await namespace.lookupBlob(old.blob), undefined);
      assert.equal(await namespace.relocate(old.blob, next), 0);
      await namespace.create('/a', old);
      assert.equal((await namespace.lookupBlob(old.blob))?.path, '/a');
      await namespace.remove('/a');
      assert.equal(await namespace.relocate(old.blob, next), 0);
      assert.equal((await checkNames(kv, [old.blob])).size, 0);
    });

    test('the new blob’s volumes must be as they were, and its writer’s session', async () => {
      const { record } = (await namesFixture(kv)).volume;
      const key = volumeKey(record.id);
      const sealed = encodeVolume(volumeRecord({ state: 'sealed' }));
      const fences: readonly (readonly [code: 'volume_changed' | 'session_lost', step: Step])[] = [
        ['volume_changed', () => put(kv, key, encodeVolume(volumeRecord({ epoch: 2 })))],
        ['volume_changed', () => put(kv, key, encodeVolume(volumeRecord({ state: 'closed' })))],
        ['volume_changed', () => drop(kv, key)],
        ['session_lost', () => drop(kv, livenessKey(node))],
      ];
      for (const [code, step] of fences) {
        const { fixture, arm } = await prepare(step);
        const [old, next] = [fixture.newFile(), fixture.newFile()];
        await fixture.namespace.create('/a', old);
        arm();
        await assert.rejects(
          fixture.namespace.relocate(old.blob, next),
          (error) => isCode(error, code) && error.outcome === 'none',
        );
        assert.deepEqual(await blobsNow([old.blob]), { '/a': old.blob });
      }
      const { fixture, arm } = await prepare(() => put(kv, key, sealed));
      const [old, next] = [fixture.newFile(), fixture.newFile()];
      await fixture.namespace.create('/a', old);
      arm();
      assert.equal(await fixture.namespace.relocate(old.blob, next), 1);
      assert.deepEqual(await blobsNow([old.blob]), { '/a': next.blob });
    });

    test('a put into a volume that was closed fails for good', async () => {
      const closed = encodeVolume(volumeRecord({ state: 'closed' }));
      const { fixture, arm } = await prepare(() => put(kv, volumeKey(volumeRecord().id), closed));
      arm();
      await assert.rejects(
        fixture.namespace.create('/a', fixture.newFile()),
        (error) => isCode(error, 'volume_changed') && error.outcome === 'none',
      );
      const { record, revision } = fixture.volume;
      const known = { record: { ...record, state: 'closed' }, revision: revision + 2 } as const;
      const file = fixture.newFile({ volumes: [known] });
      await assert.rejects(
        fixture.namespace.create('/a', file),
        (error) => isCode(error, 'volume_changed') && error.outcome === 'none',
        'read anew during the upload',
      );
      assert.equal((await checkNames(kv)).size, 0);
    });

    test('once it has a name, a change of its volume’s members is repair’s concern', async () => {
      const moved = encodeVolume(volumeRecord({ epoch: 2 }));
      const { fixture, arm } = await prepare(() => put(kv, volumeKey(volumeRecord().id), moved), 1);
      const [old, next] = [fixture.newFile(), fixture.newFile()];
      await fixture.namespace.create('/a', old);
      await fixture.namespace.copy('/a', '/b');
      arm();
      assert.equal(await fixture.namespace.relocate(old.blob, next), 2);
      assert.deepEqual(await blobsNow([old.blob]), { '/a': next.blob, '/b': next.blob });
    });

    test('a new blob that lost all names it had is garbage and gets no other', async () => {
      const { fixture, arm } = await prepare(({ other }) => other.remove('/a'), 1);
      const [old, next] = [fixture.newFile(), fixture.newFile()];
      await fixture.namespace.create('/a', old);
      await fixture.namespace.copy('/a', '/b');
      arm();
      assert.equal(await fixture.namespace.relocate(old.blob, next), 1);
      assert.deepEqual(await blobsNow([old.blob, next.blob]), { '/b': old.blob });
    });

    test('a copy made meanwhile is moved too', async () => {
      const { fixture, arm } = await prepare(({ other }) => other.copy('/a', '/b'));
      const [old, next] = [fixture.newFile(), fixture.newFile()];
      await fixture.namespace.create('/a', old);
      arm();
      assert.equal(await fixture.namespace.relocate(old.blob, next), 2);
      assert.deepEqual(await blobsNow([old.blob]), { '/a': next.blob, '/b': next.blob });
    });

    const verbs: readonly (readonly [string, Step, Record<string, 'next' | 'old'>])[] = [
      ['copy', ({ namespace }) => namespace.copy('/a', '/b'), { '/a': 'next', '/b': 'next' }],
      ['move', ({ namespace }) => namespace.move('/a', '/b'), { '/b': 'next' }],
      ['removal', ({ namespace }) => namespace.remove('/a'), {}],
      ['recursive removal', ({ namespace }) => namespace.removeTree('/'), {}],
    ];
    for (const [verb, run, expected] of verbs) {
      test(`a ${verb} that a relocation comes before doesn’t fail`, async () => {
        const { fixture, arm } = await prepare(({ other }) => other.relocate(old.blob, next));
        const [old, next] = [fixture.newFile(), fixture.newFile()];
        await fixture.namespace.create('/a', old);
        arm();
        await run(fixture);
        const blobs = { next: next.blob, old: old.blob };
        const there = Object.entries(expected).map(([path, blob]) => [path, blobs[blob]]);
        assert.deepEqual(await blobsNow([old.blob, next.blob]), Object.fromEntries(there));
      });
    }

    test('a put knows its file by its content, though upkeep has moved it since', async () => {
      const { kv: interrupted } = new InterruptedKv(kv, {
        before: async (n) => {
          if (n === 1) await fixture.other.relocate(file.blob, next);
        },
        fate: (n) => (n === 0 ? 'lose reply' : 'pass'),
      });
      const fixture = await namesFixture(kv, () => interrupted, commit);
      const [file, next] = [fixture.newFile({ idempotencyKey: 'k' }), fixture.newFile()];
      const { entry, repeated } = await fixture.namespace.create('/a', file);
      assert.equal(repeated, false);
      assert.deepEqual([entry.record.blob, contentOf(entry.record)], [next.blob, file.blob]);
      assert.ok(entry.revision > 0);
      const again = await fixture.namespace.create('/a', file);
      assert.equal(again.repeated, false, 'its own blob is not to be discarded');
    });

    test('cut off at any write, each name has one blob or the other; the next ends it', async () => {
      const fates: readonly Fate[] = driver.isQuick ? ['lose', 'lose reply', 'late'] : ['late'];
      for (const fate of fates) {
        for (let cut = 0; cut <= 3; cut++) await cutOff(cut, fate);
      }
    });

    /** The writes from the `cut`-th on are lost, all of them; then another relocates. */
    async function cutOff(cut: number, fate: Fate): Promise<void> {
      let first = Number.POSITIVE_INFINITY;
      const interrupted: InterruptedKv = new InterruptedKv(kv, {
        fate: (n) => (n >= first + cut ? fate : 'pass'),
      });
      const fixture = await namesFixture(kv, () => interrupted.kv, commit);
      const [old, next, last] = [fixture.newFile(), fixture.newFile(), fixture.newFile()];
      await fixture.namespace.create('/a', old);
      await fixture.namespace.copy('/a', '/b');
      await fixture.namespace.copy('/a', '/c');
      first = interrupted.writes;
      const run = fixture.namespace.relocate(old.blob, next);
      if (cut === 3) assert.equal(await run, 3);
      else await assert.rejects(run, (error) => isCode(error, 'outcome_unknown'));
      const blobs = Object.values(await blobsNow([old.blob]));
      const moved = blobs.filter((blob) => blob === next.blob).length;
      assert.equal(moved, cut + (fate === 'lose reply' && cut < 3 ? 1 : 0));
      await fixture.other.relocate(old.blob, last);
      await interrupted.arrive();
      const names = Object.values(await blobsNow([old.blob]));
      assert.equal(names.length, 3);
      assert.ok(names.every((blob) => blob === next.blob || blob === last.blob));
      assert.deepEqual(blobs.slice(0, moved), names.slice(0, moved));
    }

    test('in any interleaving every name keeps its content, and no bytes are forgotten', async () => {
      const path = fc.constantFrom('/a', '/b', '/c', '/d/1', '/d/2');
      const step = fc.oneof(
        fc.record({ verb: fc.constantFrom('copy', 'move'), from: path, to: path }),
        fc.record({ verb: fc.constantFrom('remove', 'removeTree', 'create', 'retry'), from: path }),
        { weight: 2, arbitrary: fc.record({ verb: fc.constant('relocate'), from: path }) },
      );
      const property = fc.asyncProperty(
        fc.scheduler(),
        fc.array(step, { minLength: 2, maxLength: 7 }),
        async (scheduler, steps) => {
          const run = new Interleaving(kv, commit, () => scheduler.schedule(Promise.resolve()));
          await run.prepare();
          await scheduler.waitFor(Promise.all(steps.map((step) => run.do(step))));
          await run.check();
        },
      );
      await fc.assert(property, { numRuns: driver.runs });
    });
  });
}

interface VerbStep {
  readonly verb: string;
  readonly from: string;
  readonly to?: string;
}

/** Verbs and relocations side by side; knows which content each blob has. */
class Interleaving {
  readonly #kv: Kv;
  readonly #commit: (typeof ways)['direct'];
  readonly #turn: () => Promise<unknown>;
  /** By blob: the one that its content was in at first. */
  readonly #contents = new Map<BlobId, BlobId>();
  readonly #named = new Set<BlobId>();
  readonly #discarded = new Set<BlobId>();
  #fixture!: NamesFixture;
  #isArmed = false;

  constructor(kv: Kv, commit: (typeof ways)['direct'], turn: () => Promise<unknown>) {
    this.#kv = kv;
    this.#commit = commit;
    this.#turn = turn;
  }

  async prepare(): Promise<void> {
    const before = async () => {
      if (this.#isArmed) await this.#turn();
    };
    const wrap = () => new InterruptedKv(this.#kv, { before }).kv;
    this.#fixture = await namesFixture(this.#kv, wrap, this.#commit);
    await this.#create('/a');
    await this.#fixture.namespace.copy('/a', '/d/1');
    this.#isArmed = true;
  }

  async do({ verb, from, to = '' }: VerbStep): Promise<void> {
    const { namespace } = this.#fixture;
    try {
      if (verb === 'copy') await namespace.copy(from, to);
      else if (verb === 'move') await namespace.move(from, to);
      else if (verb === 'remove') await namespace.remove(from);
      else if (verb === 'removeTree') await namespace.removeTree('/d');
      else if (verb === 'create') await this.#create(from);
      else if (verb === 'retry') await this.#retry(from);
      else await this.#relocate(from);
    } catch (error) {
      if (!isCode(error, 'path_exists', 'path_not_found', 'overloaded')) throw error;
    }
  }

  async check(): Promise<void> {
    const names = await checkNames(this.#kv, this.#named);
    for (const [path, record] of names) {
      const content = this.#contents.get(record.blob);
      assert.equal(contentOf(record), content, `${path} has other bytes`);
      assert.ok(!this.#discarded.has(record.blob), `${path} has a blob that was thrown away`);
    }
  }

  async #create(path: string, idempotencyKey?: string): Promise<void> {
    const { namespace, newFile } = this.#fixture;
    const file = newFile(idempotencyKey === undefined ? {} : { idempotencyKey });
    this.#contents.set(file.blob, file.blob);
    try {
      const { repeated } = await namespace.create(path, file);
      (repeated ? this.#discarded : this.#named).add(file.blob);
    } catch (error) {
      if (error instanceof DftfsError && error.outcome === 'none') this.#discarded.add(file.blob);
      throw error;
    }
  }

  /** The same put from two front doors. */
  async #retry(path: string): Promise<void> {
    await Promise.all([this.#create(path, 'k'), this.#create(path, 'k')]);
  }

  async #relocate(path: string): Promise<void> {
    const { namespace, newFile } = this.#fixture;
    const old = await namespace.lookup(path);
    if (old === undefined) return;
    const replacement = newFile();
    this.#contents.set(replacement.blob, contentOf(old.record));
    try {
      const moved = await namespace.relocate(old.record.blob, replacement);
      (moved > 0 ? this.#named : this.#discarded).add(replacement.blob);
    } catch (error) {
      if (!(error instanceof DftfsError) || error.outcome !== 'none') throw error;
      this.#discarded.add(replacement.blob);
    }
  }
}
