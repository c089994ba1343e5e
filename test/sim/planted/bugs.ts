/** All bugs that are planted. */
import { bugsOfBytes } from './bugs-of-bytes.ts';
import { bugsOfNames } from './bugs-of-names.ts';
import { bugsOfUpkeep } from './bugs-of-upkeep.ts';
import type { PlantedBug } from './planted-bug.ts';

export const plantedBugs: readonly PlantedBug[] = [...bugsOfBytes, ...bugsOfNames, ...bugsOfUpkeep];
