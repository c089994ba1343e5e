import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { isCode } from '#base/errors.ts';
import type { Kv } from '#kv/kv.ts';
import { livenessKey, volumeKey } from '#protocol/keys.ts';
import { encodeVolume } from '#protocol/volumes.ts';
import { InterruptedKv } from '../../test/support/interrupted-kv.ts';
import { drivers } from '../../test/support/kv-drivers.ts';
import {
  checkNames,
  drop,
  type NamesFixture,
  namesFixture,
  node,
  put,
  volumeRecord,
  ways,
} from '../../test/support/names-fixture.ts';

type Step = (fixture: NamesFixture) => Promise<unknown>;

const told = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
    return 'done';
  } catch (error) {
    if (isCode(error, 'path_exists', 'path_not_found', 'overloaded')) return error.code;
    throw error;
  }
};

const cases = drivers.flatMap((driver) =>
  Object.entries(ways).map(([way, commit]) => ({ driver, way, commit })),
);

for (const { driver, way, commit } of cases) {
  describe(`races, ${way} over the ${driver.name} kv`, () => {
    let kv: Kv;
    let stop: () => Promise<void>;
    before(async () => {
      ({ kv, stop } = await driver.start());
    });
    after(() => stop());

    /** A fixture that does `between` right before the first write after `arm`. */
    async function prepare(between: Step) {
      let armed = false;
      const { kv: interrupted } = new InterruptedKv(kv, {
        async before() {
          if (!armed) return;
          armed = false;
          await between(fixture);
        },
      });
      const fixture = await namesFixture(kv, () => interrupted, commit);
      const arm = () => {
        armed = true;
      };
      return { fixture, arm };
    }

    test('a copy whose source goes between its read and its write finds nothing', async () => {
      const { fixture, arm } = await prepare(({ other }) => other.remove('/a'));
      const file = fixture.newFile();
      await fixture.namespace.create('/a', file);
      arm();
      assert.equal(await told(fixture.namespace.copy('/a', '/b')), 'path_not_found');
      assert.equal((await checkNames(kv, [file.blob])).size, 0);
    });

    test('a removal of the last name that a copy comes before leaves the bytes', async () => {
      const { fixture, arm } = await prepare(({ other }) => other.copy('/a', '/b'));
      const file = fixture.newFile();
      await fixture.namespace.create('/a', file);
      arm();
      await fixture.namespace.remove('/a');
      assert.deepEqual([...(await checkNames(kv)).keys()], ['/b']);
    });

    test('a removal whose witness goes meanwhile queues the blob after all', async () => {
      let removals = 0;
      const { kv: interrupted } = new InterruptedKv(kv, {
        async before(_n, txn) {
          const removes = txn.then.some((op) => op.kind === 'delete');
          if (removes && ++removals === 2) await fixture.other.remove('/b');
        },
      });
      const fixture = await namesFixture(kv, () => interrupted, commit);
      const file = fixture.newFile();
      await fixture.namespace.create('/a', file);
      await fixture.namespace.copy('/a', '/b');
      await fixture.namespace.remove('/a');
      assert.ok(removals >= 3);
      assert.equal((await checkNames(kv, [file.blob])).size, 0);
    });

    test('a recursive removal meets a copy of what it is about to remove', async () => {
      const { fixture, arm } = await prepare(({ other }) => other.copy('/t/2', '/kept'));
      const files = ['/t/1', '/t/2', '/t/3'].map((path) => ({ path, file: fixture.newFile() }));
      for (const { path, file } of files) await fixture.namespace.create(path, file);
      await fixture.namespace.copy('/t/1', '/t/4');
      arm();
      assert.equal(await fixture.namespace.removeTree('/t'), 4);
      const names = await checkNames(
        kv,
        files.map(({ file }) => file.blob),
      );
      assert.deepEqual([...names.keys()], ['/kept']);
    });

    test('a removal removes the newer file if the name was given anew meanwhile', async () => {
      const { fixture, arm } = await prepare(async ({ other, newFile }) => {
        await other.remove('/a');
        await other.create('/a', newFile());
      });
      await fixture.namespace.create('/a', fixture.newFile());
      arm();
      await fixture.namespace.remove('/a');
      assert.equal((await checkNames(kv)).size, 0);
    });

    test('a put survives the sealing of its volume, not a change of its members', async () => {
      const { record } = (await namesFixture(kv)).volume;
      const key = volumeKey(record.id);
      const sealed = encodeVolume(volumeRecord({ state: 'sealed' }));
      const { fixture, arm } = await prepare(() => put(kv, key, sealed));
      arm();
      await fixture.namespace.create('/a', fixture.newFile());

      const moved = encodeVolume(volumeRecord({ epoch: 2 }));
      const other = await prepare(() => put(kv, key, moved));
      other.arm();
      await assert.rejects(
        other.fixture.namespace.create('/a', other.fixture.newFile()),
        (error) => isCode(error, 'volume_changed') && error.outcome === 'none',
      );
      const gone = await prepare(() => drop(kv, key));
      gone.arm();
      await assert.rejects(gone.fixture.namespace.create('/a', gone.fixture.newFile()), (error) =>
        isCode(error, 'volume_changed'),
      );
      assert.equal((await checkNames(kv)).size, 0);
    });

    test('a put whose session ended, or began anew, fails for good', async () => {
      const ended = await prepare(() => drop(kv, livenessKey(node)));
      ended.arm();
      const { namespace, newFile } = ended.fixture;
      await assert.rejects(namespace.create('/a', newFile()), (e) => isCode(e, 'session_lost'));
      await put(kv, livenessKey(node), Buffer.from('another'));
      await assert.rejects(namespace.create('/a', newFile()), (e) => isCode(e, 'session_lost'));
      assert.equal((await checkNames(kv)).size, 0);
    });

    test('of many puts to one path exactly one is told success, and its bytes stay', async () => {
      const fixture = await namesFixture(kv, undefined, commit);
      const files = Array.from({ length: 20 }, () => fixture.newFile());
      const outcomes = await Promise.all(
        files.map((file) => told(fixture.namespace.create('/a', file))),
      );
      assert.equal(outcomes.filter((outcome) => outcome === 'done').length, 1);
      const winner = files[outcomes.indexOf('done')];
      assert.equal((await fixture.namespace.lookup('/a'))?.record.blob, winner?.blob);
    });

    test('in any interleaving of verbs no bytes are lost or forgotten', async () => {
      const path = fc.constantFrom('/a', '/b', '/c', '/d/1', '/d/2');
      const step = fc.oneof(
        fc.record({ verb: fc.constantFrom('copy', 'move'), from: path, to: path }),
        fc.record({ verb: fc.constantFrom('remove', 'removeTree', 'create'), from: path }),
      );
      const property = fc.asyncProperty(
        fc.scheduler(),
        fc.array(step, { minLength: 2, maxLength: 6 }),
        async (scheduler, steps) => {
          let armed = false;
          const { kv: interrupted } = new InterruptedKv(kv, {
            before: async () => {
              if (armed) await scheduler.schedule(Promise.resolve());
            },
          });
          const fixture = await namesFixture(kv, () => interrupted, commit);
          const { namespace, newFile } = fixture;
          const files = [newFile()];
          await namespace.create('/a', files[0] ?? newFile());
          await namespace.copy('/a', '/d/1');
          armed = true;
          const runs = steps.map(({ verb, ...step }) => {
            const to = 'to' in step ? step.to : '';
            if (verb === 'copy') return told(namespace.copy(step.from, to));
            if (verb === 'move') return told(namespace.move(step.from, to));
            if (verb === 'remove') return told(namespace.remove(step.from));
            if (verb === 'removeTree') return told(namespace.removeTree('/d'));
            const file = newFile();
            return told(namespace.create(step.from, file)).then((outcome) => {
              if (outcome === 'done') files.push(file);
            });
          });
          await scheduler.waitFor(Promise.all(runs));
          await checkNames(
            kv,
            files.map(({ blob }) => blob),
          );
        },
      );
      await fc.assert(property, { numRuns: driver.runs });
    });
  });
}
