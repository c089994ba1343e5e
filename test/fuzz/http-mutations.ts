/**
 * Requests that are nearly right: changed anywhere, which seldom gets past HTTP's own parser, or
 * only in what means something behind it.
 */
import type { SeededRandom } from '../support/seeded-random.ts';
import { httpSeeds, rightRequests } from './http-seeds.ts';
import { mutated } from './mutations.ts';

const request = /^(\S+ )(\S+)( HTTP\/1\.1\r\n)(.*?\r\n)\r\n(.*)$/s;
const lengthField = /(?<=Content-Length: )\d+/;
const notInTarget = /[^\x21-\x7e]/g;
const notInField = /[^\t\x20-\x7e\x80-\xff]/g;

/** It might remove everything, and rightly. */
const isSweeping = (bytes: Buffer): boolean => {
  const text = bytes.toString('latin1').toLowerCase();
  return text.includes('recursive') && text.includes('/rm');
};

export function mutatedRequest(random: SeededRandom): Buffer {
  while (true) {
    const bytes =
      random.fraction() < 0.3
        ? mutated(random.oneOf(httpSeeds.whole), random, httpSeeds)
        : framedWell(random);
    if (!isSweeping(bytes)) return bytes;
  }
}

/** With a new target, field or body, and framed as it must be. */
function framedWell(random: SeededRandom): Buffer {
  const [, method = '', target = '', version = '', fields = '', body = ''] =
    request.exec(random.oneOf(rightRequests)) ?? [];
  const change = (text: string, not?: RegExp): string => {
    const bytes = mutated(Buffer.from(text, 'latin1'), random, httpSeeds);
    return not ? bytes.toString('latin1').replace(not, '') : bytes.toString('latin1');
  };
  const part = random.oneOf(
    body === '' ? ['target', 'field'] : ['target', 'field', 'body', 'body'],
  );
  if (part === 'target') {
    const changed = change(target, notInTarget) || '/';
    return Buffer.from(`${method}${changed}${version}${fields}\r\n${body}`, 'latin1');
  }
  if (part === 'field') {
    const lines = fields.split('\r\n').slice(0, -1);
    const at = random.between(0, lines.length - 1);
    const [name = '', value = ''] = (lines[at] as string).split(/: (.*)/s);
    lines[at] = `${name}: ${change(value, notInField)}`;
    const changed = lines.map((line) => `${line}\r\n`).join('');
    return Buffer.from(`${method}${target}${version}${changed}\r\n${body}`, 'latin1');
  }
  const changed = change(body);
  const framing = fields.replace(lengthField, String(changed.length));
  return Buffer.from(`${method}${target}${version}${framing}\r\n${changed}`, 'latin1');
}
