/** The table of verbs: whatever dftfs can do. Help, completion and docs/cli.md come from it. */
import { bench } from './bench/bench.ts';
import { events } from './cluster/events.ts';
import { nodes } from './cluster/nodes.ts';
import { drain, remove, undrain } from './cluster/operate.ts';
import { repair } from './cluster/repair.ts';
import { scrub } from './cluster/scrub.ts';
import { status } from './cluster/status.ts';
import { volumes } from './cluster/volumes.ts';
import { doctor } from './doctor/doctor.ts';
import { createToken, listTokens, revokeToken } from './token/tokens.ts';
import { type Section, type Verb, verbsOf } from './verb.ts';
import { cat } from './verbs/cat.ts';
import { cp, mv } from './verbs/copy-move.ts';
import { dev } from './verbs/dev.ts';
import { du } from './verbs/du.ts';
import { exists } from './verbs/exists.ts';
import { get } from './verbs/get.ts';
import { completion, help } from './verbs/help.ts';
import { ls } from './verbs/ls.ts';
import { backUpNames, releaseNames, restoreNames } from './verbs/names.ts';
import { node } from './verbs/node.ts';
import { prepare } from './verbs/prepare.ts';
import { put } from './verbs/put.ts';
import { rm } from './verbs/rm.ts';
import { stat } from './verbs/stat.ts';
import { tree } from './verbs/tree.ts';

export const sections: readonly Section[] = [
  { title: 'Files', verbs: [put, get, cat, cp, mv, rm, ls, tree, stat, exists, du] },
  {
    title: 'The cluster',
    verbs: [doctor, status, nodes, volumes, repair, drain, undrain, remove, scrub, events, bench],
  },
  { title: 'Who may do what', verbs: [createToken, listTokens, revokeToken] },
  {
    title: 'Machines of a cluster',
    verbs: [prepare, node, backUpNames, restoreNames, releaseNames],
  },
  { title: 'Without a cluster', verbs: [dev] },
  { title: 'The command', verbs: [help(() => sections), completion(() => sections)] },
];

export const verbs: readonly Verb[] = verbsOf(sections);
