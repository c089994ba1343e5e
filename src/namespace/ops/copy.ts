/** A second name for the same bytes: content type and metadata go with it, the time is now. */
import type { FileEntry } from '../records.ts';
import type { Names } from './names.ts';
import { type TransferOptions, transfer } from './transfer.ts';

export function copy(
  names: Names,
  from: string,
  to: string,
  options: TransferOptions,
): Promise<FileEntry> {
  const modifiedMs = names.clock.wall();
  const kind = {
    verb: 'copy',
    record: (source: FileEntry['record']) => ({ ...source, modifiedMs }),
    alsoDo: () => [],
  } as const;
  return transfer(names, from, to, kind, options);
}
