import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isCode } from '#base/errors.ts';
import type { CallOptions, Kv, KvOp, NestedTxn, Txn } from '#kv/kv.ts';
import { garbageKey, livenessKey } from '#protocol/keys.ts';
import { type Fate, InterruptedKv } from '../../test/support/interrupted-kv.ts';
import { drivers } from '../../test/support/kv-drivers.ts';
import {
  checkNames,
  drop,
  type NamesFixture,
  namesFixture,
  node,
  options,
  put,
  ways,
} from '../../test/support/names-fixture.ts';

/** Does one verb on /a (and /b), and says whether its effect is there. */
interface Trial {
  readonly name: string;
  readonly run: (fixture: NamesFixture) => Promise<unknown>;
  /** Names after it, given that /a, /shared and /tree/1 … /tree/3 were there before. */
  readonly after: readonly string[];
  /** Undoes it as another client could, so that applying it again would show. */
  readonly undo: (fixture: NamesFixture) => Promise<unknown>;
}

const start = ['/a', '/shared', '/tree/1', '/tree/2', '/tree/3'];
const trials: readonly Trial[] = [
  {
    name: 'create',
    run: ({ namespace, newFile }) => namespace.create('/new', newFile()),
    after: [...start, '/new'],
    undo: ({ namespace }) => namespace.remove('/new'),
  },
  {
    name: 'copy',
    run: ({ namespace }) => namespace.copy('/a', '/new'),
    after: [...start, '/new'],
    undo: ({ namespace }) => namespace.remove('/new'),
  },
  {
    name: 'move',
    run: ({ namespace }) => namespace.move('/a', '/new'),
    after: [...start.slice(1), '/new'],
    undo: ({ namespace }) => namespace.move('/new', '/a'),
  },
  {
    name: 'remove',
    run: ({ namespace }) => namespace.remove('/tree/1'),
    after: start.filter((path) => path !== '/tree/1'),
    undo: ({ namespace, newFile }) => namespace.create('/tree/1', newFile()),
  },
  {
    name: 'remove of a shared blob',
    run: ({ namespace }) => namespace.remove('/a'),
    after: start.slice(1),
    undo: ({ namespace }) => namespace.copy('/shared', '/a'),
  },
  {
    name: 'removeTree',
    run: ({ namespace }) => namespace.removeTree('/tree'),
    after: start.slice(0, 2),
    undo: async ({ namespace, newFile }) => {
      for (const path of start.slice(2)) await namespace.create(path, newFile());
    },
  },
];

const cases = drivers.flatMap((driver) =>
  Object.entries(ways).map(([way, commit]) => ({ driver, way, commit })),
);

for (const { driver, way, commit } of cases) {
  describe(`lost and late transactions, ${way} over the ${driver.name} kv`, () => {
    let kv: Kv;
    let stop: () => Promise<void>;
    before(async () => {
      ({ kv, stop } = await driver.start());
    });
    after(() => stop());

    /** `fates[n]` is that of the n-th write of the trial, 'pass' behind the last. */
    async function prepare(fates: readonly Fate[]) {
      let armed = false;
      let first = 0;
      const interrupted: InterruptedKv = new InterruptedKv(kv, {
        fate: (n) => (armed ? (fates[n - first] ?? 'pass') : 'pass'),
      });
      const fixture = await namesFixture(kv, () => interrupted.kv, commit);
      const { namespace, newFile } = fixture;
      for (const path of ['/a', ...start.slice(2)]) await namespace.create(path, newFile());
      await namespace.copy('/a', '/shared');
      first = interrupted.writes;
      armed = true;
      const disarm = () => {
        armed = false;
      };
      return { fixture, interrupted, disarm };
    }

    const namesNow = async () => [...(await checkNames(kv)).keys()];
    const inOrder = (names: readonly string[]) => [...names].sort();

    for (const trial of trials) {
      const recovering: Fate[][] = [
        ['lose'],
        ['lose reply'],
        ['late'],
        ['refuse'],
        ['lose', 'lose reply'],
        ['lose reply', 'lose', 'late', 'lose reply'],
        ['late', 'late'],
        ['refuse', 'late', 'refuse'],
      ];
      for (const fates of driver.isQuick ? recovering : recovering.slice(5, 6)) {
        test(`${trial.name} succeeds once after: ${fates.join(', ')}`, async () => {
          const { fixture, interrupted, disarm } = await prepare(fates);
          await trial.run(fixture);
          disarm();
          assert.deepEqual(await namesNow(), inOrder(trial.after));
          await trial.undo(fixture);
          await interrupted.arrive();
          assert.deepEqual(await namesNow(), inOrder(start), 'a late try was applied again');
        });
      }

      test(`${trial.name} says that it was not done when nothing was ever sent`, async () => {
        const { fixture, disarm } = await prepare(Array(500).fill('refuse'));
        await assert.rejects(
          trial.run(fixture),
          (error) => isCode(error, 'names_unavailable') && error.outcome === 'none',
        );
        disarm();
        assert.deepEqual(await namesNow(), inOrder(start));
      });

      for (const fate of ['lose', 'lose reply', 'late'] as const) {
        test(`${trial.name} doesn't know when every try ends in: ${fate}`, async () => {
          const { fixture, interrupted, disarm } = await prepare(Array(500).fill(fate));
          await assert.rejects(
            trial.run(fixture),
            (error) => isCode(error, 'outcome_unknown') && error.outcome === 'maybe',
          );
          disarm();
          await interrupted.arrive();
          const names = String(await namesNow());
          const done = names === String(inOrder(trial.after));
          const notDone = names === String(inOrder(start));
          assert.ok(notDone || (done && fate !== 'lose'), names);
        });
      }
    }

    test('a put that was refused never appears, though its first try comes late', async () => {
      const { fixture, interrupted, disarm } = await prepare(['late']);
      const { namespace, newFile } = fixture;
      const file = newFile();
      await assert.rejects(namespace.create('/a', file), (error) => isCode(error, 'path_exists'));
      disarm();
      await namespace.remove('/a');
      await interrupted.arrive();
      assert.equal(await namespace.lookup('/a'), undefined);
      await checkNames(kv);
    });

    test('a put that was done and undone before it could be settled was done', async () => {
      const { kv: interrupted } = new InterruptedKv(kv, {
        before: async (n) => {
          if (n === 1) await fixture.other.remove('/x');
        },
        fate: (n) => (n === 0 ? 'lose reply' : 'pass'),
      });
      const fixture = await namesFixture(kv, () => interrupted, commit);
      const file = fixture.newFile();
      const { entry, repeated } = await fixture.namespace.create('/x', file);
      assert.deepEqual([entry.record.blob, entry.revision, repeated], [file.blob, 0, false]);
      assert.equal((await checkNames(kv, [file.blob])).size, 0);
    });

    test('a put is no success because its session is seen as it was before it ended', async () => {
      const { kv: interrupted } = new InterruptedKv(kv, {
        before: async (n) => {
          if (n !== 1) return;
          const { revision } = await kv.range({ start: garbageKey(file.blob) }, options);
          await drop(kv, livenessKey(node));
          await put(kv, garbageKey(file.blob), Buffer.from('its writer has gone'));
          seenAt = revision;
        },
        fate: (n) => (n === 0 ? 'lose' : 'pass'),
      });
      let seenAt: number | undefined;
      const asItWas = (op: KvOp | NestedTxn) =>
        op.kind === 'range' && seenAt !== undefined ? { ...op, revision: seenAt } : op;
      const lagging: Kv = new Proxy(interrupted, {
        get: (target, name) => {
          if (name !== 'txn') return Reflect.get(target, name);
          return (txn: Txn, limits: CallOptions) => {
            const isRead = txn.then.every(({ kind }) => kind === 'range');
            return target.txn(isRead ? { ...txn, then: txn.then.map(asItWas) } : txn, limits);
          };
        },
      });
      const fixture = await namesFixture(kv, () => lagging, commit);
      const file = fixture.newFile();
      await assert.rejects(fixture.namespace.create('/x', file), (error) =>
        isCode(error, 'outcome_unknown'),
      );
    });

    test('a put whose key is repeated succeeds, whatever became of the first answer', async () => {
      const { fixture, interrupted, disarm } = await prepare(Array(500).fill('lose reply'));
      const { namespace, newFile } = fixture;
      const first = newFile({ idempotencyKey: 'k' });
      await assert.rejects(namespace.create('/k', first), (error) =>
        isCode(error, 'outcome_unknown'),
      );
      disarm();
      const again = await namespace.create('/k', newFile({ idempotencyKey: 'k' }));
      assert.equal(again.repeated, true);
      assert.equal(again.entry.record.blob, first.blob);
      await interrupted.arrive();
      await checkNames(kv);
    });
  });
}
