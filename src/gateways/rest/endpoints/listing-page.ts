/** A folder as a page for people: names, sizes and dates, nothing loaded from anywhere. */
import type { ListEntry, ListPage } from '#files/files.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] as string);

const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

const style =
  'body{font:16px/1.5 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}' +
  'td{padding:.1rem 1.5rem .1rem 0}td+td{color:#666;text-align:right}';

export function listingPage(folder: string, page: ListPage): string {
  const base = folder === '/' ? '/' : `${folder}/`;
  const parent =
    folder === '/'
      ? ''
      : row(`${base.slice(0, base.lastIndexOf('/', base.length - 2) + 1)}`, '..', '', '');
  const rows = page.entries.map((entry) => entryRow(base, entry)).join('');
  const more = page.next ? `<p><a href="?after=${encodeURIComponent(page.next)}">more</a></p>` : '';
  return (
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escapeHtml(base)}</title>` +
    `<style>${style}</style><h1>${escapeHtml(base)}</h1><table>${parent}${rows}</table>${more}</html>\n`
  );
}

function entryRow(base: string, { name, kind, size, modifiedMs }: ListEntry): string {
  const slash = kind === 'folder' ? '/' : '';
  const modified = modifiedMs === undefined ? '' : new Date(modifiedMs).toISOString();
  return row(base + name + slash, name + slash, size === undefined ? '' : String(size), modified);
}

const row = (path: string, label: string, size: string, modified: string): string =>
  `<tr><td><a href="${escapeHtml(encodePath(path))}">${escapeHtml(label)}</a></td>` +
  `<td>${size}</td><td>${modified}</td></tr>`;
