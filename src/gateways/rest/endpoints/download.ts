/** `POST /-/download`: a file for a browser to save, however large; no link could show a token. */
import { parseFilePath } from '#base/path.ts';
import { queryArguments } from '../arguments.ts';
import type { Call } from '../call.ts';
import { refuseConditions } from '../conditions.ts';
import { getPath } from './get.ts';

export async function download(call: Call): Promise<void> {
  const path = parseFilePath(queryArguments(call, { path: ['path'] }).required('path'));
  refuseConditions(call.head.headers);
  await getPath(call, path, ['Content-Disposition', attachmentOf(path)]);
}

/** Under the last of its names. What RFC 8187 lets stand is letters, digits and a few signs. */
function attachmentOf(path: string): string {
  const name = encodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
  const escaped = name.replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
  return `attachment; filename*=UTF-8''${escaped}`;
}
