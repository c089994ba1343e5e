/** Where one is, in the address behind '#', so that it can be linked to and gone back from. */
import { signal } from '@preact/signals';

export type Route =
  | { readonly view: 'cluster' }
  | { readonly view: 'files'; readonly folder: string };

export function parseRoute(hash: string): Route {
  const [, view, ...segments] = hash.split('/');
  if (view !== 'files') return { view: 'cluster' };
  const names = segments.filter((segment) => segment !== '').map(decoded);
  return { view, folder: `/${names.join('/')}` };
}

/** An address that somebody typed may hold broken escapes. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export const folderHref = (folder: string): string =>
  `#/files${folder === '/' ? '' : folder.split('/').map(encodeURIComponent).join('/')}`;

export const route = signal<Route>({ view: 'cluster' });

export function followAddress(): void {
  const follow = () => {
    route.value = parseRoute(location.hash);
  };
  addEventListener('hashchange', follow);
  follow();
}
