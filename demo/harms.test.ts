import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HarmSignal, Harms } from './harms.ts';

function after(name: string, signal: HarmSignal, untilMs?: number): Harms {
  const harms = new Harms();
  const harm = harms.begin(name, signal, 1000);
  if (untilMs !== undefined) harm.untilMs = untilMs;
  return harms;
}

const request = (beganMs: number, endedMs: number, wasAnswered = false) => ({
  beganMs,
  endedMs,
  wasAnswered,
});

test('a kill excuses what was under way while the node died, and nothing else', () => {
  const harms = after('node-2', 'SIGKILL', 1030);
  assert.ok(harms.mayHaveCut(request(990, 1001)));
  assert.ok(harms.mayHaveCut(request(1020, 1040)));
  assert.ok(!harms.mayHaveCut(request(900, 999)), 'it broke before');
  assert.ok(!harms.mayHaveCut(request(1031, 1040)), 'it began when the node was dead');
  assert.ok(!harms.mayHaveCut(request(990, 1001, true)), 'the dead answer nothing');
});

test('who isn’t seen to be dead yet may still be dying', () => {
  assert.ok(after('node-2', 'SIGKILL').mayHaveCut(request(2000, 2001)));
});

test('a stop excuses what the node held, even if it says no in the end', () => {
  const harms = after('node-2', 'SIGSTOP', 1010);
  assert.ok(harms.mayHaveCut(request(1000, 11_000)));
  assert.ok(harms.mayHaveCut(request(1000, 5000, true)));
  assert.ok(!harms.mayHaveCut(request(1011, 5000, true)));
});

test('clients have no connection to etcd', () => {
  assert.ok(!after('etcd-1', 'SIGKILL', 1030).mayHaveCut(request(990, 1001)));
});
