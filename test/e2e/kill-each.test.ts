/**
 * Any single process may go, by any signal: right after, every endpoint answers at the same URL.
 */
import { after, before, describe, it } from 'node:test';
import {
  assertEveryEndpoint,
  assertReadable,
  type LoadedFile,
  loadFiles,
} from '../support/every-endpoint.ts';
import { type LocalCluster, startLocalCluster } from '../support/local-cluster.ts';

const signals = ['SIGKILL', 'SIGTERM', 'SIGSTOP'] as const;
const processes = [
  ...Array.from({ length: 6 }, (_, n) => `node-${n + 1}`),
  ...Array.from({ length: 5 }, (_, n) => `etcd-${n + 1}`),
];

for (const signal of signals) {
  for (const name of processes) {
    describe(`${signal} of ${name}`, () => {
      let cluster: LocalCluster;
      let files: LoadedFile[];
      before(async () => {
        cluster = await startLocalCluster();
        files = await loadFiles(cluster.url, 30);
      });
      after(() => cluster.stop());

      it('leaves every endpoint answering and every file whole', async () => {
        cluster.signal(name, signal);
        await assertReadable(cluster.url, files);
        for (let round = 0; round < 5; round++) {
          await assertEveryEndpoint(cluster.url, `/after-${round}`);
        }
        await assertReadable(cluster.url, files);
      });
    });
  }
}
