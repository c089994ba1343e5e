/** How far uploads are, and what became of them. */
import { many, percentText, sizeText } from '../parts/format.ts';
import { Icon, type IconName } from '../parts/icon.tsx';
import { Meter } from '../parts/meter.tsx';
import { cancelUploads, clearUploads, type Upload, type UploadState, uploads } from './uploads.ts';

/** The rest is counted. */
const shownMax = 30;

const rank: Readonly<Record<UploadState, number>> = {
  ...{ failed: 0, taken: 1, sending: 2, waiting: 3, cancelled: 4, done: 5 },
};

export function UploadPanel() {
  const all = uploads.value;
  if (all.length === 0) return null;
  const shown = [...all].sort((a, b) => rank[a.state] - rank[b.state]).slice(0, shownMax);
  const isOver = all.every(({ state }) => rank[state] < 2 || rank[state] > 3);
  return (
    <section class="panel uploads" aria-labelledby="uploads-title">
      <div class="title">
        <h2 id="uploads-title">Uploads</h2>
        <button type="button" class="button small" onClick={isOver ? clearUploads : cancelUploads}>
          {isOver ? 'Clear' : 'Cancel all'}
        </button>
      </div>
      <Total all={all} isOver={isOver} />
      <ul>
        {shown.map((one) => (
          <Line key={one.number} {...one} />
        ))}
      </ul>
      {all.length > shown.length && <p class="note">and {all.length - shown.length} more</p>}
    </section>
  );
}

function Total({ all, isOver }: { readonly all: readonly Upload[]; readonly isOver: boolean }) {
  const sum = (side: 'size' | 'bytesSent') => all.reduce((bytes, one) => bytes + one[side], 0);
  const [sent, size] = [sum('bytesSent'), sum('size')];
  const done = all.filter(({ state }) => state === 'done').length;
  const text = `${done} of ${many(all.length, 'file')}, ${sizeText(sent)} of ${sizeText(size)}`;
  return (
    <>
      <Meter
        label="All uploads"
        part={isOver ? 1 : sent / Math.max(1, size)}
        text={text}
        tone={done === all.length ? 'good' : 'plain'}
      />
      <p role="status">{text}</p>
    </>
  );
}

const icons: Readonly<Record<UploadState, IconName>> = {
  ...{ waiting: 'plain', sending: 'upload', done: 'good' },
  ...{ taken: 'warn', failed: 'bad', cancelled: 'close' },
};

const Line = ({ path, size, state, bytesSent, problem }: Upload) => (
  <li class={state} data-state={state}>
    <Icon name={icons[state]} />
    <span class="path">{path}</span>
    <span class="says">{saysOf(state, bytesSent / Math.max(1, size), problem)}</span>
  </li>
);

function saysOf(state: UploadState, part: number, problem: string | undefined): string {
  if (state === 'sending') return percentText(part);
  if (state === 'taken') return 'there is a file of this name already';
  if (state === 'failed') return problem ?? 'failed';
  return state;
}
