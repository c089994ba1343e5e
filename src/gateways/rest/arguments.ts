/**
 * The one parser of arguments: from the query string, and from a body that is a form (urlencoded
 * or multipart) or a JSON object, whatever the method. Where both carry a name, the body wins. An
 * argument that an endpoint doesn't know, or that comes twice, is refused: it may be a typing
 * error.
 */
import { DftfsError } from '#base/errors.ts';
import type { Exchange } from './exchange.ts';
import { type Field, parseForm, textOf } from './form.ts';
import { fieldsOfObject, isJsonType, parseObject } from './json-fields.ts';
import { isMultipart, readParts } from './multipart.ts';
import { collect, RequestBody } from './request-body.ts';
import { hasBody, type RequestHead } from './request-head.ts';

/** Each argument with all the names it may be given by. */
export type ArgumentNames = Readonly<Record<string, readonly string[]>>;

const argumentBytesMax = 64 * 1024;

const invalid = (detail: string): DftfsError => new DftfsError('invalid_argument', detail);

export class Arguments {
  readonly #values = new Map<string, Buffer>();
  readonly #names: ArgumentNames;

  constructor(names: ArgumentNames) {
    this.#names = names;
  }

  /** Takes one carrier's fields; those taken later win. */
  take(fields: readonly Field[]): void {
    const seen = new Set<string>();
    for (const [given, value] of fields) {
      const name = this.#nameOf(given);
      if (seen.has(name)) throw invalid(`The argument ${name} may be given only once.`);
      seen.add(name);
      this.#values.set(name, value);
    }
  }

  bytes(name: string): Buffer | undefined {
    return this.#values.get(name);
  }

  requiredBytes(name: string): Buffer {
    const value = this.#values.get(name);
    if (value) return value;
    throw invalid(`The argument ${name} is missing; give it in the query, a form or JSON.`);
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return value && textOf(value, `The argument ${name}`);
  }

  required(name: string): string {
    return textOf(this.requiredBytes(name), `The argument ${name}`);
  }

  flag(name: string): boolean {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined || value === 'false' || value === '0') return false;
    if (value === '' || value === 'true' || value === '1') return true;
    throw invalid(`The argument ${name} takes true or false.`);
  }

  count(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
    throw invalid(`The argument ${name} takes a whole number from 1 on.`);
  }

  #nameOf(given: string): string {
    for (const name of Object.keys(this.#names)) {
      if (this.#names[name]?.includes(given)) return name;
    }
    const known = Object.keys(this.#names).join(', ') || 'none';
    throw invalid(`The argument ${JSON.stringify(given)} isn't known here; known: ${known}.`);
  }
}

interface ArgumentCall {
  readonly exchange: Exchange;
  readonly head: RequestHead;
  readonly target: { readonly query: string };
}

/** Arguments of the query alone; the body is something else. */
export function queryArguments(call: ArgumentCall, names: ArgumentNames): Arguments {
  const found = new Arguments(names);
  if (call.target.query !== '') found.take(parseForm(call.target.query));
  return found;
}

export async function readArguments(call: ArgumentCall, names: ArgumentNames): Promise<Arguments> {
  const found = queryArguments(call, names);
  if (hasBody(call.head)) found.take(await readBodyFields(call));
  return found;
}

/** Arguments of the body alone: what must not stand in an address. */
export async function bodyArguments(
  call: ArgumentCall,
  names: ArgumentNames,
  bytesMax: number,
): Promise<Arguments> {
  const found = new Arguments(names);
  if (hasBody(call.head)) found.take(await readBodyFields(call, bytesMax));
  return found;
}

async function readBodyFields(
  { exchange, head }: ArgumentCall,
  bytesMax = argumentBytesMax,
): Promise<readonly Field[]> {
  exchange.reserve(bytesMax);
  const type = head.headers.get('content-type');
  const body = new RequestBody(exchange, head);
  if (isMultipart(type)) return readMultipartFields(body, type, bytesMax);
  const bytes = await collect(body, bytesMax, 'A body of arguments');
  if (bytes.length === 0) return [];
  const object = parseObject(bytes);
  if (object) return fieldsOfObject(object);
  if (!isJsonType(type)) return parseForm(bytes.toString('latin1'));
  throw invalid('The body is no JSON object; give the arguments as JSON or as a form.');
}

async function readMultipartFields(
  body: RequestBody,
  type: string,
  bytesMax: number,
): Promise<Field[]> {
  const fields: Field[] = [];
  let room = bytesMax;
  for await (const part of readParts(body, type)) {
    const value = await collect(part.content, room, 'A body of arguments');
    room -= value.length;
    fields.push([part.name, value]);
  }
  return fields;
}
