import type { Scenario } from '../scenario.ts';
import { longScenarios } from './long.ts';
import { shortScenarios } from './short.ts';

export const scenarios: readonly Scenario[] = [...shortScenarios, ...longScenarios];
