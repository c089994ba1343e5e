/** `dftfs cluster events`: what happens, as it is seen from one look at the cluster to the next. */

import { timeText } from '../output/format.ts';
import type { Session } from '../session.ts';
import type { Verb } from '../verb.ts';
import { type Event, eventsBetween, type Seen } from './compare-statuses.ts';
import { everyOption, statuses } from './watch.ts';

export const events: Verb = {
  name: 'cluster events',
  summary: 'follow what happens: nodes that die and return, margins, repair, etcd',
  arguments: [],
  options: [everyOption],
  details: [
    'Found by comparing how the cluster is now with how it was a moment ago, by the word of the node that answers: what comes and goes in between is not seen. Ends when it is interrupted.',
  ],
  examples: [{ line: 'dftfs cluster events --json >> events.ndjson', says: 'for later' }],
  run: runEvents,
};

async function runEvents(session: Session): Promise<void> {
  const { output } = session;
  let before: Seen | undefined;
  for await (const seen of statuses(session)) {
    for (const event of eventsBetween(before, seen)) {
      const time = new Date().toISOString();
      const value = { time, ...event };
      output.result(value, () => `${timeText(time)}  ${painted(event, session)}`);
    }
    before = seen;
  }
}

const painted = ({ severity, text }: Event, { output }: Session): string => {
  const colour = { good: 'green', bad: 'red', plain: undefined }[severity] as 'green' | undefined;
  return colour === undefined ? text : output.paint(colour, text);
};
