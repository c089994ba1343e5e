/** Upkeep: too much thrown away, too little, or the wrong thing made anew. */
import { bug, edit, type PlantedBug } from './planted-bug.ts';

export const bugsOfUpkeep: readonly PlantedBug[] = [
  bug(
    'garbage is what has no name, whether its writer lives or not',
    edit('duties/garbage/find-orphans', 'if (writer === undefined) orphans', 'if (part) orphans'),
    edit(
      'namespace/garbage-queue',
      '        ...(isSettled ? [] : [isOver(sessionOfBlob(blob))]),\n',
      '',
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
      '        hasNoName(blob),\n        isAbsent(garbageKey(blob)),\n        ...(isSettled ? [] : [isOver(sessionOfBlob(blob))]),\n',
      '        isAbsent(garbageKey(blob)),\n',
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
    edit('duties/repair/fill-slots', "return result === 'filled';", 'return true;'),
  ),
  bug(
    'a slot is filled with the shard of another',
    edit(
      'blob/shard-rebuilder',
      'return [decodeShard(code, others, this.#slot)];',
      'return [decodeShard(code, others, (this.#slot + 1) % (code.k + code.m))];',
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
