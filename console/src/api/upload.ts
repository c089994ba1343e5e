/** One file's way up, with its progress, which only the older kind of request tells. */
import { tokenInHand, tokenRefused } from '../session/session.ts';
import { ApiError, bearing, isWorthAnother, newKey, pauseBefore, query } from './http.ts';

const triesMax = 7;

export interface UploadWatch {
  readonly signal: AbortSignal;
  readonly onProgress: (bytesSent: number) => void;
}

/** Repeated with the same key after a failure: what had been stored by then is a success. */
export async function upload(path: string, file: File, watch: UploadWatch): Promise<void> {
  const key = newKey();
  for (let tries = 1; ; tries++) {
    try {
      await send(path, file, key, watch);
      return;
    } catch (error) {
      watch.signal.throwIfAborted();
      if (tries >= triesMax || !isWorthAnother(error)) throw error;
    }
    watch.onProgress(0);
    await pauseBefore(tries);
  }
}

function send(path: string, file: File, key: string, watch: UploadWatch): Promise<void> {
  const { signal, onProgress } = watch;
  const token = tokenInHand();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    const done = (act: () => void) => () => {
      signal.removeEventListener('abort', abort);
      act();
    };
    request.open('PUT', `/path?${query({ path })}`);
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
    request.setRequestHeader('Idempotency-Key', key);
    for (const [name, value] of Object.entries(bearing(token))) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onload = done(() => {
      if (request.status === 401) tokenRefused(token);
      if (request.status === 200) resolve();
      else reject(refusalOf(request));
    });
    request.onerror = done(() => reject(new ApiError(0, 'no_answer', 'The connection broke.')));
    request.onabort = done(() => reject(new ApiError(0, 'aborted', 'Cancelled.')));
    signal.addEventListener('abort', abort);
    request.send(file);
  });
}

function refusalOf({ status, responseText }: XMLHttpRequest): ApiError {
  try {
    const { code, detail } = JSON.parse(responseText) as { code: string; detail: string };
    return new ApiError(status, code, detail);
  } catch {
    return new ApiError(status, 'unknown', `The answer was ${status}.`);
  }
}
