/** Which files must be readable without certain nodes, by where their shards lie. Pure. */

export interface Placement {
  readonly path: string;
  readonly extents: readonly { readonly k: number; readonly members: readonly string[] }[];
}

/** A file is readable while each of its extents has k members left. */
export const isReadable = ({ extents }: Placement, dead: ReadonlySet<string>): boolean =>
  extents.every(({ k, members }) => members.filter((node) => !dead.has(node)).length >= k);

export interface ReadableShare {
  readonly killed: number;
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

/** Over all choices of so many nodes. Without any node nobody answers. */
export function readableShare(
  files: readonly Placement[],
  nodes: readonly string[],
  killed: number,
): ReadableShare {
  const shares = choices(nodes, killed).map((dead) => {
    if (dead.length === nodes.length) return 0;
    const gone = new Set(dead);
    return files.filter((file) => isReadable(file, gone)).length / files.length;
  });
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return { killed, mean, least: Math.min(...shares), most: Math.max(...shares) };
}

/** Of several placements of the same files, between which shards have moved. */
export function overall(shares: readonly ReadableShare[]): ReadableShare {
  return {
    killed: shares[0]?.killed ?? 0,
    mean: shares.reduce((sum, { mean }) => sum + mean, 0) / shares.length,
    least: Math.min(...shares.map(({ least }) => least)),
    most: Math.max(...shares.map(({ most }) => most)),
  };
}

/** All subsets of so many items. */
export function choices<T>(items: readonly T[], count: number): T[][] {
  if (count === 0) return [[]];
  return items.flatMap((first, at) =>
    choices(items.slice(at + 1), count - 1).map((rest) => [first, ...rest]),
  );
}
