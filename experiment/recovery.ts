/** (e) How long until all is as safe again as before a node died, against what it held. */
import { assertAllWhole } from '../test/support/audit.ts';
import { ask, upload } from '../test/support/busy-door.ts';
import { withLocalCluster } from '../test/support/local-cluster.ts';
import { healed, viewOf } from '../test/support/protection.ts';
import { sideBySide } from '../test/support/side-by-side.ts';
import { type Part, type PartOptions, rounded } from './part.ts';

const MiB = 1 << 20;
const sizesMib = [32, 128, 256, 512];
const quickSizesMib = [24];
const fileBytes = 4 * MiB;
const putsAtATime = 2;
const filesAudited = 8;
const victim = 'node-2';
/** Of every cluster's nodes, by their settings. */
const delaySeconds = 10;

/** The time includes the delay in which the node could have come back. */
async function recover(dataMib: number, say: (line: string) => void) {
  return await withLocalCluster(async (cluster) => {
    const files = Array.from({ length: (dataMib * MiB) / fileBytes }, (_, n) =>
      upload(`/file/${n}`, fileBytes),
    );
    await sideBySide(files, putsAtATime, async (file) => {
      if ((await ask(file, cluster.url)) !== 'acknowledged') throw new Error(file.path);
    });
    const { store } = await viewOf(cluster.nodeUrls.get(victim) as string);
    cluster.signal(victim, 'SIGKILL');
    const seconds = rounded((await healed(cluster)) / 1000, 2);
    await assertAllWhole(files.slice(0, filesAudited), [cluster.url]);
    const lostMib = rounded(store.liveBytes / MiB);
    say(`${dataMib} MiB put, ${lostMib} MiB lost: safe again after ${seconds} s`);
    return { dataMib, lostMib, seconds };
  });
}

async function measure({ quick, say }: PartOptions) {
  const repetitions = quick ? 1 : 2;
  const runs = [];
  for (let nth = 0; nth < repetitions; nth++) {
    for (const size of quick ? quickSizesMib : sizesMib) runs.push(await recover(size, say));
  }
  return { repetitions, data: { delaySeconds, fileMib: fileBytes / MiB, runs } };
}

export const recovery: Part = {
  name: 'recovery',
  title: 'time until all is safe again, against the data lost',
  measure,
};
