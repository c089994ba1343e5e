import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, isCode } from './errors.ts';
import { decodeTarget, isReserved, parseFilePath, parseFolderPath, parsePath } from './path.ts';

const throwsCode = (code: ErrorCode, run: () => unknown, message?: string) =>
  assert.throws(run, (error) => isCode(error, code) && error.message.length > 20, message);

test('a leading slash is added, runs of slashes collapse, a last one means a folder', () => {
  for (const [text, path, folder] of [
    ['a', '/a', false],
    ['/a/b', '/a/b', false],
    ['//a///b', '/a/b', false],
    ['/a/b/', '/a/b', true],
    ['a//', '/a', true],
    ['/', '/', true],
    ['///', '/', true],
  ] as const) {
    assert.deepEqual(parsePath(text), { path, folder }, text);
  }
});

test('names that look odd but are legal stay byte for byte', () => {
  for (const path of [
    '/...',
    '/.hidden',
    '/a..b',
    '/a b',
    '/ ',
    '/CON',
    '/a:b',
    '/trailing.',
    '/%2e%2e',
    '/+',
    '/a\\b',
    '/caf\u00e9',
    '/cafe\u0301',
    '/\u{1f600}',
    '/\ufeffx',
    '/path',
  ]) {
    assert.equal(parseFilePath(path), path);
  }
});

test('dot segments, control characters and broken Unicode are invalid', () => {
  for (const text of [
    '',
    '.',
    '..',
    '/a/./b',
    '/a/../b',
    '/a/..',
    '/a\0b',
    '/a\nb',
    '/a\x1f',
    '/\x7f',
    '/\ud800',
    '/\udc00x',
  ]) {
    throwsCode('invalid_path', () => parsePath(text), JSON.stringify(text));
  }
});

test('a path is at most 1,024 bytes, counted after runs of slashes collapse', () => {
  assert.equal(parseFilePath(`/${'x'.repeat(1023)}`).length, 1024);
  assert.equal(parsePath(`${'/'.repeat(900)}${'x'.repeat(1023)}/`).path.length, 1024);
  throwsCode('path_too_long', () => parsePath(`/${'x'.repeat(1024)}`));
  throwsCode('path_too_long', () => parsePath(`/${'é'.repeat(512)}`));
  assert.equal(Buffer.byteLength(parsePath(`/${'é'.repeat(511)}`).path), 1023);
});

test('a file is neither the root, nor a folder, nor a reserved name', () => {
  throwsCode('invalid_path', () => parseFilePath('/'));
  throwsCode('invalid_path', () => parseFilePath('/a/'));
  const reserved = ['/-', '/-/health', '/exists', '/exists/a', '/copy', '/move', '/ls', '/rm'];
  for (const path of [...reserved, '/stat', 'stat', '//copy']) {
    throwsCode('reserved_path', () => parseFilePath(path), path);
  }
  for (const path of ['/path', '/-a', '/existsx', '/copy/a', '/a/copy', '/Copy', '/ls.txt']) {
    assert.equal(parseFilePath(path), path);
    assert.equal(isReserved(path), false);
  }
});

test('a folder may be written with or without its last slash', () => {
  assert.deepEqual(['/', '/a/', '/a', 'a/b/'].map(parseFolderPath), ['/', '/a', '/a', '/a/b']);
});

test('a target is percent-decoded exactly once', () => {
  for (const [raw, decoded] of [
    ['/a%20b', '/a b'],
    ['/a+b', '/a+b'],
    ['/%252e%252e/x', '/%2e%2e/x'],
    ['/%25', '/%'],
    ['/caf%C3%A9', '/café'],
    ['/%F0%9F%98%80', '/\u{1f600}'],
    ['/%EF%BB%BFx', '/\ufeffx'],
    ['/%3F%23', '/?#'],
    ['/"{}|^`<>', '/"{}|^`<>'],
    ['', ''],
  ] as const) {
    assert.equal(decodeTarget(raw), decoded, raw);
  }
});

test('what is broken or ambiguous in a target is invalid', () => {
  for (const raw of [
    '/%zz',
    '/%4',
    '/%',
    '/%-1',
    '/% 1',
    '/a%2Fb',
    '/a%2fb',
    '/a%5Cb',
    '/a%5cb',
    '/a\\b',
    '/%FF',
    '/%C0%AF',
    '/%E0%80%AF',
    '/%ED%A0%80',
    '/%F4%90%80%80',
    '/%C3',
    '/é',
    '/a b',
    '/a#b',
    '/a?b',
    '/a\0',
  ]) {
    throwsCode('invalid_path', () => decodeTarget(raw), raw);
  }
});

test('encoded controls and dot segments are refused like raw ones', () => {
  for (const raw of ['/%00', '/a%0Ab', '/%7F', '/%2e%2e/x', '/a/%2E', '/a/.%2e/b', '/../x', '/.']) {
    throwsCode('invalid_path', () => parsePath(decodeTarget(raw)), raw);
  }
});

test('any parsed path comes back through percent-encoding, and parses to itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), (text) => {
      let path: string;
      try {
        path = parsePath(text).path;
      } catch (error) {
        return isCode(error, 'invalid_path');
      }
      if (path.includes('\\')) return true;
      const encoded = path.split('/').map(encodeURIComponent).join('/');
      return decodeTarget(encoded) === path && parsePath(path).path === path;
    }),
  );
});

test('no text makes the decoder or the parser fail in another way', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
      for (const run of [() => decodeTarget(text), () => parsePath(text)]) {
        try {
          run();
        } catch (error) {
          if (!isCode(error, 'invalid_path')) return false;
        }
      }
      return true;
    }),
  );
});
