/** The folder one is in and all above it, each a link. */
import { folderHref } from '../route.ts';
import { nameOf } from './paths.ts';

export const Trail = ({ folders }: { readonly folders: readonly string[] }) => (
  <nav class="trail" aria-label="Folder">
    <ol>
      {folders.map((folder, index) => (
        <li key={folder}>
          <a
            href={folderHref(folder)}
            {...(index === folders.length - 1 ? { 'aria-current': 'location' } : {})}
          >
            {folder === '/' ? 'all files' : nameOf(folder)}
          </a>
        </li>
      ))}
    </ol>
  </nav>
);
