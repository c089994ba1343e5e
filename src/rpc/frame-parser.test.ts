import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DftfsError, isCode } from '#base/errors.ts';
import { frameBodyBytesMax } from '#base/limits.ts';
import { bareFrame, expectCalls, frameKinds, packFrame, prefixBytes, sealFrame } from './frame.ts';
import { type Frame, FrameParser } from './frame-parser.ts';

interface Seen {
  readonly kind: number;
  readonly call: number;
  readonly timeoutMs: number;
  readonly head: unknown;
  readonly body: string;
}

const seen = (frame: Frame): Seen => ({
  kind: frame.prefix.kind,
  call: frame.prefix.call,
  timeoutMs: frame.prefix.timeoutMs,
  head: frame.head(),
  body: Buffer.concat(frame.body).toString('hex'),
});

function parse(chunks: readonly Buffer[]): Seen[] {
  const frames: Seen[] = [];
  const parser = new FrameParser(expectCalls, (frame) => frames.push(seen(frame)));
  for (const chunk of chunks) parser.push(chunk);
  return frames;
}

function cut(whole: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (let i = 0; at < whole.length; i += 1) {
    const size = sizes.length === 0 ? whole.length : (sizes[i % sizes.length] ?? 1);
    chunks.push(whole.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

const messages = fc.array(
  fc.record({
    call: fc.nat(0xffff_ffff),
    head: fc.oneof(fc.jsonValue(), fc.constant(undefined)),
    body: fc.uint8Array({ maxLength: 300 }),
    timeoutMs: fc.nat(100_000),
  }),
  { maxLength: 8 },
);

/** What msgpack can't tell apart. */
const normal = (value: unknown): unknown =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value).replaceAll('__proto__', 'p'));

test('frames come out as they went in, whatever the chunks', () => {
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 200 })), (sent, sizes) => {
      const parts = sent.flatMap(({ call, head, body, timeoutMs }) => [
        sealFrame(packFrame(normal(head)), frameKinds.request, call, body.length, timeoutMs),
        Buffer.from(body),
        bareFrame(frameKinds.cancel, call),
      ]);
      const expected = sent.flatMap(({ call, head, body, timeoutMs }) => [
        {
          kind: frameKinds.request,
          call,
          timeoutMs,
          head: normal(head),
          body: Buffer.from(body).toString('hex'),
        },
        { kind: frameKinds.cancel, call, timeoutMs: 0, head: undefined, body: '' },
      ]);
      assert.deepEqual(parse(cut(Buffer.concat(parts), sizes)), expected);
    }),
  );
});

test('a body is made of views of the chunks it came in', () => {
  const bodies: (readonly Buffer[])[] = [];
  const parser = new FrameParser(expectCalls, (frame) => bodies.push(frame.body));
  const whole = Buffer.alloc(100_000, 5);
  const alone = Buffer.alloc(50_000, 6);
  parser.push(sealFrame(packFrame(1), frameKinds.request, 1, 150_000));
  parser.push(whole);
  parser.push(alone);
  assert.deepEqual(
    bodies[0]?.map((part) => part.buffer),
    [whole.buffer, alone.buffer],
  );
});

test('a Buffer in a head comes out as a Buffer', () => {
  const sent = sealFrame(packFrame({ a: Buffer.from('x') }), frameKinds.request, 1, 0);
  const [a] = parse([sent]).flatMap(({ head }) => Object.values(head as object));
  assert.ok(Buffer.isBuffer(a));
  assert.equal(a.toString(), 'x');
});

test('what is not an expected frame is refused before a byte of it is kept', () => {
  const good = sealFrame(packFrame('head'), frameKinds.request, 1, 0);
  const changed = (change: (frame: Buffer) => void): Buffer => {
    const frame = Buffer.from(good);
    change(frame);
    return frame.subarray(0, prefixBytes);
  };
  const bad = {
    magic: changed((frame) => frame.fill('GE', 4, 6)),
    version: changed((frame) => frame.fill(9, 6, 7)),
    kind: changed((frame) => frame.fill(frameKinds.reply, 7, 8)),
    head: changed((frame) => frame.writeUInt32LE(0xffff_ffff, 12)),
    body: changed((frame) => frame.writeUInt32LE(frameBodyBytesMax + 1, 16)),
  };
  for (const [what, frame] of Object.entries(bad)) {
    assert.throws(() => parse([frame]), { code: 'invalid_message' }, what);
  }
});

test('no bit of a prefix or a head is believed that was turned over on the way', () => {
  const frame = sealFrame(packFrame(['m', { a: 1, b: 'c' }]), frameKinds.request, 1, 0, 50);
  const bare = bareFrame(frameKinds.cancel, 7);
  for (const whole of [frame, bare]) {
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      // A length that has grown waits for more.
      for (const size of [5, 10_000]) {
        let frames = 0;
        const parser = new FrameParser(expectCalls, () => frames++);
        try {
          for (const chunk of cut(Buffer.concat([damaged, whole]), [size])) parser.push(chunk);
        } catch (error) {
          assert.ok(isCode(error, 'invalid_message'), String(error));
        }
        assert.equal(frames, 0, `bit ${bit} of ${whole.length} bytes`);
      }
    }
  }
});

test('any damage to a stream gives frames or invalid_message, never anything else', () => {
  const frame = sealFrame(packFrame(['m', { a: [1, 2, { b: 'c' }] }]), frameKinds.request, 1, 50);
  const stream = Buffer.concat([frame, Buffer.alloc(50), frame, Buffer.alloc(50)]);
  const damage = fc.array(fc.tuple(fc.nat(stream.length - 1), fc.nat(255)), { minLength: 1 });
  fc.assert(
    fc.property(damage, fc.integer({ min: 1, max: 80 }), (bytes, size) => {
      const damaged = Buffer.from(stream);
      for (const [at, value] of bytes) damaged[at] = value;
      try {
        parse(cut(damaged, [size]));
      } catch (error) {
        assert.ok(error instanceof DftfsError && error.code === 'invalid_message', String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});
