/** What is in the folder, a row each. Arrows move from row to row. */
import type { ListEntry } from '#client/storage.ts';
import { dateText, sizeText } from '../parts/format.ts';
import { Icon, type IconName } from '../parts/icon.tsx';
import { folderHref } from '../route.ts';
import { listable, mayList } from '../session/grants.ts';
import { session } from '../session/session.ts';
import { Download } from './download.tsx';
import type { Verb } from './file-dialogs.tsx';
import { listing, showMore } from './listing.ts';
import { join } from './paths.ts';
import { moveAlong } from './row-keys.ts';

export interface FileTableProps {
  readonly folder: string;
  readonly opened: string | undefined;
  readonly onOpen: (name: string) => void;
  readonly onAsk: (verb: Verb, entry: ListEntry) => void;
}

export function FileTable(props: FileTableProps) {
  const { entries, next, isLoading, problem } = listing.value;
  return (
    <div class="list" aria-busy={isLoading}>
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
          <OtherFolders folder={props.folder} />
        </p>
      )}
      <table class="plain names">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col" class="when">
              Modified
            </th>
            <th scope="col">
              <span class="unseen">What to do with it</span>
            </th>
          </tr>
        </thead>
        <tbody onKeyDown={moveAlong}>
          {entries.map((entry) => (
            <Row key={`${entry.kind} ${entry.name}`} entry={entry} {...props} />
          ))}
        </tbody>
      </table>
      {entries.length === 0 && !isLoading && problem === undefined && (
        <p class="none">Nothing is here. Drop files or folders anywhere on this page.</p>
      )}
      {next !== undefined && (
        <button type="button" class="button" disabled={isLoading} onClick={showMore}>
          Show more
        </button>
      )}
    </div>
  );
}

/** Where a token that may not list this may. */
function OtherFolders({ folder }: { readonly folder: string }) {
  const now = session.value;
  if (now.state !== 'in' || mayList(folder, now.grants)) return null;
  const folders = listable(now.grants);
  if (folders.length === 0) return null;
  return (
    <>
      {' It may list '}
      {folders.map((one, index) => (
        <>
          {index > 0 && ', '}
          <a key={one} href={folderHref(one)}>
            {one}
          </a>
        </>
      ))}
      .
    </>
  );
}

interface RowProps extends FileTableProps {
  readonly entry: ListEntry;
}

function Row({ entry, folder, opened, onOpen, onAsk }: RowProps) {
  const { name, kind, size, modified } = entry;
  const path = join(folder, name);
  const isOpen = opened === path;
  const remove = (event: KeyboardEvent) => {
    if (event.key === 'Delete') onAsk('delete', entry);
  };
  return (
    <tr class={isOpen ? 'open' : ''} onKeyDown={remove}>
      <td class="name">
        <Icon name={kind} />
        {kind === 'folder' ? (
          <a class="entry" href={folderHref(path)}>
            {name}/
          </a>
        ) : (
          <button type="button" class="entry" aria-expanded={isOpen} onClick={() => onOpen(name)}>
            {name}
          </button>
        )}
      </td>
      <td class="number">{size === undefined ? '' : sizeText(size)}</td>
      <td class="when">{modified === undefined ? '' : dateText(new Date(modified))}</td>
      <td class="verbs">
        {kind === 'file' && (
          <>
            <Download class="button quiet" path={path} label={`Download ${name}`}>
              <Icon name="download" />
            </Download>
            <VerbButton verb="copy" {...{ entry, onAsk }} />
            <VerbButton verb="move" {...{ entry, onAsk }} />
          </>
        )}
        <VerbButton verb="delete" {...{ entry, onAsk }} />
      </td>
    </tr>
  );
}

interface VerbButtonProps extends Pick<FileTableProps, 'onAsk'> {
  readonly verb: Verb;
  readonly entry: ListEntry;
}

const verbs: Readonly<Record<Verb, readonly [label: string, icon: IconName]>> = {
  copy: ['Copy', 'copy'],
  move: ['Move', 'move'],
  delete: ['Delete', 'remove'],
};

function VerbButton({ verb, entry, onAsk }: VerbButtonProps) {
  const [label, icon] = verbs[verb];
  return (
    <button
      type="button"
      class="button quiet"
      title={label}
      aria-label={`${label} ${entry.name}`}
      onClick={() => onAsk(verb, entry)}
    >
      <Icon name={icon} />
    </button>
  );
}
