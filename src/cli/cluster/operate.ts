/** `dftfs cluster drain`, `undrain` and `remove`: what is to become of a node. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeAdvice } from '#client/index.ts';
import { exitKindOf } from '../exit-codes.ts';
import { countText } from '../output/format.ts';
import type { Session } from '../session.ts';
import type { Argument, Verb } from '../verb.ts';
import { everyOption } from './watch.ts';

const node: Argument = { name: 'NODE', kind: 'node' };

export const drain: Verb = {
  name: 'cluster drain',
  summary: 'move everything off a node, so that it can be taken away',
  arguments: [node],
  options: [
    { name: 'wait', short: 'w', help: 'until the node can be stopped without harm' },
    everyOption,
  ],
  details: [
    'No file survives fewer losses meanwhile. Where it would break a promise the answer is exit code 3, and why. The wish outlives restarts; undrain takes it back.',
  ],
  examples: [
    { line: 'dftfs cluster drain --wait node-6 && kill $PID_OF_NODE_6', says: 'then:' },
    { line: 'dftfs cluster remove node-6', says: 'when its lease has ended, some seconds later' },
  ],
  run: runDrain,
};

export const undrain: Verb = {
  name: 'cluster undrain',
  summary: 'take back a drain',
  arguments: [node],
  options: [],
  run: async ({ cluster, args: [id = ''], output, signal }) => {
    const advice = await cluster.undrain(id, { signal });
    output.done(advice, `${id} stays`);
  },
};

export const remove: Verb = {
  name: 'cluster remove',
  summary: 'forget a node that is stopped and that nothing counts on',
  arguments: [node],
  options: [],
  details: ['Exit code 3, and why, while something counts on it.'],
  run: async ({ cluster, args: [id = ''], output, signal }) => {
    await cluster.remove(id, { signal });
    output.done({ id, removed: true }, `${id} is forgotten`);
  },
};

async function runDrain(session: Session): Promise<void> {
  const { cluster, args, options, output, signal } = session;
  const [id = ''] = args;
  const pauseMs = options.count('every', 1, 3600) * 1000;
  let advice: NodeAdvice = await cluster.drain(id, { signal });
  let told = -1;
  for (;;) {
    if (advice.slots !== told || advice.safeToStop) tell(session, advice);
    told = advice.slots;
    if (advice.safeToStop || !options.flag('wait')) return;
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    try {
      advice = await cluster.node(id, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (exitKindOf(error) !== 'unavailable') throw error;
      output.note((error as Error).message);
    }
  }
}

function tell({ output }: Session, advice: NodeAdvice): void {
  const { id, slots, safeToStop } = advice;
  const left = safeToStop ? 'can be stopped' : `${countText(slots, 'slot')} still to move`;
  output.done(advice, `${id}: ${left}`);
}
