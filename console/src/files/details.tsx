/** One file: what it is, how it looks, where its bytes lie. Looks again when nodes come or go. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FileStat } from '#client/storage.ts';
import { stat } from '../api/files.ts';
import { ApiError, messageOf } from '../api/http.ts';
import { status } from '../live/live.ts';
import { dateText, sizeText } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { Download } from './download.tsx';
import type { Verb } from './file-dialogs.tsx';
import { nameOf } from './paths.ts';
import { Placement } from './placement.tsx';
import { Preview } from './preview.tsx';

export interface DetailsProps {
  readonly path: string;
  readonly onClose: () => void;
  readonly onAsk: (verb: Verb) => void;
}

export function Details({ path, onClose, onAsk }: DetailsProps) {
  const { found, problem } = useStat(path);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onClose();
  };
  return (
    <aside class="panel details" aria-labelledby="details-title" onKeyDown={onKey}>
      <div class="title">
        <h2 id="details-title" ref={heading} tabIndex={-1}>
          {nameOf(path)}
        </h2>
        <button type="button" class="button quiet" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <p class="path">{path}</p>
      <div class="actions">
        <Download class="button primary" path={path}>
          <Icon name="download" />
          Download
        </Download>
        <button type="button" class="button" onClick={() => onAsk('copy')}>
          Copy
        </button>
        <button type="button" class="button" onClick={() => onAsk('move')}>
          Move
        </button>
        <button type="button" class="button danger" onClick={() => onAsk('delete')}>
          Delete
        </button>
      </div>
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {found !== undefined && (
        <>
          <Placement file={found} />
          <Preview path={path} size={found.size} contentType={found.contentType} />
          <Record file={found} />
        </>
      )}
    </aside>
  );
}

interface Found {
  readonly found?: FileStat;
  readonly problem?: string;
}

function useStat(path: string): Found {
  const [state, setState] = useState<Found>({});
  const nodes = status.value?.nodes ?? [];
  const living = nodes.flatMap(({ id, live }) => (live ? [id] : [])).join(' ');
  const { rebuilding, moving } = status.value?.protection ?? {};
  const lies = `${living} ${rebuilding?.slots} ${moving?.slots}`;
  // Asked again when it may lie otherwise.
  useEffect(() => {
    const ending = new AbortController();
    stat(path, ending.signal).then(
      (found) => setState({ found }),
      (error: unknown) => {
        if (ending.signal.aborted) return;
        const isGone = error instanceof ApiError && error.status === 404;
        setState({ problem: isGone ? 'This file is gone.' : messageOf(error) });
      },
    );
    return () => ending.abort();
  }, [path, lies]);
  return state;
}

const Record = ({ file }: { readonly file: FileStat }) => (
  <dl class="record">
    <Fact name="Size" value={`${sizeText(file.size)} (${file.size.toLocaleString('en')} bytes)`} />
    <Fact name="Type" value={file.contentType} />
    <Fact name="Modified" value={dateText(new Date(file.modified))} />
    <Fact name="ETag" value={file.etag.replaceAll('"', '')} />
    {Object.entries(file.metadata).map(([name, value]) => (
      <Fact key={name} name={name} value={value} />
    ))}
  </dl>
);

const Fact = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);
