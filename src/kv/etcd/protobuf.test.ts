import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { MessageReader, MessageWriter } from './protobuf.ts';

/** A library as the judge of our own reading and writing. */
const Sample = protobuf
  .parse(`
    syntax = "proto3";
    message Sample {
      int64 number = 1; bool flag = 2; string text = 3; bytes bytes = 4;
      repeated Sample inner = 100; uint64 id = 6; fixed32 four = 7; fixed64 eight = 8;
    }`)
  .root.lookupType('Sample');

interface Sample {
  number: number;
  flag: boolean;
  text: string;
  bytes: Buffer;
  inner: Sample[];
}

const sampleOf = (inner: fc.Arbitrary<Sample[]>): fc.Arbitrary<Sample> =>
  fc.record(
    {
      number: fc.oneof(fc.maxSafeNat(), fc.nat(300)),
      flag: fc.boolean(),
      text: fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.string({ minLength: 100, maxLength: 200, size: 'max' }),
      ),
      bytes: fc.uint8Array({ maxLength: 400, size: 'max' }).map((bytes) => Buffer.from(bytes)),
      inner,
    },
    { noNullPrototype: true },
  );
const leaf = sampleOf(fc.constant([]));
const sample = sampleOf(fc.array(sampleOf(fc.array(leaf, { maxLength: 2 })), { maxLength: 3 }));

function write(writer: MessageWriter, value: Sample): void {
  writer.number(1, value.number);
  writer.boolean(2, value.flag);
  writer.text(3, value.text);
  writer.bytes(4, value.bytes);
  for (const inner of value.inner) {
    const at = writer.begin(100);
    write(writer, inner);
    writer.end(at);
  }
}

function read(reader: MessageReader): Sample {
  const value: Sample = { number: 0, flag: false, text: '', bytes: Buffer.alloc(0), inner: [] };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) value.number = reader.number();
    else if (field === 2) value.flag = reader.boolean();
    else if (field === 3) value.text = reader.text();
    else if (field === 4) value.bytes = reader.bytes();
    else if (field === 100) value.inner.push(reader.message(read));
    else reader.skip();
  }
  return value;
}

const plain = (message: object): Sample => {
  const { number, flag, text, bytes, inner } = message as Sample;
  return {
    number: Number(number),
    flag,
    text,
    bytes: Buffer.from(bytes),
    inner: inner.map(plain),
  };
};

it('writes what others read', () => {
  fc.assert(
    fc.property(sample, (value) => {
      const writer = new MessageWriter(0, 8);
      write(writer, value);
      assert.deepEqual(plain(Sample.decode(writer.finish())), value);
    }),
    { seed: 1 },
  );
});

it('reads what others write, over fields it does not know', () => {
  fc.assert(
    fc.property(sample, (value) => {
      const more = { ...value, id: 2 ** 50, four: 4, eight: 8 };
      const encoded = Buffer.from(Sample.encode(Sample.fromObject(more)).finish());
      assert.deepEqual(read(new MessageReader(encoded)), value);
    }),
    { seed: 1 },
  );
});

it('keeps ids of 64 bits', () => {
  for (const id of ['1', '7f', '80', 'ffffffffffffffff', '9ce7c052b3026487']) {
    const writer = new MessageWriter();
    writer.id(6, id);
    const reader = new MessageReader(writer.finish());
    assert.equal(reader.next(), 6);
    assert.equal(reader.id(), id);
  }
});

it('says so when a message is cut short or no message', () => {
  const writer = new MessageWriter();
  const at = writer.begin(100);
  writer.text(3, 'some text');
  writer.end(at);
  const whole = writer.finish();
  for (let bytes = 1; bytes < whole.length; bytes++)
    assert.throws(() => read(new MessageReader(whole.subarray(0, bytes))), RangeError);
  assert.throws(() => read(new MessageReader(Buffer.from([0x0b]))), RangeError);
});
