/** Clocks that are set while processes run. */
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { processFolder } from '#app/local/manifest.ts';
import { httpCall } from '../../support/http-call.ts';
import { until } from '../../support/until.ts';
import { clockFile } from '../ground/set-clocks.ts';
import type { FaultSpec } from '../scenario.ts';
import { choose, type Field, type RunningFault } from './fault.ts';

type ClockSpec = Extract<FaultSpec, { kind: 'clock' }>;

const noticedMs = 60_000;

export async function beginClock(
  { target, offset }: ClockSpec,
  field: Field,
): Promise<RunningFault> {
  const { cluster } = field;
  const names = await choose(target, field);
  const set = async (to: string) => {
    for (const name of names) {
      const file = path.join(processFolder(cluster.data, name), clockFile);
      // A process that finds it empty, half written, ends.
      await writeFile(`${file}.new`, `${to}\n`);
      await rename(`${file}.new`, file);
    }
  };
  const isOff = async (name: string) => {
    const { headers } = await httpCall('GET', `${cluster.nodeUrls.get(name)}/-/health`);
    return Math.abs(Date.parse(String(headers.date)) - Date.now()) > noticedMs || undefined;
  };
  await set(offset);
  for (const name of names) await until(`the clock of ${name} is off`, () => isOff(name));
  return { hits: async () => names.length, undo: () => set('+0') };
}
