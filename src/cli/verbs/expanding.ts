/** How a verb's paths are to be understood, by its options. */
import type { Expanding } from '../remote/expand.ts';
import type { Session } from '../session.ts';

export const expandingOf = ({ storage, options, signal }: Session): Expanding => ({
  storage,
  literal: options.flag('literal'),
  recursive: options.flag('recursive'),
  signal,
});
