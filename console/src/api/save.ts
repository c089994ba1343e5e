/**
 * Saves a file where a token has to be shown, which a link can't do: a form posts it, in its body,
 * to a hidden frame. The answer is no page but a download, and so goes to the disk as it comes.
 */
import { tokenInHand } from '../session/session.ts';
import { fileHref } from './files.ts';
import { ApiError, call, query } from './http.ts';

/** Whoever saves more at once may cut off one whose answer has not begun. */
const framesMax = 8;
const frames: HTMLIFrameElement[] = [];

/** Throws why it can't be read: nobody would see the answer in the frame. */
export async function save(path: string): Promise<void> {
  await checkReadable(path);
  const form = document.createElement('form');
  form.method = 'post';
  form.action = `/-/download?${query({ path })}`;
  form.target = nextFrame().name;
  const token = document.createElement('input');
  token.type = 'hidden';
  token.name = 'token';
  token.value = tokenInHand() ?? '';
  form.append(token);
  document.body.append(form);
  form.submit();
  form.remove();
}

async function checkReadable(path: string): Promise<void> {
  try {
    await call(fileHref(path), { headers: { Range: 'bytes=0-0' } });
  } catch (error) {
    const isEmpty = error instanceof ApiError && error.code === 'range_unsatisfiable';
    if (!isEmpty) throw error;
  }
}

function nextFrame(): HTMLIFrameElement {
  const oldest = frames.length < framesMax ? undefined : frames.shift();
  const frame = oldest ?? document.createElement('iframe');
  if (oldest === undefined) {
    frame.hidden = true;
    frame.title = 'Downloads';
    frame.name = `download-${frames.length}`;
    document.body.append(frame);
  }
  frames.push(frame);
  return frame;
}
