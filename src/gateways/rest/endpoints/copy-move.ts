/** `POST /copy` and `POST /move`. */
import { parseFilePath } from '#base/path.ts';
import { readArguments } from '../arguments.ts';
import { auditTransferred } from '../audit.ts';
import type { Call } from '../call.ts';
import { refuseConditions } from '../conditions.ts';
import { idempotencyKeyOf } from '../idempotency-key.ts';
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
  const entry = await call.services.files.copy(from, to, key, call.exchange);
  auditTransferred(call, from, entry);
  respondStored(call, entry);
}

export async function move(call: Call): Promise<void> {
  const { from, to, key } = await readTransfer(call);
  const entry = await call.services.files.move(from, to, key, call.exchange);
  auditTransferred(call, from, entry);
  respondStored(call, entry);
}

async function readTransfer(call: Call): Promise<Transfer> {
  refuseConditions(call.head.headers);
  const found = await readArguments(call, names);
  const from = parseFilePath(found.required('source_path'));
  const to = parseFilePath(found.required('destination_path'));
  call.exchange.path = from;
  return { from, to, key: idempotencyKeyOf(call) };
}
