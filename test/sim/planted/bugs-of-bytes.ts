/** Bytes: lost, torn, mixed up, or believed unchecked. */
import { bug, edit, type PlantedBug } from './planted-bug.ts';

export const bugsOfBytes: readonly PlantedBug[] = [
  bug(
    'a write is acknowledged before it is on the disk',
    edit(
      'storage/segment-files',
      "(this.#path(segment), 'write-sync')",
      "(this.#path(segment), 'write')",
    ),
  ),
  bug(
    'a new segment is not made durable in its folder',
    edit(
      'storage/segment-files',
      `    const file = await this.openTail(segment);
    try {
      await this.#disk.syncFolder(this.#folder);`,
      `    const file = await this.openTail(segment);
    try {`,
    ),
  ),
  bug(
    'a failed flush is tried again instead of fencing the store',
    edit('storage/segment-log', 'if (!isNoSpace(error)) {', 'if (false) {'),
    edit(
      'storage/segment-log',
      '    await file.write(parts, this.#offset);',
      `    await file
      .write(parts, this.#offset)
      .catch(() => file.sync());`,
    ),
  ),
  bug(
    'recovery takes a torn record for a whole one',
    edit(
      'storage/recovery',
      'if (found.header !== undefined && found.damagedBlock === undefined) end = found.end;',
      'if (found.header !== undefined) end = found.end;',
    ),
    edit(
      'storage/recovery',
      'if (damagedBlock !== undefined) quarantine.note(key, place, damagedBlock);',
      '',
    ),
    edit('storage/segment-reader', 'if (found !== crcs[block]) {', 'if (false) {'),
  ),
  bug(
    'bytes are served without a look at their checksum',
    edit('storage/segment-reader', 'if (found !== crcs[block]) {', 'if (false) {'),
    edit('blob/shard-fetcher', ' && crcOf(body) === crc', ''),
    edit('blob/read-blob', 'if (isWhole && crc !== source.crc)', 'if (false)'),
  ),
  bug(
    'the scrub looks at nothing',
    edit(
      'duties/scrub/scrub-shards',
      'const result = await store.verify(held.key);',
      "const result: string = 'sound';",
    ),
  ),
  bug(
    'an upload counts though a member failed to take its shard',
    edit(
      'blob/stripe-sender',
      '        return this.#sendShard(',
      '        const sent = this.#sendShard(node, key, shards(slot), signal);\n        return slot > 0 ? sent.catch(() => {}) : sent;\n        return this.#sendShard(',
    ),
  ),
  bug(
    'an upload that breaks off is taken for a whole one',
    edit(
      'blob/upload',
      '(error: unknown) => (this.#sourceError = { error }),',
      '() => (this.#sourceEnded = true),',
    ),
  ),
  bug(
    'bytes before a stripe are counted wrongly when an upload switched volumes',
    edit('blob/stripes', 'number: first + at - index', 'number: first + at'),
  ),
  bug(
    'a range ends one byte early',
    edit(
      'blob/stripes',
      'end: Math.min(length, end - offset),',
      'end: Math.min(length, end - offset) - (start > 0 ? 1 : 0),',
    ),
  ),
  bug(
    'the head of a frame is believed unchecked',
    edit('rpc/frame', 'if (crc32(head, crcOfPrefix) !== crc)', 'if (false)'),
  ),
  bug(
    'compaction throws a segment away with all that lives in it',
    edit(
      'storage/compaction',
      'await Promise.all(copies.map(async (copy) => segments.append(copy)));',
      'void segments;',
    ),
    edit('storage/compaction', 'if (this.#liveShards(work.segment) === 0) {', 'if (true) {'),
  ),
  bug(
    'what cannot be read is reported as not there',
    edit(
      'blob/read-blob',
      'if (left <= 0) throw unavailable(blob);',
      "if (left <= 0) throw new DftfsError('path_not_found', 'No file.');",
    ),
    edit(
      'blob/read-blob',
      'if (error.damaged && isFresh) throw damaged(blob);',
      "if (error.damaged && isFresh) throw new DftfsError('path_not_found', 'No file.');",
    ),
  ),
];
