/** There is an order of all that clients did in which every answer they got is right. */
import { judge } from '../../checks/linearizability.ts';
import { textPicture } from '../../checks/picture.ts';
import { type Audited, type Found, nothingFound } from './verdict.ts';

export function checkOrder({ ledger }: Audited): Found {
  const { violations, undecided } = judge(ledger.history);
  // A search without end proves nothing: it is no pass.
  const open = undecided > 0 ? [`${undecided} operations could not be judged`] : [];
  return { ...nothingFound, wrong: [...violations.map(textPicture), ...open] };
}
