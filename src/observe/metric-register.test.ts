import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePrometheus } from '../../test/support/prometheus-text.ts';
import { MetricRegister } from './metric-register.ts';

const samplesOf = async (register: MetricRegister, name: string) =>
  parsePrometheus(await register.text()).get(name)?.samples;

test('what was counted is shown, by its labels', async () => {
  const register = new MetricRegister();
  const calls = register.counter('dftfs_calls_total', 'Calls.', 'peer', 'method');
  calls.with('a', 'read').add();
  calls.with('a', 'read').add(2);
  calls.with('b', 'read').add();
  assert.deepEqual(await samplesOf(register, 'dftfs_calls_total'), [
    { name: 'dftfs_calls_total', labels: { peer: 'a', method: 'read' }, value: 3 },
    { name: 'dftfs_calls_total', labels: { peer: 'b', method: 'read' }, value: 1 },
  ]);
});

test('a histogram counts up to each of its bounds, and beyond', async () => {
  const register = new MetricRegister();
  const took = register.histogram('dftfs_took_seconds', 'Time.', [0.1, 1]).with();
  for (const seconds of [0.05, 0.1, 0.5, 3]) took.observe(seconds);
  const values = (await samplesOf(register, 'dftfs_took_seconds'))?.map(({ value }) => value);
  assert.deepEqual(values, [2, 3, 4, 3.65, 4]);
});

test('without labels it shows before anything has happened; with labels it is known by name', async () => {
  const register = new MetricRegister();
  register.counter('dftfs_plain_total', 'Plain.');
  register.gauge('dftfs_labelled', 'Labelled.', 'x');
  const families = parsePrometheus(await register.text());
  assert.equal(families.get('dftfs_plain_total')?.samples[0]?.value, 0);
  assert.deepEqual(families.get('dftfs_labelled')?.samples, []);
});

test('whatever a label says does not break the text', async () => {
  const register = new MetricRegister();
  const odd = 'a "quoted" \\ line\nand another, {x="y"} 1';
  register.gauge('dftfs_odd', 'One \\ two\nthree.', 'x').with(odd).value = Number.POSITIVE_INFINITY;
  const [sample] = (await samplesOf(register, 'dftfs_odd')) ?? [];
  assert.deepEqual([sample?.labels.x, sample?.value], [odd, Number.POSITIVE_INFINITY]);
});

test('labels without end do not fill memory', async () => {
  const register = new MetricRegister();
  const family = register.counter('dftfs_many_total', 'Many.', 'x');
  for (let i = 0; i < 10_000; i++) family.with(String(i)).add();
  assert.ok([...family.series()].length <= 2000);
});

test('what is looked up at a scrape is looked up once for all who scrape meanwhile', async () => {
  const register = new MetricRegister();
  const gauge = register.gauge('dftfs_looked', 'Looked up.').with();
  let looked = 0;
  register.onScrape(async () => {
    looked += 1;
    await Promise.resolve();
    gauge.value = looked;
  });
  const [first, second] = await Promise.all([register.text(), register.text()]);
  assert.equal(first, second);
  assert.match(await register.text(), /^dftfs_looked 2$/m);
});

test('a name that breaks the rules, or comes twice, is a bug', () => {
  const register = new MetricRegister();
  register.gauge('dftfs_twice', 'Twice.');
  assert.throws(() => register.gauge('dftfs_twice', 'Twice.'));
  assert.throws(() => register.counter('dftfs_calls', 'No total.'));
  assert.throws(() => register.gauge('dftfs_calls_total', 'No counter.'));
  assert.throws(() => register.gauge('other_calls', 'Of nobody here.'));
  assert.throws(() => register.counter('dftfs_x_total', 'One label.', 'a').with('b', 'c'));
});
