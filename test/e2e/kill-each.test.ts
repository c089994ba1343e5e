/**
 * Any single process may go, by any signal: right after, every endpoint answers at the same URL.
 */
import { describe, it } from 'node:test';
import { ended, restore } from '../support/cluster-state.ts';
import {
  assertEveryEndpoint,
  assertReadable,
  type LoadedFile,
  loadFiles,
} from '../support/every-endpoint.ts';
import { isFullForm } from '../support/full-form.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';

type Signal = 'SIGKILL' | 'SIGTERM' | 'SIGSTOP';

const signals: readonly Signal[] = ['SIGKILL', 'SIGTERM', 'SIGSTOP'];
const numbered = (kind: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${kind}-${index + 1}`);
const names = [...numbered('node', 6), ...numbered('etcd', 5)];

interface Loss {
  readonly cluster: LocalCluster;
  readonly files: readonly LoadedFile[];
  readonly name: string;
  readonly signal: Signal;
}

async function survives({ cluster, files, name, signal }: Loss): Promise<void> {
  const { url } = cluster;
  cluster.signal(name, signal);
  await assertReadable(url, files);
  for (let round = 0; round < 3; round++) {
    await assertEveryEndpoint(url, `/after-${signal}-${name}-${round}`);
  }
  await assertReadable(url, files);
}

/** One after another in one cluster, whole again in between. */
async function survivesInTurn(signal: Signal): Promise<void> {
  await withLocalCluster(async (cluster) => {
    const files = await loadFiles(cluster.url, 30);
    for (const name of names) {
      await survives({ cluster, files, name, signal });
      if (signal !== 'SIGSTOP') await ended(cluster, name);
      await restore(cluster, [name]);
    }
  });
}

async function survivesAtFirst(name: string, signal: Signal): Promise<void> {
  await withLocalCluster(async (cluster) => {
    const files = await loadFiles(cluster.url, 30);
    await survives({ cluster, files, name, signal });
  });
}

for (const signal of signals) {
  describe(`${signal} leaves every endpoint answering and every file whole`, () => {
    it('to each process in turn', () => survivesInTurn(signal));
    for (const name of isFullForm ? names : []) {
      it(`to ${name} of a new cluster`, () => survivesAtFirst(name, signal));
    }
  });
}
