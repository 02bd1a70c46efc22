/**
 * Bytes that arrived and were not parsed yet: a deque of buffers with an offset into the first. Nothing is joined
 * unless asked for; limits are up to whoever parses.
 */

/** Chunks up to this size are gathered, so that a peer that sends single bytes does not cost an object a byte. */
const GATHER_BYTES = 256;
const MIN_ROOM_BYTES = 1024;
const MAX_ROOM_BYTES = 65_536;

/**
 * A queue of bytes, cut anywhere going in and anywhere coming out. `push` takes ownership of its chunk; what `take`
 * gives may share memory with it and keeps that alive: copy a small piece you keep for long (`Buffer.from(piece)`).
 * A queue that rests with a few bytes of a large chunk should be told to {@link compact}.
 *
 * @throws RangeError when asked for bytes that are not there: compare with `length` first.
 */
export class ByteQueue {
  #chunks: Buffer[] = [];
  /** Chunks before this one are used up; they leave the array in batches, as `shift` is linear. */
  #first = 0;
  /** Bytes of the first chunk that are used up. */
  #offset = 0;
  #length = 0;
  /** Free memory right behind the last chunk, for small ones to come. */
  #room: Buffer | undefined;

  /** Bytes in the queue. */
  get length(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const gather = this.#length > 0 && chunk.length <= GATHER_BYTES;
    this.#length += chunk.length;
    if (gather) this.#gather(chunk);
    else {
      this.#room = undefined;
      this.#chunks.push(asBuffer(chunk));
    }
  }

  /** Puts bytes in front of the others. The queue owns them from now on. */
  unshift(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const head = this.#chunks[this.#first];
    if (head && this.#offset > 0) {
      this.#chunks[this.#first] = head.subarray(this.#offset);
      this.#offset = 0;
    }
    this.#length += chunk.length;
    if (this.#first > 0) {
      this.#first -= 1;
      this.#chunks[this.#first] = asBuffer(chunk);
    } else {
      this.#chunks.unshift(asBuffer(chunk));
    }
  }

  /** The first `count` bytes, which leave the queue. A copy only when they lie in several chunks. */
  take(count: number): Buffer {
    const taken = this.peek(count);
    this.skip(count);
    return taken;
  }

  /** All bytes, which leave the queue. */
  takeAll(): Buffer {
    return this.take(this.#length);
  }

  /** The first `count` bytes, which stay in the queue. A copy only when they lie in several chunks. */
  peek(count: number): Buffer {
    this.#mustHave(count, 'read');
    const head = this.#chunks[this.#first];
    if (!head || count === 0) return Buffer.alloc(0);
    if (count <= head.length - this.#offset)
      return head.subarray(this.#offset, this.#offset + count);
    const joined = Buffer.allocUnsafe(count);
    let filled = 0;
    for (let i = this.#first; filled < count; i++) {
      const chunk = this.#chunks[i] as Buffer;
      filled += chunk.copy(joined, filled, i === this.#first ? this.#offset : 0);
    }
    return joined;
  }

  /** Drops the first `count` bytes. */
  skip(count: number): void {
    this.#mustHave(count, 'skip');
    if (count === this.#length) {
      this.clear();
      return;
    }
    this.#length -= count;
    this.#offset += count;
    for (;;) {
      const head = this.#chunks[this.#first] as Buffer;
      if (this.#offset < head.length) break;
      this.#offset -= head.length;
      this.#first += 1;
    }
    if (this.#first > 32 && this.#first * 2 > this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#first);
      this.#first = 0;
    }
  }

  clear(): void {
    this.#chunks = [];
    this.#first = 0;
    this.#offset = 0;
    this.#length = 0;
    this.#room = undefined;
  }

  /** The byte at `index`. */
  at(index: number): number {
    this.#mustHave(index + 1, 'read');
    // Nearly always; searching costs as much as the rest of a line.
    const inHead = (this.#chunks[this.#first] as Buffer)[index + this.#offset];
    if (inHead !== undefined) return inHead;
    const [chunk, offset] = this.#locate(index);
    return (this.#chunks[chunk] as Buffer)[offset] as number;
  }

  /** The big-endian number at `index`, which stays in the queue. */
  readUInt16BE(index = 0): number {
    return this.at(index) * 0x100 + this.at(index + 1);
  }

  /** The big-endian number at `index`, which stays in the queue. */
  readUInt32BE(index = 0): number {
    return this.readUInt16BE(index) * 0x10000 + this.readUInt16BE(index + 2);
  }

  /** Where `needle`, a byte or a sequence, begins at or after `from`; -1 when it is not there. */
  indexOf(needle: number | Uint8Array, from = 0): number {
    const sequence = typeof needle === 'number' ? undefined : needle;
    const byte = typeof needle === 'number' ? needle : needle[0];
    if (byte === undefined) throw new RangeError('Cannot search for an empty sequence');
    if (from >= this.#length) return -1;
    if (!sequence && this.#chunks.length - this.#first === 1) {
      const head = this.#chunks[this.#first] as Buffer;
      const found = head.indexOf(byte, Math.max(0, from) + this.#offset);
      return found < 0 ? -1 : found - this.#offset;
    }
    let [at, offset] = this.#locate(Math.max(0, from));
    let before = Math.max(0, from) - offset;
    for (; at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] as Buffer;
      for (;;) {
        const found = chunk.indexOf(byte, offset);
        if (found < 0) break;
        if (!sequence || this.#matches(sequence, at, found)) return before + found;
        offset = found + 1;
      }
      before += chunk.length;
      offset = 0;
    }
    return -1;
  }

  /** Copies the remaining bytes when they keep a chunk alive that is four times larger or more. */
  compact(): void {
    const head = this.#chunks[this.#first];
    if (!head || this.#chunks.length - this.#first > 1 || this.#length * 4 > head.length) return;
    this.#chunks = [Buffer.from(head.subarray(this.#offset))];
    this.#first = 0;
    this.#offset = 0;
    this.#room = undefined;
  }

  #mustHave(count: number, what: string): void {
    if (count >= 0 && count <= this.#length) return;
    throw new RangeError(`Cannot ${what} ${count} bytes of a queue of ${this.#length}`);
  }

  #gather(chunk: Uint8Array): void {
    const last = this.#chunks.length - 1;
    if (this.#room && this.#room.length >= chunk.length) {
      const tail = this.#chunks[last] as Buffer;
      this.#room.set(chunk);
      this.#room = this.#room.subarray(chunk.length);
      this.#chunks[last] = Buffer.from(tail.buffer, tail.byteOffset, tail.length + chunk.length);
      return;
    }
    // Doubling keeps the number of chunks, and with it every search, small.
    const size = Math.min(MAX_ROOM_BYTES, Math.max(MIN_ROOM_BYTES, this.#length));
    const block = Buffer.allocUnsafe(size);
    const before = this.#length - chunk.length;
    const joins = before <= GATHER_BYTES && last === this.#first;
    // A small piece in front comes along, as one chunk is searched and taken without a copy.
    const start = joins ? (this.#chunks[last] as Buffer).copy(block, 0, this.#offset) : 0;
    block.set(chunk, start);
    if (joins) {
      this.#first = 0;
      this.#offset = 0;
      this.#chunks = [];
    }
    this.#chunks.push(block.subarray(0, start + chunk.length));
    this.#room = block.subarray(start + chunk.length);
  }

  /** Chunk and offset in it of the byte at `index`, searched from the nearer end. */
  #locate(index: number): [chunk: number, offset: number] {
    if (index * 2 <= this.#length) {
      let at = this.#first;
      let offset = index + this.#offset;
      for (;;) {
        const { length } = this.#chunks[at] as Buffer;
        if (offset < length) return [at, offset];
        offset -= length;
        at += 1;
      }
    }
    let at = this.#chunks.length - 1;
    let end = this.#length;
    for (;;) {
      const { length } = this.#chunks[at] as Buffer;
      if (index >= end - length) return [at, index - (end - length)];
      end -= length;
      at -= 1;
    }
  }

  #matches(sequence: Uint8Array, at: number, offset: number): boolean {
    for (const byte of sequence) {
      while (offset >= (this.#chunks[at]?.length ?? Number.POSITIVE_INFINITY)) {
        offset = 0;
        at += 1;
      }
      if (this.#chunks[at]?.[offset] !== byte) return false;
      offset += 1;
    }
    return true;
  }
}

function asBuffer(chunk: Uint8Array): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
