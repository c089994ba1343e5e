import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pictureBytesMax, previewKindOf, textOf } from './preview-kind.ts';

test('pictures are drawn, what is text is text, and a page is only its source', () => {
  assert.equal(previewKindOf('image/png', 1), 'picture');
  assert.equal(previewKindOf('IMAGE/JPEG; q=1', 1), 'picture');
  assert.equal(previewKindOf('image/png', pictureBytesMax + 1), 'none');
  for (const type of ['text/html', 'text/plain; charset=utf-8', 'image/svg+xml']) {
    assert.equal(previewKindOf(type, 1), 'text', type);
  }
  assert.equal(previewKindOf('application/pdf', 1), 'none');
});

test('text is what decodes as text', () => {
  const bytes = new TextEncoder().encode('aä');
  assert.equal(textOf(bytes, true), 'aä');
  assert.equal(textOf(bytes.subarray(0, 2), false), 'a');
  assert.equal(textOf(bytes.subarray(0, 2), true), undefined);
  assert.equal(textOf(Uint8Array.of(65, 0, 66), true), undefined);
});
