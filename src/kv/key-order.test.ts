import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { compareKeys, spanHas } from './key-order.ts';

/** Few characters, on both sides of the surrogates, so that strings share prefixes. */
const key = fc.string({ unit: fc.constantFrom('a', 'é', '\ud7ff', '\ue000', '\uffff', '𐀀', '😀') });

it('orders as the bytes of UTF-8 do', () => {
  fc.assert(
    fc.property(key, key, (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      assert.equal(Math.sign(compareKeys(a, b)), expected);
    }),
    { seed: 1 },
  );
});

it('takes a span without an end for one key', () => {
  assert.equal(spanHas({ start: 'a' }, 'a'), true);
  assert.equal(spanHas({ start: 'a' }, 'aa'), false);
  assert.equal(spanHas({ start: 'a', end: 'b' }, 'aa'), true);
  assert.equal(spanHas({ start: 'a', end: 'b' }, 'b'), false);
});
