// Names as a message holds them: as much of the end as was written before is a pointer (RFC 1035 §4.1.4).
import { lowerCase } from '../name.ts';

/** What 14 bits can point to. */
const POINTER_LIMIT = 0x4000;
/** As many as there are places to point to. */
const SLOTS = POINTER_LIMIT;
/** A slot holds the generation it was filled in above 14 bits of offset. */
const LAST_GENERATION = 0x3ffff;
/** Pointers followed to compare a name. Deeper ones are right, but not worth it. */
const MAX_HOPS = 32;
const MAX_LABELS = 128;

/**
 * Writes names into one message after another. Where a name was is found by a hash of its octets, and then compared with
 * what is there.
 */
export class NameWriter {
  readonly #out: Buffer;
  readonly #slots = new Uint32Array(SLOTS);
  readonly #starts = new Uint16Array(MAX_LABELS);
  readonly #hashes = new Int32Array(MAX_LABELS);
  #generation = 1;

  /** Writes into `out`, where messages begin at 0. */
  constructor(out: Buffer) {
    this.#out = out;
  }

  /** Forgets where names are: a new message begins, or a part of it will be written over. */
  forget(): void {
    if (++this.#generation <= LAST_GENERATION) return;
    this.#slots.fill(0);
    this.#generation = 1;
  }

  /** Remembers the plain name that somebody else wrote at `at`. */
  learn(at: number): void {
    const count = this.#split(this.#out, at);
    for (let index = 0; index < count; index++) {
      this.#remember(slotOf(this.#hashes[index] ?? 0), this.#starts[index] ?? 0);
    }
  }

  /** Writes the name `wire` at `at`, and says where it ends. */
  write(wire: Buffer, at: number): number {
    const out = this.#out;
    const count = this.#split(wire, 0);
    for (let index = 0; index < count; index++) {
      const slot = slotOf(this.#hashes[index] ?? 0);
      const entry = this.#slots[slot] ?? 0;
      const offset = entry & (POINTER_LIMIT - 1);
      const start = this.#starts[index] ?? 0;
      if (entry >>> 14 === this.#generation && this.#isAt(offset, { wire, start, before: at })) {
        copyOctets(wire, out, { at, end: start });
        out[at + start] = 0xc0 | (offset >> 8);
        out[at + start + 1] = offset & 0xff;
        return at + start + 2;
      }
      // In place of a name with the same slot, if there is one.
      this.#remember(slot, at + start);
    }
    copyOctets(wire, out, { at, end: wire.length });
    return at + wire.length;
  }

  #remember(slot: number, at: number): void {
    if (at < POINTER_LIMIT) this.#slots[slot] = ((this.#generation << 14) | at) >>> 0;
  }

  /** Finds the labels of a plain name and a hash of what begins at each; gives their number. */
  #split(bytes: Buffer, from: number): number {
    const starts = this.#starts;
    let count = 0;
    let end = from;
    for (
      let length = bytes[end] ?? 0;
      length !== 0 && count < MAX_LABELS;
      length = bytes[end] ?? 0
    ) {
      starts[count++] = end;
      end += 1 + length;
    }
    // FNV-1a, the last label first, so that equal ends have equal hashes.
    let hash = 0x811c9dc5;
    for (let index = count - 1; index >= 0; index--) {
      const start = starts[index] ?? 0;
      for (let at = start; at < end; at++) {
        hash = Math.imul(hash ^ (lowerCase[bytes[at] ?? 0] ?? 0), 0x01000193);
      }
      this.#hashes[index] = hash;
      end = start;
    }
    return count;
  }

  /** True if the name at `offset` is what `wire` holds from `start`. Nothing from `before` on is looked at. */
  #isAt(
    offset: number,
    name: { readonly wire: Buffer; readonly start: number; readonly before: number },
  ): boolean {
    const out = this.#out;
    const { wire, before } = name;
    let at = offset;
    let own = name.start;
    for (let hops = 0; hops < MAX_HOPS; ) {
      if (at + 1 >= before) return false;
      const length = out[at] ?? 0;
      if (length >= 0xc0) {
        const target = ((length & 0x3f) << 8) | (out[at + 1] ?? 0);
        if (target >= at) return false;
        at = target;
        hops++;
        continue;
      }
      if (length !== wire[own]) return false;
      if (length === 0) return true;
      if (at + length >= before) return false;
      for (let octet = 1; octet <= length; octet++) {
        if (lowerCase[out[at + octet] ?? 0] !== lowerCase[wire[own + octet] ?? 0]) return false;
      }
      at += 1 + length;
      own += 1 + length;
    }
    return false;
  }
}

function copyOctets(from: Buffer, to: Buffer, { at, end }: { at: number; end: number }): void {
  // A call costs more than a few octets by hand.
  if (end > 24) from.copy(to, at, 0, end);
  else for (let index = 0; index < end; index++) to[at + index] = from[index] ?? 0;
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 14)) & (SLOTS - 1);
}
