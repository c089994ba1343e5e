import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../support/seeded-random.ts';
import { FilesState } from './files-model.ts';
import type { Call, Operation, Result } from './history.ts';
import { judge } from './linearizability.ts';

interface Try {
  readonly call: Call;
  readonly calledAt: number;
  readonly returnedAt: number;
  /** When it happens; undefined: never. */
  readonly happensAt: number | undefined;
}

const lostShare = 0.35;
const triesMax = 4;

function randomCall(random: SeededRandom, request: string): Call {
  const path = random.oneOf(['/a', '/b', '/c']);
  const to = random.oneOf(['/a', '/b', '/c'].filter((other) => other !== path));
  const verb = random.oneOf([
    'create',
    'create',
    'get',
    'exists',
    'copy',
    'move',
    'remove',
  ] as const);
  if (verb === 'create') return { verb, path, value: `v ${request}`, request };
  if (verb === 'get' || verb === 'exists') return { verb, path };
  return verb === 'remove' ? { verb, path, request } : { verb, path, to, request };
}

/** What a client does, one try after another, many of them without an answer. */
function* triesOf(random: SeededRandom, client: number): Generator<Try> {
  let calledAt = random.fraction() * 5;
  for (let number = 0; number < 15; number++) {
    const call = randomCall(random, `${client}.${number}`);
    let isAnswered = false;
    for (let tried = 0; tried < triesMax && !isAnswered; tried++) {
      isAnswered = random.fraction() > lostShare;
      const lasts = 0.2 + random.fraction() * 3;
      const happens = isAnswered || random.fraction() < 0.5;
      const happensAt = happens ? calledAt + random.fraction() * lasts : undefined;
      const returnedAt = isAnswered ? calledAt + lasts : Number.POSITIVE_INFINITY;
      yield { call, calledAt, returnedAt, happensAt };
      calledAt += lasts + random.fraction();
    }
  }
}

/** All that a call can be told. */
function* resultsOf(call: Call, values: readonly string[]): Generator<Result> {
  if (call.verb === 'get') for (const value of values) yield { kind: 'done', value };
  else yield { kind: 'done' };
  if (call.verb !== 'create') yield { kind: 'missing' };
  if (call.verb === 'create' || call.verb === 'copy' || call.verb === 'move')
    yield { kind: 'taken' };
}

/** As it went: each call had its one result when it happened. */
function historyOf(tries: readonly Try[]): Operation[] {
  const values = tries.flatMap(({ call }) => (call.verb === 'create' ? [call.value] : []));
  const results = new Map<Try, Result>();
  let state = FilesState.empty;
  for (const one of tries.toSorted((a, b) => (a.happensAt ?? 0) - (b.happensAt ?? 0))) {
    if (one.happensAt === undefined) continue;
    for (const result of resultsOf(one.call, values)) {
      const next = state.apply({ ...one, id: 0, client: 'c', result });
      if (next === undefined) continue;
      state = next;
      if (one.returnedAt < Number.POSITIVE_INFINITY) results.set(one, result);
      break;
    }
  }
  return tries.map((one, id) => {
    const { call, calledAt, returnedAt } = one;
    const result = results.get(one) ?? ({ kind: 'unknown' } as const);
    return { id, client: 'c', call, result, calledAt, returnedAt };
  });
}

test('histories of which a third is unknown are judged, and found right', () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = new SeededRandom(seed);
    const tries = [1, 2, 3, 4, 5, 6].flatMap((client) => [...triesOf(random, client)]);
    const history = historyOf(tries);
    const unknown = history.filter(({ result }) => result.kind === 'unknown').length;
    assert.ok(unknown > history.length / 5, `${unknown} of ${history.length}`);
    const { violations, undecided } = judge(history);
    assert.deepEqual([violations.length, undecided], [0, 0], `seed ${seed}`);
  }
});
