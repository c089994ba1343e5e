/**
 * Just enough of the protobuf wire format for the messages of etcd. 64-bit integers are JS numbers:
 * exact up to 2^53, which revisions and our lease ids never reach; `id` reads a full-width one as
 * text.
 */
const varintType = 0;
const bytesType = 2;

/** A gRPC message is sent behind a header of five bytes; `GrpcChannel` fills it in. */
export const framePrefixBytes = 5;

/** Writes one message into one growing buffer, after `prefixBytes` left free for a frame header. */
export class MessageWriter {
  readonly #revisionBase: number;
  #buffer: Buffer;
  #position: number;

  constructor(prefixBytes = 0, sizeHint = 512, revisionBase = 0) {
    this.#revisionBase = revisionBase;
    this.#buffer = Buffer.allocUnsafe(prefixBytes + sizeHint);
    this.#position = prefixBytes;
  }

  /** Zero is the default of every numeric field and isn't sent. */
  number(field: number, value: number): void {
    if (value === 0) return;
    this.#reserve(20);
    this.#varint((field << 3) | varintType);
    this.#varint(value);
  }

  /** As the engine counts. One of a former era is 1, which no key ever stands at. */
  revision(field: number, value: number): void {
    this.number(field, value === 0 ? 0 : Math.max(1, value - this.#revisionBase));
  }

  /** An unsigned 64-bit id, given as hex digits. */
  id(field: number, hex: string): void {
    this.#reserve(20);
    this.#varint((field << 3) | varintType);
    let rest = BigInt(`0x${hex}`);
    for (; rest > 0x7fn; rest >>= 7n) this.#buffer[this.#position++] = Number(rest & 0x7fn) | 0x80;
    this.#buffer[this.#position++] = Number(rest);
  }

  boolean(field: number, value: boolean): void {
    this.number(field, value ? 1 : 0);
  }

  text(field: number, value: string): void {
    this.#reserve(20 + value.length * 3);
    this.#varint((field << 3) | bytesType);
    if (value.length < 128 && this.#ascii(value)) return;
    this.#varint(Buffer.byteLength(value));
    this.#position += this.#buffer.write(value, this.#position);
  }

  /** Most keys are short and ASCII, and then this is quicker than to leave JavaScript. */
  #ascii(value: string): boolean {
    const buffer = this.#buffer;
    const start = this.#position + 1;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) return false;
      buffer[start + i] = unit;
    }
    buffer[this.#position] = value.length;
    this.#position = start + value.length;
    return true;
  }

  bytes(field: number, value: Buffer): void {
    this.#reserve(20 + value.length);
    this.#varint((field << 3) | bytesType);
    this.#varint(value.length);
    value.copy(this.#buffer, this.#position);
    this.#position += value.length;
  }

  /** Opens a nested message; what is written until `end` is its content. */
  begin(field: number): number {
    this.#reserve(20);
    this.#varint((field << 3) | bytesType);
    return this.#position++;
  }

  /** Closes the message that `begin` opened. Long content moves to make room for its length. */
  end(at: number): void {
    const length = this.#position - at - 1;
    let extra = 0;
    for (let rest = length; rest > 127; rest >>>= 7) extra++;
    if (extra > 0) {
      this.#reserve(extra);
      this.#buffer.copyWithin(at + 1 + extra, at + 1, this.#position);
    }
    this.#position = at;
    this.#varint(length);
    this.#position += length;
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#position);
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#position++] = (rest % 128) | 0x80;
      rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 128);
    }
    this.#buffer[this.#position++] = rest;
  }

  #reserve(bytes: number): void {
    const needed = this.#position + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#position);
    this.#buffer = grown;
  }
}

/**
 * Reads the fields of one message in the order they come: `next` moves to a field and says its
 * number, 0 at the end; then exactly one read takes its content. Bytes are views into the message,
 * not copies.
 */
export class MessageReader {
  readonly #buffer: Buffer;
  readonly #revisionBase: number;
  #position = 0;
  #end: number;
  #type = 0;

  constructor(buffer: Buffer, revisionBase = 0) {
    this.#buffer = buffer;
    this.#revisionBase = revisionBase;
    this.#end = buffer.length;
  }

  next(): number {
    if (this.#position >= this.#end) return 0;
    const tag = this.#varint();
    this.#type = tag & 7;
    return tag >>> 3;
  }

  number(): number {
    return this.#varint();
  }

  revision(): number {
    const value = this.#varint();
    return value === 0 ? 0 : value + this.#revisionBase;
  }

  boolean(): boolean {
    return this.#varint() !== 0;
  }

  /** An unsigned 64-bit id as hex digits. */
  id(): string {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value.toString(16);
    }
  }

  text(): string {
    const end = this.#contentEnd();
    const text = this.#buffer.toString('utf8', this.#position, end);
    this.#position = end;
    return text;
  }

  bytes(): Buffer {
    const end = this.#contentEnd();
    const bytes = this.#buffer.subarray(this.#position, end);
    this.#position = end;
    return bytes;
  }

  /** A nested message, read by `read` from this same reader: it sees the end of its own content. */
  message<T>(read: (reader: MessageReader) => T): T {
    const outerEnd = this.#end;
    this.#end = this.#contentEnd();
    const value = read(this);
    this.#position = this.#end;
    this.#end = outerEnd;
    return value;
  }

  skip(): void {
    if (this.#type === varintType) this.#varint();
    else if (this.#type === bytesType) this.#position = this.#contentEnd();
    else if (this.#type === 1) this.#position += 8;
    else if (this.#type === 5) this.#position += 4;
    else throw new RangeError(`unknown protobuf wire type ${this.#type}`);
  }

  #contentEnd(): number {
    const length = this.#varint();
    const end = this.#position + length;
    if (end > this.#end) throw new RangeError('truncated protobuf message');
    return end;
  }

  #varint(): number {
    let byte = this.#byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let factor = 128; ; factor *= 128) {
      byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  #byte(): number {
    if (this.#position >= this.#end) throw new RangeError('truncated protobuf message');
    return this.#buffer[this.#position++] as number;
  }
}
