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

export const edit = (file: string, find: string, replace: string): Edit => ({
  file: `src/${file}.ts`,
  find,
  replace,
});

export const bug = (name: string, ...edits: readonly Edit[]): PlantedBug => ({ name, edits });
