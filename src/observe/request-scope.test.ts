import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from './log.ts';
import { currentScope, inScope, outOfScope, sharedScope } from './request-scope.ts';

const scopeOf = (request: string) => ({ request, span: undefined });

test('a line of the log names the request that it is about, however deep it comes from', async () => {
  const lines: string[] = [];
  const log = createLogger(
    (line) => lines.push(line),
    () => 0,
  ).with({ node: 'n1' });
  const work = async (event: string) => {
    await new Promise(setImmediate);
    log.info(event);
  };
  await Promise.all([
    inScope(scopeOf('a-1'), () => work('first')),
    inScope(scopeOf('b-2'), () => work('second')),
    work('neither'),
    inScope(scopeOf('c-3'), () => outOfScope(() => work('shared'))),
  ]);
  const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const requests = Object.fromEntries(said.map(({ event, request }) => [event, request]));
  assert.deepEqual(requests, {
    first: 'a-1',
    second: 'b-2',
    neither: undefined,
    shared: undefined,
  });
});

test('nothing of a scope is left behind it', () => {
  inScope(scopeOf('a-1'), () => assert.equal(currentScope()?.request, 'a-1'));
  assert.equal(currentScope(), undefined);
});

test('shared work is named after all who share it, each once', () => {
  const [a, b] = [scopeOf('a-1'), scopeOf('b-2')];
  assert.equal(sharedScope([undefined, a, b, { ...a }])?.request, 'a-1,b-2');
  assert.equal(sharedScope([undefined, a]), a);
  assert.equal(sharedScope([undefined]), undefined);
});
