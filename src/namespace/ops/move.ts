/** Another name instead of the old one, in one step: at no time has the file both or neither. */
import type { FileEntry } from '../records.ts';
import { deleteName, type Names } from './names.ts';
import { type TransferOptions, transfer } from './transfer.ts';

export function move(
  names: Names,
  from: string,
  to: string,
  options: TransferOptions,
): Promise<FileEntry> {
  const kind = {
    verb: 'move',
    record: (source: FileEntry['record']) => source,
    alsoDo: (source: FileEntry) => deleteName(from, source.record.blob),
  } as const;
  return transfer(names, from, to, kind, options);
}
