/** Conditional requests (RFC 9110 §13), judged on one file as it was looked up. */
import { DftfsError } from '#base/errors.ts';
import { contentOf, type FileEntry } from '#namespace/records.ts';

/**
 * Strong: bytes under a blob id never change, and it stays when upkeep moves them to another blob.
 * A copy has its source's, for it has its bytes.
 */
export const etagOf = ({ record }: FileEntry): string => `"${contentOf(record)}"`;

export const lastModifiedOf = (entry: FileEntry): string =>
  new Date(entry.record.modifiedMs).toUTCString();

type Headers = ReadonlyMap<string, string>;
type Verdict = 'proceed' | 'not-modified';

const tagList =
  /^\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*\s*$/;
const tag = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

/** '*' or the tags. Throws invalid_argument. */
function readTags(header: string, text: string): '*' | readonly string[] {
  if (text.trim() === '*') return '*';
  if (tagList.test(text)) return text.match(tag) ?? [];
  throw new DftfsError('invalid_argument', `${header} takes * or a list of "quoted" entity tags.`);
}

const strip = (text: string): string => (text.startsWith('W/') ? text.slice(2) : text);

/** The file that the request meant isn't (or is) there as it was meant. */
const failed = (header: string): DftfsError =>
  new DftfsError(
    'precondition_failed',
    `The precondition ${header} doesn't hold; nothing was done.`,
  );

function checkMatch(headers: Headers, entry: FileEntry | undefined): void {
  const text = headers.get('if-match');
  if (text === undefined) return;
  const tags = readTags('If-Match', text);
  // Strong comparison: a weak tag never matches, and etagOf is never weak.
  if (entry && (tags === '*' || tags.includes(etagOf(entry)))) return;
  throw failed('If-Match');
}

function matchesNone(headers: Headers, entry: FileEntry | undefined): boolean {
  const text = headers.get('if-none-match');
  if (text === undefined) return true;
  const tags = readTags('If-None-Match', text);
  if (!entry) return true;
  return tags !== '*' && !tags.some((each) => strip(each) === etagOf(entry));
}

/** HTTP dates have whole seconds. An unreadable date is no condition, says the standard. */
const seconds = (ms: number): number => Math.floor(ms / 1000);

function secondsOf(headers: Headers, name: string): number | undefined {
  const text = headers.get(name);
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : seconds(ms);
}

export function judgeRead(headers: Headers, entry: FileEntry): Verdict {
  checkMatch(headers, entry);
  const modified = seconds(entry.record.modifiedMs);
  const unmodifiedSince = secondsOf(headers, 'if-unmodified-since');
  if (!headers.has('if-match') && unmodifiedSince !== undefined && modified > unmodifiedSince) {
    throw failed('If-Unmodified-Since');
  }
  if (headers.has('if-none-match')) {
    return matchesNone(headers, entry) ? 'proceed' : 'not-modified';
  }
  const modifiedSince = secondsOf(headers, 'if-modified-since');
  return modifiedSince !== undefined && modified <= modifiedSince ? 'not-modified' : 'proceed';
}

/** A range counts only if the file is still the one that the client has the rest of. */
export function rangeHeaderOf(headers: Headers, entry: FileEntry): string | undefined {
  const range = headers.get('range');
  const condition = headers.get('if-range');
  return condition === undefined || condition.trim() === etagOf(entry) ? range : undefined;
}

export const hasWriteConditions = (headers: Headers): boolean =>
  headers.has('if-match') || headers.has('if-none-match');

/** A put succeeds only where nothing is, so the conditions can only refuse it. */
export function judgePut(headers: Headers, entry: FileEntry | undefined): void {
  checkMatch(headers, entry);
  if (!matchesNone(headers, entry)) throw failed('If-None-Match');
}

/** What can't be promised is refused: between a check and the removal the file may be another. */
export function refuseConditions(headers: Headers): void {
  for (const name of ['if-match', 'if-none-match', 'if-unmodified-since', 'if-modified-since']) {
    if (!headers.has(name)) continue;
    const detail = `${name} isn't supported by this operation; send it without.`;
    throw new DftfsError('invalid_argument', detail);
  }
}
