/** The plainest judge, for short histories: tries every order of every choice of what happened. */
import { FilesState } from './files-model.ts';
import type { Operation } from './history.ts';

export function isLinearizable(history: readonly Operation[]): boolean {
  const certain = history.filter(({ result }) => result.kind !== 'unknown');
  const open = history.filter(({ result }) => result.kind === 'unknown');
  return choices(open).some((happened) => hasOrder([], [...certain, ...happened]));
}

function choices<T>(items: readonly T[]): T[][] {
  const [first, ...rest] = items;
  if (first === undefined) return [[]];
  return choices(rest).flatMap((chosen) => [chosen, [first, ...chosen]]);
}

function hasOrder(order: readonly Operation[], rest: readonly Operation[]): boolean {
  if (rest.length === 0) return isRight(order);
  return rest.some((next) => {
    const others = rest.filter((other) => other !== next);
    if (others.some(({ returnedAt }) => returnedAt < next.calledAt)) return false;
    return hasOrder([...order, next], others);
  });
}

function isRight(order: readonly Operation[]): boolean {
  let state: FilesState | undefined = FilesState.empty;
  for (const operation of order) state = state?.apply(operation);
  return state !== undefined;
}
