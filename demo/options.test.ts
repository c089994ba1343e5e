import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDemoOptions } from './options.ts';

test('what is given counts, the rest is the default', () => {
  const { seed, ...others } = parseDemoOptions([]) ?? {};
  assert.deepEqual(others, { seconds: 80, nodes: 6, plain: false });
  assert.ok(Number.isSafeInteger(seed));
  assert.deepEqual(
    parseDemoOptions(['--seconds', '20', '--seed', '42', '--nodes', '5', '--plain']),
    { seconds: 20, seed: 42, nodes: 5, plain: true },
  );
  assert.equal(parseDemoOptions(['--help']), undefined);
});

test('what makes no sense is refused in one line', () => {
  for (const args of [
    ['--seconds', '4'],
    ['--seed', 'x'],
    ['--nodes', '3'],
    ['--speed', '2'],
    ['now'],
  ]) {
    assert.throws(() => parseDemoOptions(args), { name: 'LaunchError', message: /^.{10,90}$/ });
  }
});
