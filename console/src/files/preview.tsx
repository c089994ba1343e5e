/** A look at a file without running any of it: see `preview-kind.ts`. */
import { useEffect, useState } from 'preact/hooks';
import { readStart } from '../api/files.ts';
import { messageOf } from '../api/http.ts';
import { sizeText } from '../parts/format.ts';
import { nameOf } from './paths.ts';
import { plainType, previewKindOf, textBytesMax, textOf } from './preview-kind.ts';

export interface PreviewProps {
  readonly path: string;
  readonly size: number;
  readonly contentType: string;
}

type Shown =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'picture'; readonly url: string }
  | { readonly kind: 'words'; readonly words: string };

export function Preview({ path, size, contentType }: PreviewProps) {
  const [shown, setShown] = useState<Shown>();
  useEffect(() => {
    const ending = new AbortController();
    let made: string | undefined;
    look(path, size, contentType, ending.signal).then(
      (found) => {
        if (found.kind === 'picture') made = found.url;
        if (ending.signal.aborted) release(made);
        else setShown(found);
      },
      (error: unknown) => {
        if (!ending.signal.aborted) setShown({ kind: 'words', words: messageOf(error) });
      },
    );
    return () => {
      ending.abort();
      release(made);
    };
  }, [path, size, contentType]);
  if (shown === undefined) return <p class="note">Loading a preview…</p>;
  if (shown.kind === 'words') return <p class="note">{shown.words}</p>;
  if (shown.kind === 'picture') {
    return <img class="preview" src={shown.url} alt={`Preview of ${nameOf(path)}`} />;
  }
  return (
    <>
      <section
        class="preview"
        aria-label={`Preview of ${nameOf(path)}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it
        tabIndex={0}
      >
        <pre>{shown.text}</pre>
      </section>
      {size > textBytesMax && <p class="note">The first {sizeText(textBytesMax)}.</p>}
    </>
  );
}

const release = (url: string | undefined): void => {
  if (url !== undefined) URL.revokeObjectURL(url);
};

async function look(
  path: string,
  size: number,
  contentType: string,
  signal: AbortSignal,
): Promise<Shown> {
  if (size === 0) return { kind: 'words', words: 'The file is empty.' };
  const kind = previewKindOf(contentType, size);
  const none = { kind: 'words', words: 'No preview for this kind of file.' } as const;
  if (kind === 'none') return none;
  if (kind === 'picture') {
    const bytes = await readStart(path, size, signal);
    // Under the type that was judged, whatever the answer said.
    const picture = new Blob([bytes], { type: plainType(contentType) });
    return { kind, url: URL.createObjectURL(picture) };
  }
  const start = await readStart(path, Math.min(size, textBytesMax), signal);
  const text = textOf(new Uint8Array(await start.arrayBuffer()), size <= textBytesMax);
  return text === undefined ? none : { kind, text };
}
