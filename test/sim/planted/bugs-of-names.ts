/** Names: given twice, given back, denied, or reported as what they are not. */
import { bug, edit, type PlantedBug } from './planted-bug.ts';

export const bugsOfNames: readonly PlantedBug[] = [
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
      'blob/commit-blob',
      "if (error instanceof DftfsError && error.outcome === 'none')",
      'if (error instanceof DftfsError)',
    ),
  ),
  bug(
    'a node remembers that a path was free',
    edit(
      'files/create-files',
      'lookup: (path, context) => namespace.lookup(path, context),',
      `lookup: async (path, context) => {
      const free: Set<string> = ((deps as any).free ??= new Set());
      if (free.delete(path)) return undefined;
      const entry = await namespace.lookup(path, context);
      if (entry === undefined) free.add(path);
      return entry;
    },`,
    ),
  ),
  bug(
    'the cluster map is never listed anew',
    edit(
      'cluster/watched-state',
      'revision = await this.list().catch(',
      'revision = revision !== undefined ? revision + 1 : await this.list().catch(',
    ),
  ),
  bug(
    'a copy leaves no back reference',
    edit(
      'namespace/ops/transfer',
      'then: [...putName(to, record), ...kind.alsoDo(source)],',
      'then: [...putName(to, record).slice(0, 1), ...kind.alsoDo(source)],',
    ),
  ),
  bug(
    'markers of operations are swept while late tries are under way',
    edit(
      'namespace/batching/operation-sweep',
      'ages.standingFor(ageMs, now)',
      'ages.standingFor(200, now)',
    ),
    edit(
      'namespace/batching/operation-sweep',
      'modRevision <= upTo)',
      'modRevision <= upTo + 1e9)',
    ),
  ),
];
