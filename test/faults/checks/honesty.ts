/** What was removed stays removed, at every node; and no answer was one that nothing excuses. */
import { httpCall } from '../../support/http-call.ts';
import { sideBySide } from '../../support/side-by-side.ts';
import type { Audited, Found } from './verdict.ts';

const atATime = 8;
const patienceMs = 60_000;

export async function checkHonesty({ ledger, doors }: Audited): Promise<Found> {
  const wrong = [...ledger.wrong];
  const [first = ''] = doors;
  await sideBySide(ledger.removed.unknown, atATime, async ({ path }) => {
    const headers = { 'idempotency-key': `remove${path}` };
    const options = { headers, timeoutMs: patienceMs };
    const { status, body } = await httpCall('DELETE', first + path, options);
    if (status !== 200) wrong.push(`remove ${path} again under its key: ${status} ${body}`);
  });
  const removed = [...ledger.removed.acknowledged, ...ledger.removed.unknown];
  const asked = removed.flatMap(({ path }) => doors.map((door) => ({ path, door })));
  await sideBySide(asked, atATime, async ({ path, door }) => {
    const { status } = await httpCall('GET', door + path, { timeoutMs: patienceMs });
    const exists = await httpCall('GET', `${door}/exists?path=${path}`, { timeoutMs: patienceMs });
    if (status !== 404) wrong.push(`${path} was removed and is back: ${status}`);
    if (exists.body.toString() !== '0') wrong.push(`${path} was removed and exists at ${door}`);
  });
  return { lost: [], wrong, readBack: 0 };
}
