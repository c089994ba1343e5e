import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { KeySpan, Kv, KvOp, Watch, WatchEvent } from '../kv.ts';
import { prefixSpan } from '../kv.ts';
import { type Made, options, put, remove, then } from './support.ts';

const waitMs = 5000;

/** Collects what a watch tells. */
class Follower {
  readonly groups: { revision: number; events: readonly WatchEvent[] }[] = [];
  readonly ends: string[] = [];
  readonly #watch: Watch;
  #changed = Promise.withResolvers<void>();

  constructor(kv: Kv, span: KeySpan, fromRevision: number) {
    this.#watch = kv.watch(span, fromRevision, {
      onEvents: (events, revision) => {
        this.groups.push({ revision, events });
        this.#change();
      },
      onEnd: (reason) => {
        this.ends.push(reason);
        this.#change();
      },
    });
  }

  close(): void {
    this.#watch.close();
  }

  /** As `put a/1@7 delete a/2@7`. */
  get told(): string {
    const show = ({ kind, entry }: WatchEvent) => `${kind} ${entry.key}@${entry.modRevision}`;
    return this.groups.flatMap(({ events }) => events.map(show)).join(' ');
  }

  async until(condition: () => boolean): Promise<void> {
    const timer = Promise.withResolvers<never>();
    const told = () => new Error(`in vain; so far: ${this.told} ${this.ends.join()}`);
    const handle = setTimeout(() => timer.reject(told()), waitMs);
    try {
      while (!condition()) await Promise.race([this.#changed.promise, timer.promise]);
    } finally {
      clearTimeout(handle);
    }
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

export function watchContract(made: Made): void {
  it('tells the past from its revision on, and then what comes', async () => {
    const { kv } = made();
    const { revision } = await kv.txn(then(put('watch/1', 'a')), options);
    await kv.txn(then(put('watch/1', 'b')), options);
    const follower = new Follower(kv, { start: 'watch/1' }, revision + 1);
    await follower.until(() => follower.groups.length === 1);
    await kv.txn(then(put('watch/1', 'c')), options);
    await kv.txn(then(remove('watch/1')), options);
    await follower.until(() => follower.groups.length === 3);
    assert.deepEqual(
      follower.groups.map(({ events }) => [events[0]?.kind, events[0]?.entry.value.toString()]),
      [
        ['put', 'b'],
        ['put', 'c'],
        ['delete', ''],
      ],
    );
    const [, changed, gone] = follower.groups.map(({ events }) => events[0]?.entry);
    assert.deepEqual([changed?.version, changed?.createRevision], [3, revision]);
    assert.deepEqual([gone?.version, gone?.createRevision], [0, 0]);
    assert.deepEqual([gone?.key, gone?.modRevision], ['watch/1', revision + 3]);
    follower.close();
  });

  it('tells all of one revision at once, in order of revisions', async () => {
    const { kv } = made();
    const past = await kv.txn(then(put('group/1'), put('group/2'), put('other/1')), options);
    const follower = new Follower(kv, prefixSpan('group/'), past.revision);
    await follower.until(() => follower.groups.length === 1);
    for (let i = 0; i < 20; i++)
      await kv.txn(then(put('group/1'), i % 2 ? put('group/2') : remove('group/2')), options);
    await follower.until(() => follower.groups.length === 21);
    for (const [i, { revision, events }] of follower.groups.entries()) {
      assert.equal(revision, past.revision + i);
      assert.deepEqual(events.map(({ entry }) => entry.key).sort(), ['group/1', 'group/2']);
      assert.ok(events.every(({ entry }) => entry.modRevision === revision));
    }
    follower.close();
  });

  it('tells what happens in its span only', async () => {
    const { kv } = made();
    const { revision } = await kv.range({ start: 'x' }, options);
    const follower = new Follower(kv, { start: 'span/b', end: 'span/d' }, revision + 1);
    for (const key of ['a', 'b', 'c', 'd', 'b/']) await kv.txn(then(put(`span/${key}`)), options);
    await follower.until(() => follower.groups.length === 3);
    const keys = follower.groups.flatMap(({ events }) => events.map(({ entry }) => entry.key));
    assert.deepEqual(keys, ['span/b', 'span/c', 'span/b/']);
    follower.close();
  });

  it('waits for a revision to come', async () => {
    const { kv } = made();
    const { revision } = await kv.txn(then(put('future/1')), options);
    const follower = new Follower(kv, prefixSpan('future/'), revision + 2);
    await kv.txn(then(put('future/2')), options);
    await kv.txn(then(put('future/3')), options);
    await follower.until(() => follower.groups.length === 1);
    assert.equal(follower.told, `put future/3@${revision + 2}`);
    follower.close();
  });

  it('tells that a lease ended', async () => {
    const { kv } = made();
    const lease = await kv.grantLease(60_000, options);
    const bound = { kind: 'put', key: 'wlease/1', value: Buffer.alloc(0), lease } as const;
    const { revision } = await kv.txn(then(bound), options);
    const follower = new Follower(kv, prefixSpan('wlease/'), revision + 1);
    await kv.revokeLease(lease, options);
    await follower.until(() => follower.groups.length === 1);
    assert.equal(follower.told, `delete wlease/1@${revision + 1}`);
    follower.close();
  });

  it('ends once, when closed, and is silent from then on', async () => {
    const { kv } = made();
    const { revision } = await kv.txn(then(put('close/1')), options);
    const [closed, other] = [0, 1].map(() => new Follower(kv, prefixSpan('close/'), revision));
    await closed?.until(() => closed.groups.length === 1);
    closed?.close();
    closed?.close();
    await closed?.until(() => closed.ends.length > 0);
    await kv.txn(then(put('close/2')), options);
    await other?.until(() => other.groups.length === 2);
    assert.deepEqual([closed?.groups.length, closed?.ends], [1, ['closed']]);
    other?.close();
  });

  it('ends when the history it needs is compacted', async () => {
    const { kv, compact } = made();
    const { revision } = await kv.txn(then(put('compact/1')), options);
    for (let i = 0; i < 3; i++) await kv.txn(then(put('compact/1')), options);
    await compact(revision + 2);
    const follower = new Follower(kv, prefixSpan('compact/'), revision);
    await follower.until(() => follower.ends.length > 0);
    assert.match(follower.ends.join(), /compacted/);
    assert.equal(follower.groups.length, 0);
  });

  it('tells in the order of keys what a lease takes with it, however they were put', async () => {
    const { kv } = made();
    const lease = await kv.grantLease(60_000, options);
    const bound = (key: string): KvOp => ({ kind: 'put', key, value: Buffer.alloc(0), lease });
    const puts = then(bound('watch/2'), bound('watch/3'), bound('watch/1'));
    const { revision } = await kv.txn(puts, options);
    await kv.revokeLease(lease, options);
    const follower = new Follower(kv, prefixSpan('watch/'), revision + 1);
    await follower.until(() => follower.groups.length > 0);
    const at = revision + 1;
    assert.equal(follower.told, `delete watch/1@${at} delete watch/2@${at} delete watch/3@${at}`);
    follower.close();
  });
}
