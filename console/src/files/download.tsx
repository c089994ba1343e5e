/** What takes a file to the disk: a link where that is enough, else a button. */
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { fileHref } from '../api/files.ts';
import { messageOf } from '../api/http.ts';
import { save } from '../api/save.ts';
import { session } from '../session/session.ts';
import { nameOf } from './paths.ts';

/** Why the last one did not begin. */
export const downloadProblem = signal<string | undefined>(undefined);

export interface DownloadProps {
  readonly path: string;
  readonly class: string;
  /** Where what is shown doesn't tell. */
  readonly label?: string;
  readonly children: ComponentChildren;
}

export function Download({ path, label, children, ...looks }: DownloadProps) {
  const named = label === undefined ? {} : { 'aria-label': label, title: 'Download' };
  if (session.value.state !== 'in') {
    return (
      <a {...looks} {...named} href={fileHref(path)} download={nameOf(path)}>
        {children}
      </a>
    );
  }
  return (
    <button type="button" {...looks} {...named} onClick={() => void begin(path)}>
      {children}
    </button>
  );
}

async function begin(path: string): Promise<void> {
  downloadProblem.value = undefined;
  try {
    await save(path);
  } catch (error) {
    downloadProblem.value = `${nameOf(path)} can’t be downloaded. ${messageOf(error)}`;
  }
}

export const DownloadProblem = () =>
  downloadProblem.value === undefined ? null : (
    <p class="problem" role="alert">
      {downloadProblem.value}
    </p>
  );
