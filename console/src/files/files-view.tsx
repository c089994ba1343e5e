/** Files: where one is, what is there, and what can be done with it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ListEntry } from '#client/storage.ts';
import { Details } from './details.tsx';
import { DownloadProblem, downloadProblem } from './download.tsx';
import { filesOf } from './dropped-files.ts';
import { RemoveDialog, TransferDialog, type Verb } from './file-dialogs.tsx';
import { FileTable } from './file-table.tsx';
import { show } from './listing.ts';
import { join, trailOf } from './paths.ts';
import { SearchBar } from './search-bar.tsx';
import { Toolbar } from './toolbar.tsx';
import { Trail } from './trail.tsx';
import { UploadPanel } from './upload-panel.tsx';
import { addUploads } from './uploads.ts';

export interface Asked {
  readonly verb: Verb;
  readonly path: string;
  readonly kind: ListEntry['kind'];
}

export function FilesView({ folder }: { readonly folder: string }) {
  const [prefix, setPrefix] = useState('');
  const [recursive, setRecursive] = useState(false);
  const [opened, setOpened] = useState<string>();
  const [asked, setAsked] = useState<Asked>();
  const [isOver, setOver] = useState(false);
  const came = useRef(folder);
  if (came.current !== folder) {
    came.current = folder;
    setPrefix('');
    setOpened(undefined);
  }
  useEffect(() => {
    downloadProblem.value = undefined;
  }, [folder]);
  useEffect(() => void show({ folder, prefix, recursive }), [folder, prefix, recursive]);
  const ask = (verb: Verb, { name, kind }: ListEntry) =>
    setAsked({ verb, path: join(folder, name), kind });
  const close = () => {
    document.querySelector<HTMLElement>('tr.open .entry')?.focus();
    setOpened(undefined);
  };
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (event.dataTransfer) addUploads(folder, await filesOf(event.dataTransfer));
  };
  return (
    <section
      class={`files ${isOver ? 'over' : ''}`}
      aria-label="Files. Drop files or folders here to upload them."
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <h1 class="unseen">Files in {folder}</h1>
      <div class="top">
        <Trail folders={trailOf(folder)} />
        <Toolbar folder={folder} />
      </div>
      <SearchBar {...{ prefix, recursive }} onPrefix={setPrefix} onRecursive={setRecursive} />
      <UploadPanel />
      <DownloadProblem />
      <div class={opened === undefined ? 'split' : 'split open'}>
        <FileTable
          {...{ folder, opened }}
          onOpen={(name) => setOpened(join(folder, name))}
          onAsk={ask}
        />
        {opened !== undefined && (
          <Details
            key={opened}
            path={opened}
            onClose={close}
            onAsk={(verb) => setAsked({ verb, path: opened, kind: 'file' })}
          />
        )}
      </div>
      {asked !== undefined && <Question {...{ asked, opened, setAsked, setOpened }} />}
    </section>
  );
}

interface QuestionProps {
  readonly asked: Asked;
  readonly opened: string | undefined;
  readonly setAsked: (asked: Asked | undefined) => void;
  readonly setOpened: (path: string | undefined) => void;
}

function Question({ asked, opened, setAsked, setOpened }: QuestionProps) {
  const close = () => setAsked(undefined);
  const gone = () => {
    if (asked.verb !== 'copy' && opened === asked.path) setOpened(undefined);
  };
  return asked.verb === 'delete' ? (
    <RemoveDialog asked={asked} onDone={gone} onClose={close} />
  ) : (
    <TransferDialog asked={asked} onDone={gone} onClose={close} />
  );
}
