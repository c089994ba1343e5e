/** Where the scrub is, as it lies in its file: JSON. What isn't whole counts for nothing. */

interface Found {
  readonly bytes: number;
  readonly shards: number;
  readonly damaged: number;
}

/** What was found so far in this round. */
export interface ScrubState extends Found {
  /** The shard that was read last, as text; null: the round is at its beginning. */
  readonly after: string | null;
  readonly lastRound: (Found & { readonly endedAtMs: number }) | null;
}

export const encodeScrubState = (state: ScrubState): Buffer => Buffer.from(JSON.stringify(state));

export function decodeScrubState(content: Buffer | undefined): ScrubState | undefined {
  try {
    const state: unknown = JSON.parse(content?.toString() ?? '');
    return isState(state) ? state : undefined;
  } catch {
    return undefined;
  }
}

function isState(value: unknown): value is ScrubState {
  if (!isFound(value)) return false;
  const { after, lastRound } = value as Partial<ScrubState>;
  const isKey = after === null || (typeof after === 'string' && /^[0-9a-f]{58}$/.test(after));
  return isKey && (lastRound === null || (isFound(lastRound) && isCount(lastRound.endedAtMs)));
}

function isFound(value: unknown): value is Found & Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const { bytes, shards, damaged } = value as Partial<Found>;
  return isCount(bytes) && isCount(shards) && isCount(damaged);
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
