/**
 * Arguments as members of one JSON object. Many a tool sends JSON under a form's content type, so
 * what begins as an object and parses as one is one, whatever it is labelled.
 */
import { DftfsError } from '#base/errors.ts';
import type { Field } from './form.ts';

export const isJsonType = (type: string | undefined): boolean =>
  type !== undefined && /^application\/(?:[\w.-]+\+)?json\b/i.test(type.trim());

/** Undefined: no object. */
export function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  const text = bytes.toString('utf8').trim();
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

/** Members that are null count as absent. Throws invalid_argument for what is no plain value. */
export const fieldsOfObject = (object: Readonly<Record<string, unknown>>): readonly Field[] =>
  Object.entries(object)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [name, Buffer.from(plainText(name, value))]);

function plainText(name: string, value: unknown): string {
  if (typeof value === 'string' && value.isWellFormed()) return value;
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  const detail = `The argument ${name} takes valid text, a number or true/false.`;
  throw new DftfsError('invalid_argument', detail);
}
