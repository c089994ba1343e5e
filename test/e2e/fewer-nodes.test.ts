import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLocalCluster } from '../support/local-cluster.ts';

/** As `/stat` tells it. */
interface Stat {
  readonly etag: string;
  readonly lossesSurvivable: number;
  readonly extents: readonly { readonly members: readonly { readonly live: boolean }[] }[];
}

const boundMs = 120_000;

test('with one node less, large files move to fewer nodes and stay what they are', async () => {
  await withLocalCluster(async ({ url, signal }) => {
    const contents = new Map<string, Buffer>();
    for (let i = 0; i < 24; i++) {
      const content = randomFillSync(Buffer.allocUnsafe(300_000 + i * 200_000));
      contents.set(`/large/${i}`, content);
      const { status } = await fetch(`${url}/large/${i}`, { method: 'PUT', body: content });
      assert.equal(status, 200);
    }
    const stat = async (path: string): Promise<Stat> => {
      const answer = await fetch(`${url}/stat?path=${path}`);
      assert.equal(answer.status, 200);
      return (await answer.json()) as Stat;
    };
    const before = new Map<string, Stat>();
    for (const path of contents.keys()) before.set(path, await stat(path));

    signal('node-3', 'SIGKILL');
    const isSafe = async (path: string): Promise<boolean> => {
      const { lossesSurvivable, extents } = await stat(path);
      const areLive = extents.every(({ members }) => members.every(({ live }) => live));
      return (
        lossesSurvivable === 2 && areLive && extents.every(({ members: { length } }) => length <= 4)
      );
    };
    const bound = Date.now() + boundMs;
    for (const path of contents.keys()) {
      while (!(await isSafe(path).catch(() => false))) {
        if (Date.now() > bound) assert.fail(`${path}: ${JSON.stringify(await stat(path))}`);
        await sleep(200);
      }
    }
    for (const [path, content] of contents) {
      const answer = await fetch(url + path);
      assert.ok(Buffer.from(await answer.arrayBuffer()).equals(content), path);
      assert.equal(answer.headers.get('etag'), before.get(path)?.etag);
    }
  });
});
