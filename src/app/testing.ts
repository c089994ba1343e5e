/**
 * `dftfs/testing`: a storage of one's own for the tests of an application, in the test's process
 * and in a folder that goes when it is closed.
 */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Storage } from '#client/index.ts';
import { startDevServer } from './dev/dev-server.ts';

export interface TestServer extends AsyncDisposable {
  /** For whatever speaks HTTP. */
  readonly url: string;
  /** At `url`. */
  readonly storage: Storage;
  /** Ends it, and removes what it kept. */
  close(): Promise<void>;
}

export interface TestServerOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Lines of the server's log, warnings and worse. Default: nobody hears them. */
  readonly log?: (line: string) => void;
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'dftfs-test-'));
  const remove = () => fs.rm(folder, { recursive: true, force: true });
  const server = await startDevServer({ ...options, folder }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  const { url } = server;
  const storage = new Storage([url]);
  let closing: Promise<void> | undefined;
  const end = async () => {
    storage.close();
    await server.close();
    await remove();
  };
  const close = () => {
    closing ??= end();
    return closing;
  };
  return { url, storage, close, [Symbol.asyncDispose]: close };
}
