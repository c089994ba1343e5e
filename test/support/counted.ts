/** What a register shows, by name and the values of labels: `dftfs_calls_total n1 read` → 3. */
import type { MetricRegister } from '#observe/metric-register.ts';
import { parsePrometheus } from './prometheus-text.ts';

export async function countedIn(register: MetricRegister): Promise<Record<string, number>> {
  const families = [...parsePrometheus(await register.text()).values()];
  const samples = families.flatMap((family) => family.samples);
  return Object.fromEntries(
    samples.map(({ name, labels, value }) => [[name, ...Object.values(labels)].join(' '), value]),
  );
}
