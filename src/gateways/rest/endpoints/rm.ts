/** `DELETE /any/file/path` and `POST /rm`. */
import { DftfsError } from '#base/errors.ts';
import { parseFilePath, parseFolderPath } from '#base/path.ts';
import type { RemoveResult } from '#files/files.ts';
import { queryArguments, readArguments } from '../arguments.ts';
import { auditDone } from '../audit.ts';
import { type Call, respondJson } from '../call.ts';
import { refuseConditions } from '../conditions.ts';
import { idempotencyKeyOf } from '../idempotency-key.ts';
import { filePathOf } from '../target.ts';
import { refuseBody } from './get.ts';

export async function deleteFile(call: Call): Promise<void> {
  queryArguments(call, {});
  refuseBody(call);
  await removePath(call, filePathOf(call.target));
}

export async function removePath(call: Call, path: string): Promise<void> {
  const { exchange, head, services } = call;
  refuseConditions(head.headers);
  exchange.path = path;
  respond(call, path, await services.files.remove(path, idempotencyKeyOf(call), exchange));
}

const names = { path: ['path'], recursive: ['recursive'] };

export async function rm(call: Call): Promise<void> {
  const { exchange, head, services } = call;
  const found = await readArguments(call, names);
  const path = found.required('path');
  if (!found.flag('recursive')) return removePath(call, parseFilePath(path));
  refuseConditions(head.headers);
  const folder = parseFolderPath(path);
  exchange.path = folder;
  const result = await services.files.removeTree(folder, exchange);
  if (result.removed === 0) {
    throw new DftfsError('path_not_found', `Nothing is under ${folder}.`, { path: folder });
  }
  respond(call, folder, result);
}

function respond(call: Call, path: string, { removed }: RemoveResult): void {
  auditDone(call, { path, removed });
  respondJson(call.exchange, { removed });
}
