/**
 * Bugs that the product doesn't have, each put into its code as it is loaded: if the simulation
 * didn't find one of them, its silence about the product would mean nothing.
 */
export interface Edit {
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface PlantedBug {
  readonly name: string;
  readonly edits: readonly Edit[];
}

const edit = (file: string, find: string, replace: string): Edit => ({
  file: `src/${file}.ts`,
  find,
  replace,
});
const bug = (name: string, ...edits: readonly Edit[]): PlantedBug => ({ name, edits });

const bytes: readonly PlantedBug[] = [
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
];

const names: readonly PlantedBug[] = [
  bug(
    'a put does not ask whether the path is free',
    edit('namespace/ops/create', '[isAbsent(fileKey(path)), ...fence', '[...fence'),
  ),
  bug(
    'a put does not ask whether its volumes are as they were',
    edit(
      'namespace/ops/fences',
      '    ...volumes.map(({ record: { id }, revision }) => isUnchanged(volumeKey(id), revision)),\n',
      '',
    ),
  ),
  bug(
    'a put does not ask whether its session lives',
    edit('namespace/ops/fences', '    isCreatedAt(livenessKey(node), session),\n', ''),
  ),
  bug(
    'a try whose answer was lost is made again unmarked',
    edit(
      'namespace/guarded-txn',
      '    compare: [...notApplied, ...txn.compare],',
      '    compare: txn.compare,',
    ),
  ),
  bug(
    'a refusal leaves no marker for the late try',
    edit(
      'namespace/guarded-txn',
      "then: maybeSent ? [{ kind: 'put', key, value: refused }] : [],",
      'then: [],',
    ),
  ),
  bug(
    'the combiner does not look whether an operation went another way',
    edit(
      'namespace/batching/combiner',
      '    compare: [...txn.compare, unseen],',
      '    compare: txn.compare,',
    ),
  ),
  bug(
    'an unknown outcome is reported as none',
    edit(
      'namespace/direct-committer',
      '      throw maybeSent ? withOpenOutcome(error) : error;',
      "      throw new DftfsError('names_unavailable', 'Not done.', { cause: error });",
    ),
  ),
  bug(
    'a repeated put is not known as the same request',
    edit('files/create-files', 'if (entry.record.request === request) return entry;', ''),
    edit(
      'namespace/ops/create',
      'if (taken.record.request !== record.request) throw',
      'if (taken !== undefined) throw',
    ),
  ),
  bug(
    'a copy does not ask whether its source is still there',
    edit(
      'namespace/ops/transfer',
      'compare: [isUnchanged(fileKey(from), source.revision), isAbsent',
      'compare: [isAbsent',
    ),
  ),
  bug(
    'a removal queues the blob without a look at its other names',
    edit(
      'namespace/ops/plan-removal',
      '    compare.push(...nothingAround(blob, [...going]));\n',
      '',
    ),
  ),
  bug(
    'a removal counts on another name that may have gone',
    edit('namespace/ops/plan-removal', '      compare.push(exists(other));\n', ''),
  ),
  bug(
    'a move leaves the old name',
    edit('namespace/ops/move', 'deleteName(from, source.record.blob)', '[]'),
  ),
  bug(
    'the bytes of a put with an open outcome are thrown away',
    edit(
      'files/create-files',
      "if (error instanceof DftfsError && error.outcome === 'none') writer.discard(written);",
      'writer.discard(written);',
    ),
  ),
];

const upkeep: readonly PlantedBug[] = [
  bug(
    'garbage is what has no name, whether its writer lives or not',
    edit('duties/garbage/find-orphans', 'if (!live.has(sessionOfBlob(part.blob)))', 'if (true)'),
    edit(
      'namespace/garbage-queue',
      'compare: [hasNoName(blob), isOver(sessionOfBlob(blob)), ',
      'compare: [hasNoName(blob), ',
    ),
  ),
  bug(
    'orphans are deleted without asking whether they have a name',
    edit(
      'duties/garbage/find-orphans',
      'if (known?.path !== undefined) await this.#tidyNamed(part, files.get(known.path), volumes);\n      else if',
      'if',
    ),
    edit(
      'namespace/garbage-queue',
      'compare: [hasNoName(blob), isOver(sessionOfBlob(blob)), ',
      'compare: [',
    ),
  ),
  bug(
    'a volume record is changed whatever it has become',
    edit(
      'blob/swap-volume',
      "compare: [{ start: key, field: 'mod', relation: '=', value: known.revision }],",
      'compare: [],',
    ),
  ),
  bug(
    'a slot counts as filled though some shards could not be had',
    edit('duties/repair/fill-slots', "    return result !== 'later';", '    return true;'),
  ),
  bug(
    'a slot is filled with the shard of another',
    edit(
      'blob/shard-rebuilder',
      'const body = [decodeShard(code, others, slot)];',
      'const body = [decodeShard(code, others, (slot + 1) % (code.k + code.m))];',
    ),
  ),
  bug(
    'an empty disk is taken for the one that was there',
    edit('cluster/session', "if (standing !== 'known') {", 'if (false) {'),
  ),
  bug(
    'a node lists what it holds before its disk is judged',
    edit('app/node-process', '() => session?.standing !== undefined)', '() => true)'),
  ),
  bug(
    'the queue of garbage is never emptied',
    edit(
      'duties/garbage/collect-garbage',
      'if (due.length > 0) await',
      'if (due.length > 1e9) await',
    ),
  ),
  bug(
    'members that come back keep what is no longer theirs',
    edit(
      'duties/garbage/drop-foreign',
      'if (foreign.length > 0) this',
      'if (foreign.length > 1e9) this',
    ),
  ),
  bug(
    'dead members are not replaced',
    edit(
      'duties/repair/replace-members',
      'const changes = planRepair(this.#facts())',
      'const changes = planRepair({ ...this.#facts(), volumes: [] })',
    ),
  ),
];

export const plantedBugs: readonly PlantedBug[] = [...bytes, ...names, ...upkeep];
