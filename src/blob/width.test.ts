import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeFor, codeWithin, marginWanted } from './width.ts';

const shown = (code: { k: number; m: number } | undefined) => (code ? `${code.k}+${code.m}` : '-');
const table = (of: (live: number) => { k: number; m: number } | undefined) =>
  Array.from({ length: 21 }, (_, live) => shown(of(live))).join(' ');

test('large blobs: any two losses from four nodes on, and a spare node is left', () => {
  const wide = Array(14).fill('4+2').join(' ');
  assert.equal(
    table((live) => codeFor('large', live)),
    `- - 1+1 1+1 1+2 2+2 3+2 ${wide}`,
  );
});

test('small blobs: three copies from four nodes on, else two', () => {
  const three = Array(17).fill('1+2').join(' ');
  assert.equal(
    table((live) => codeFor('small', live)),
    `- - 1+1 1+1 ${three}`,
  );
});

test('one node alone takes what is written only where that is wanted', () => {
  for (const blobClass of ['small', 'large'] as const) {
    const codes = [0, 1, 2, 3, 6].map((live) => shown(codeFor(blobClass, live, 1)));
    const usual = [0, 1, 2, 3, 6].map((live) => shown(codeFor(blobClass, live)));
    assert.deepEqual(codes, usual.with(1, '1+0'));
    assert.equal(shown(codeWithin(blobClass, 1, 1, 1)), '1+0');
    assert.equal(shown(codeWithin(blobClass, 1, 0, 1)), '-');
  }
  assert.deepEqual([marginWanted(1, 1), marginWanted(1), marginWanted(2, 1)], [0, 1, 1]);
});

test('no blob is on all nodes, wherever that can be', () => {
  for (let live = 3; live <= 20; live++) {
    for (const blobClass of ['small', 'large'] as const) {
      const code = codeFor(blobClass, live);
      assert.ok(code && code.k + code.m <= live - 1);
    }
  }
});

test('full nodes narrow the width, never the protection', () => {
  assert.equal(
    table((available) => codeWithin('large', 6, available)).slice(0, 30),
    '- - - 1+2 2+2 3+2 3+2 3+2 3+2 ',
  );
  assert.equal(shown(codeWithin('small', 6, 2)), '-');
  assert.equal(shown(codeWithin('large', 3, 2)), '1+1');
});
