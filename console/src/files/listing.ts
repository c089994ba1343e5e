/** What is shown of a folder: pages of names, all of it or what starts with a prefix. */
import { signal } from '@preact/signals';
import type { ListEntry } from '#client/storage.ts';
import { list } from '../api/files.ts';
import { ApiError, messageOf } from '../api/http.ts';
import { isBehind, justBefore } from './paths.ts';

export interface Search {
  readonly folder: string;
  readonly prefix: string;
  readonly recursive: boolean;
}

export interface Listing {
  readonly entries: readonly ListEntry[];
  /** Undefined: that is all. */
  readonly next: string | undefined;
  readonly isLoading: boolean;
  readonly problem: string | undefined;
}

const pageNames = 200;
const nothing: Listing = { entries: [], next: undefined, isLoading: true, problem: undefined };

export const listing = signal<Listing>(nothing);

let shown: Search = { folder: '/', prefix: '', recursive: false };
let loading = new AbortController();

/** Replaces what is shown once the first page is here. */
export async function show(search: Search): Promise<void> {
  const isOther = search.folder !== shown.folder;
  shown = search;
  listing.value = isOther ? nothing : { ...listing.value, isLoading: true };
  await load(justBefore(search.prefix), []);
}

/** Whoever comes next sees nothing of what others saw. */
export function forgetListing(): void {
  loading.abort();
  listing.value = nothing;
}

/** The same again: something has changed there. */
export const showAgain = (): Promise<void> => show(shown);

export async function showMore(): Promise<void> {
  const { next, entries, isLoading } = listing.value;
  if (next === undefined || isLoading) return;
  listing.value = { ...listing.value, isLoading: true };
  await load(next, entries);
}

async function load(after: string | undefined, before: readonly ListEntry[]): Promise<void> {
  loading.abort();
  loading = new AbortController();
  const { signal: ending } = loading;
  const { folder, recursive, prefix } = shown;
  try {
    const options = { recursive, after, limit: pageNames, signal: ending };
    const { entries, next } = await list(folder, options);
    if (ending.aborted) return;
    const found = entries.filter(({ name }) => name.startsWith(prefix));
    const isOver = entries.some(({ name }) => isBehind(name, prefix));
    listing.value = {
      ...{ entries: [...before, ...found], next: isOver ? undefined : next },
      ...{ isLoading: false, problem: undefined },
    };
  } catch (error) {
    if (ending.aborted) return;
    const isEmpty = error instanceof ApiError && error.code === 'path_not_found';
    const problem = isEmpty ? undefined : messageOf(error);
    listing.value = { entries: before, next: undefined, isLoading: false, problem };
  }
}
