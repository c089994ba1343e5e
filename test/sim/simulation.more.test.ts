/** A file of its own, so that two processes share the seeds. */
import { test } from 'node:test';
import { checkSeeds } from './check-seeds.ts';

test('more seeds: nothing is lost, and nothing false is said', (context) =>
  checkSeeds(context, 101, 200));
