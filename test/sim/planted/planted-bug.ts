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

/** The file's text with all of these edits, in their order. Throws where one has no place in it. */
export function withEdits(text: string, edits: readonly Edit[]): string {
  return edits.reduce((before, { file, find, replace }) => {
    if (before.split(find).length !== 2) throw new Error(`${file} does not have once: ${find}`);
    return before.replace(find, () => replace);
  }, text);
}

/** Of a bug, what is changed in each file. */
export const editsByFile = ({ edits }: PlantedBug): Map<string, Edit[]> =>
  Map.groupBy(edits, ({ file }) => file);

export const edit = (file: string, find: string, replace: string): Edit => ({
  file: `src/${file}.ts`,
  find,
  replace,
});

export const bug = (name: string, ...edits: readonly Edit[]): PlantedBug => ({ name, edits });
