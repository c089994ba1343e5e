/**
 * Does something with many files: so many at a time, each failure told, the rest gone on with
 * unless that makes no sense.
 */
import { type ExitKind, exitKindOf } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import { parallelDefault, parallelMax } from '../verb.ts';
import { parallelly } from './parallel.ts';

/** After these the next file would fare no better. */
const hopeless: ReadonlySet<ExitKind> = new Set(['unavailable', 'full', 'denied']);

export interface Batch<T> {
  readonly things: AsyncIterable<T>;
  readonly nameOf: (thing: T) => string;
  readonly run: (thing: T) => Promise<void>;
}

export async function runBatch<T>(
  { options, output, signal }: Session,
  { things, nameOf, run }: Batch<T>,
): Promise<void> {
  const atATime = options.count('parallel', parallelDefault, parallelMax);
  let stopped = false;
  const open = async function* (): AsyncGenerator<T> {
    for await (const thing of things) {
      if (stopped) return output.warn('the rest was not tried');
      yield thing;
    }
  };
  await parallelly(open(), atATime, async (thing) => {
    try {
      await run(thing);
    } catch (error) {
      signal.throwIfAborted();
      stopped ||= hopeless.has(exitKindOf(error));
      output.fail(error, nameOf(thing));
    }
  });
}

/** What comes of each source; one that fails is told, and the others go on. */
export async function* eachOf<S extends string, T>(
  { output, signal }: Session,
  sources: readonly S[],
  open: (source: S) => AsyncIterable<T>,
): AsyncGenerator<T> {
  for (const source of sources) {
    try {
      yield* open(source);
    } catch (error) {
      signal.throwIfAborted();
      output.fail(error, source);
    }
  }
}
