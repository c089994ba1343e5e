import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSeed, SeededRandom } from '../support/seeded-random.ts';
import { isLinearizable } from './brute-force.ts';
import type { Call, Operation, Result } from './history.ts';
import { judge } from './linearizability.ts';
import { svgPicture, textPicture } from './picture.ts';

let operations = 0;
const operation = (
  calledAt: number,
  returnedAt: number,
  call: Call,
  result: Result = { kind: 'done' },
): Operation => ({ id: ++operations, client: 'c', call, result, calledAt, returnedAt });

const create = (value: string): Call => ({ verb: 'create', path: '/a', value, request: value });
const get: Call = { verb: 'get', path: '/a' };
const never = Number.POSITIVE_INFINITY;
const isRight = (...history: Operation[]) => judge(history).violations.length === 0;

test('of two creations that both succeed, one is a lie', () => {
  assert.ok(isRight(operation(0, 9, create('x')), operation(0, 9, create('y'), { kind: 'taken' })));
  assert.ok(!isRight(operation(0, 9, create('x')), operation(0, 9, create('y'))));
});

test('what was acknowledged is there for whoever asks later, and not only at times', () => {
  const put = operation(0, 1, create('x'));
  assert.ok(isRight(put, operation(2, 3, get, { kind: 'done', value: 'x' })));
  assert.ok(!isRight(put, operation(2, 3, get, { kind: 'missing' })));
  assert.ok(isRight(put, operation(0.5, 3, get, { kind: 'missing' })));
  assert.ok(!isRight(put, operation(2, 3, get, { kind: 'done', value: 'y' })));
});

test('what is unknown may have happened, late too, or never; but not be undone', () => {
  const put = operation(0, never, create('x'), { kind: 'unknown' });
  const seen = operation(8, 9, get, { kind: 'done', value: 'x' });
  const unseen = (from: number) => operation(from, from + 1, get, { kind: 'missing' });
  assert.ok(isRight(put, unseen(5)));
  assert.ok(isRight(put, unseen(5), seen));
  assert.ok(!isRight(put, seen, unseen(10)));
});

test('a removal repeated under its key succeeds once more, another finds nothing', () => {
  const remove = (request: string): Call => ({ verb: 'remove', path: '/a', request });
  const before = [operation(0, 1, create('x')), operation(2, 3, remove('r'))];
  assert.ok(isRight(...before, operation(4, 5, remove('r'))));
  assert.ok(!isRight(...before, operation(4, 5, remove('s'))));
  assert.ok(!isRight(...before, operation(4, 5, remove('r'), { kind: 'missing' })));
});

test('a move is one moment on both paths', () => {
  const move: Call = { verb: 'move', path: '/a', to: '/b', request: 'm' };
  const at = (path: string, from: number, result: Result) =>
    operation(from, from + 1, { verb: 'get', path }, result);
  const found = { kind: 'done', value: 'x' } as const;
  const before = [operation(0, 1, create('x')), operation(2, 9, move)];
  assert.ok(isRight(...before, at('/b', 3, found), at('/a', 5, { kind: 'missing' })));
  assert.ok(!isRight(...before, at('/b', 3, found), at('/a', 5, found)));
  assert.ok(
    !isRight(...before, at('/a', 3, { kind: 'missing' }), at('/b', 5, { kind: 'missing' })),
  );
});

function randomCall(random: SeededRandom): Call {
  const path = random.oneOf(['/a', '/b']);
  const to = path === '/a' ? '/b' : '/a';
  const value = random.oneOf(['x', 'y']);
  const request = random.oneOf(['r', 's', 't']);
  const verb = random.oneOf([
    'create',
    'create',
    'get',
    'exists',
    'copy',
    'move',
    'remove',
  ] as const);
  if (verb === 'create') return { verb, path, value: `${value}${request}`, request };
  if (verb === 'get' || verb === 'exists') return { verb, path };
  return verb === 'remove' ? { verb, path, request } : { verb, path, to, request };
}

function randomResult(random: SeededRandom, { verb }: Call): Result {
  const kind = random.oneOf(['done', 'done', 'done', 'missing', 'taken', 'unknown'] as const);
  if (kind === 'taken' && verb !== 'create' && verb !== 'copy' && verb !== 'move') {
    return { kind: 'missing' };
  }
  if (kind === 'missing' && verb === 'create') return { kind: 'taken' };
  const value = random.oneOf(['xr', 'xs', 'yr', 'ys', 'xt']);
  return kind === 'done' && verb === 'get' ? { kind, value } : { kind };
}

test('it agrees with the trying of all orders on tens of thousands of short histories', (context) => {
  const seed = newSeed();
  context.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const seen = { right: 0, wrong: 0 };
  for (let run = 0; run < 30_000; run++) {
    const history = Array.from({ length: random.between(1, 5) }, () => {
      const call = randomCall(random);
      const result = randomResult(random, call);
      const calledAt = random.between(0, 12);
      const lasts = random.between(1, 6) + 0.5;
      return operation(
        calledAt,
        result.kind === 'unknown' ? never : calledAt + lasts,
        call,
        result,
      );
    });
    const expected = isLinearizable(history);
    const found = judge(history, run % 4).violations.length === 0;
    assert.equal(found, expected, JSON.stringify(history, undefined, 1));
    seen[expected ? 'right' : 'wrong'] += 1;
  }
  assert.ok(seen.right > 3000 && seen.wrong > 3000, JSON.stringify(seen));
});

test('long histories of many clients are judged, right ones and a wrong one', () => {
  const random = new SeededRandom(7);
  const history: Operation[] = [];
  for (let at = 0; at < 400; at += 2) {
    const value = `v${at}`;
    history.push(operation(at, at + 1.5, create(value)));
    for (let reader = 0; reader < 3; reader++) {
      const from = at + random.fraction();
      history.push(operation(from, at + 1.6, get, { kind: 'done', value }));
    }
    const remove: Call = { verb: 'remove', path: '/a', request: `r${at}` };
    history.push(operation(at + 1.7, at + 1.9, remove));
    if (at % 20 === 0) {
      history.push(operation(at, never, create(`late ${at}`), { kind: 'unknown' }));
    }
  }
  assert.deepEqual(judge(history), { components: 1, violations: [], undecided: 0 });
  const wrong = operation(399.95, 400.5, get, { kind: 'done', value: 'v0' });
  const { violations } = judge([...history, wrong]);
  assert.equal(violations[0]?.stuck, wrong);
});

test('a violation is shown with what fits nowhere, as text and as a drawing', () => {
  const history = [
    operation(0, 4, create('x')),
    operation(5, never, create('y'), { kind: 'unknown' }),
    operation(6, 8, get, { kind: 'missing' }),
  ];
  const [violation] = judge(history).violations;
  assert.ok(violation);
  const text = textPicture(violation);
  assert.match(text, /✗ .*get \/a = missing/);
  assert.match(text, /1 ├─+┤ .*create \/a ← x = done/);
  assert.match(text, /├─+… .*create \/a ← y = unknown/);
  assert.match(svgPicture(violation), /^<svg [\s\S]*get \/a = missing[\s\S]*<\/svg>\n$/);
});
