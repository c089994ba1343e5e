/** Files on their way up, a few at a time. */
import { signal } from '@preact/signals';
import { exists } from '../api/files.ts';
import { ApiError, messageOf } from '../api/http.ts';
import { upload } from '../api/upload.ts';
import type { LocalFile } from './dropped-files.ts';
import { showAgain } from './listing.ts';
import { join } from './paths.ts';

export type UploadState = 'waiting' | 'sending' | 'done' | 'taken' | 'failed' | 'cancelled';

export interface Upload {
  readonly number: number;
  readonly path: string;
  readonly size: number;
  readonly file: File;
  state: UploadState;
  bytesSent: number;
  problem: string | undefined;
}

const atOnceMax = 3;
const showEveryMs = 100;
/** A taken name is refused before the bytes, but a browser may not hear it while it sends. */
const askFirstBytes = 256 * 1024;

const all: Upload[] = [];
let cancelling = new AbortController();
/** All before it have been begun, in their order. */
let next = 0;
let underWay = 0;
let numbered = 0;
let isTold = true;

/** A new list whenever something has changed, but not more often than one can see. */
export const uploads = signal<readonly Upload[]>([]);

export function addUploads(folder: string, files: readonly LocalFile[]): void {
  for (const { file, name } of files) {
    all.push({
      ...{ number: ++numbered, path: join(folder, name), size: file.size, file },
      ...{ state: 'waiting', bytesSent: 0, problem: undefined },
    });
  }
  pump();
}

export function cancelUploads(): void {
  cancelling.abort();
  cancelling = new AbortController();
  for (const one of all) if (one.state === 'waiting') one.state = 'cancelled';
  tell();
}

export const areUploadsUnderWay = (): boolean => underWay > 0 || next < all.length;

/** Forgets all that has ended. */
export function clearUploads(): void {
  const left = all.filter(({ state }) => state === 'waiting' || state === 'sending');
  all.splice(0, all.length, ...left);
  next = all.filter(({ state }) => state === 'sending').length;
  tell();
}

function pump(): void {
  while (underWay < atOnceMax && next < all.length) {
    const one = all[next++] as Upload;
    if (one.state === 'waiting') void run(one);
  }
  tell();
}

async function run(one: Upload): Promise<void> {
  underWay += 1;
  one.state = 'sending';
  const { signal: ending } = cancelling;
  try {
    if (one.size > askFirstBytes && (await isTaken(one.path))) one.state = 'taken';
    else {
      await upload(one.path, one.file, { signal: ending, onProgress: (sent) => note(one, sent) });
      one.state = 'done';
      one.bytesSent = one.size;
    }
  } catch (error) {
    one.state = stateAfter(error, ending);
    one.problem = messageOf(error);
  }
  underWay -= 1;
  if (underWay === 0 || one.state === 'done') void showSoon();
  pump();
}

/** Who may write only is told by the upload itself. */
const isTaken = (path: string): Promise<boolean> =>
  exists(path).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 403) return false;
    throw error;
  });

function stateAfter(error: unknown, ending: AbortSignal): UploadState {
  if (ending.aborted) return 'cancelled';
  return error instanceof ApiError && error.code === 'path_exists' ? 'taken' : 'failed';
}

function note(one: Upload, bytesSent: number): void {
  one.bytesSent = bytesSent;
  tell();
}

function tell(): void {
  if (!isTold) return;
  isTold = false;
  setTimeout(() => {
    isTold = true;
    uploads.value = [...all];
  }, showEveryMs);
}

let isShownSoon = false;

/** Many small files end in a moment; the folder is listed once for all of them. */
async function showSoon(): Promise<void> {
  if (isShownSoon) return;
  isShownSoon = true;
  await new Promise((resolve) => setTimeout(resolve, 5 * showEveryMs));
  isShownSoon = false;
  await showAgain();
}
