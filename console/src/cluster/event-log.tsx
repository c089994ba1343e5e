/** What happened since this page was opened, newest first; read aloud as it comes. */
import { events } from '../live/live.ts';
import { timeText } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';

const words = { good: 'Good: ', bad: 'Bad: ', plain: '' };

export const EventLog = () => (
  <section class="panel" aria-labelledby="events-title">
    <h2 id="events-title">Events since this page was opened</h2>
    <div
      class="events"
      role="log"
      aria-labelledby="events-title"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it
      tabIndex={0}
    >
      <ol>
        {events.value.map(({ number, at, severity, text }) => (
          <li key={number} class={severity}>
            <Icon name={severity} />
            <time dateTime={at.toISOString()}>{timeText(at)}</time>
            <span>
              <span class="unseen">{words[severity]}</span>
              {text}
            </span>
          </li>
        ))}
      </ol>
    </div>
  </section>
);
