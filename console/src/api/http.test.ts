import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import { type Session, session } from '../session/session.ts';
import { ApiError, call } from './http.ts';

/** Answers with these statuses, one after another; returns what was shown each time. */
function answering(context: TestContext, ...statuses: readonly number[]) {
  const shown: (string | null)[] = [];
  const answer = async (_target: unknown, init?: RequestInit) => {
    shown.push(new Headers(init?.headers).get('authorization'));
    const body = { code: 'some_code', detail: 'Some words.' };
    return Response.json(body, { status: statuses[shown.length - 1] as number });
  };
  const fetching = mock.method(globalThis, 'fetch', answer);
  context.after(() => {
    fetching.mock.restore();
    session.value = { state: 'open' };
  });
  return shown;
}

const inside: Session = { state: 'in', token: 'abc', name: 'a', grants: [] };
const isRefused = (status: number) => (error: unknown) =>
  error instanceof ApiError && error.status === status && error.message === 'Some words.';

test('what is asked shows the token in hand, or none', async (context) => {
  const shown = answering(context, 200, 200, 200);
  await call('/a');
  session.value = inside;
  await call('/a');
  await call('/a', { token: 'other' });
  assert.deepEqual(shown, [null, 'Bearer abc', 'Bearer other']);
});

test('a refusal that asks who one is asks for a token; one of a right does not', async (context) => {
  answering(context, 403, 401, 401);
  await assert.rejects(call('/a'), isRefused(403));
  assert.deepEqual(session.value, { state: 'open' });
  await assert.rejects(call('/a'), isRefused(401));
  assert.deepEqual(session.value, { state: 'out' });
  await assert.rejects(call('/a'), isRefused(401));
  assert.deepEqual(session.value, { state: 'out' }, 'one that is refused is told, not replaced');
});

test('a token that is refused ends the session; one that is only tried does not', async (context) => {
  answering(context, 401, 403, 401);
  session.value = inside;
  await assert.rejects(call('/a', { token: 'other' }), isRefused(401));
  await assert.rejects(call('/a'), isRefused(403));
  assert.equal(session.value, inside);
  await assert.rejects(call('/a'), isRefused(401));
  const { state, why } = { why: '', ...(session.value as Session) };
  assert.equal(state, 'out');
  assert.match(why, /revoked/);
});

test('late news of a session that is over is none', async (context) => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const fetching = mock.method(globalThis, 'fetch', () => promise);
  context.after(() => fetching.mock.restore());
  session.value = inside;
  const asked = call('/a');
  const next: Session = { ...inside, token: 'def' };
  session.value = next;
  resolve(Response.json({}, { status: 401 }));
  await assert.rejects(asked);
  assert.equal(session.value, next);
  session.value = { state: 'open' };
});
