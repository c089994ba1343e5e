/**
 * Sends one message to a service outside of the cluster. Resolves with the status of the answer, or
 * rejects when there is none in time.
 */
export type Post = (
  url: string,
  message: { readonly contentType: string; readonly body: string },
  timeoutMs: number,
) => Promise<number>;
