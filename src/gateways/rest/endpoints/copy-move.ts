/** `POST /copy` and `POST /move`. */
import { parseFilePath } from '#base/path.ts';
import { readArguments } from '../arguments.ts';
import type { Call } from '../call.ts';
import { refuseConditions } from '../conditions.ts';
import { idempotencyKeyOf } from '../request-head.ts';
import { respondStored } from '../stored.ts';

const names = {
  source_path: ['source_path', 'source', 'src'],
  destination_path: ['destination_path', 'destination', 'dst'],
};

interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly key: string | undefined;
}

export async function copy(call: Call): Promise<void> {
  const { from, to, key } = await readTransfer(call);
  respondStored(call, await call.services.files.copy(from, to, key, call.exchange));
}

export async function move(call: Call): Promise<void> {
  const { from, to, key } = await readTransfer(call);
  respondStored(call, await call.services.files.move(from, to, key, call.exchange));
}

async function readTransfer(call: Call): Promise<Transfer> {
  refuseConditions(call.head.headers);
  const found = await readArguments(call, names);
  const from = parseFilePath(found.required('source_path'));
  const to = parseFilePath(found.required('destination_path'));
  return { from, to, key: idempotencyKeyOf(call.head) };
}
