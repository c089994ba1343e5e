/** All bad inputs that the contract of the HTTP interface names, with their answers. */
import { abuseCases } from './abuse.ts';
import type { BadInput } from './case.ts';
import { framingCases } from './framing.ts';
import { headerCases } from './headers.ts';
import { pathCases } from './paths.ts';
import { rangeCases } from './ranges.ts';
import { stateCases } from './state.ts';

export const badInputCases: readonly BadInput[] = [
  ...pathCases,
  ...framingCases,
  ...headerCases,
  ...rangeCases,
  ...stateCases,
  ...abuseCases,
];

export { type BadInput, runCase } from './case.ts';
