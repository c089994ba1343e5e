import type { Post } from '../post.ts';

/** HTTP by Node's own client. The answer's body is of no interest. */
export function createNodePost(): Post {
  return async (url, { contentType, body }, timeoutMs) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    return response.status;
  };
}
