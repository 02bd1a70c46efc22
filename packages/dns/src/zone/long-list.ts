// Lists of millions that grow without being copied: an array of that size would be moved to a larger place now and then, and
// everything would wait for that.

const BITS = 12;
const CHUNK = 1 << BITS;
const REST = CHUNK - 1;

/** Values by number, from 0. */
export class LongList<T> {
  readonly #chunks: T[][] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds `value` and gives its number. */
  push(value: T): number {
    const at = this.#length++;
    const chunk = this.#chunks[at >> BITS];
    if (chunk === undefined) this.#chunks.push([value]);
    else chunk.push(value);
    return at;
  }

  at(index: number): T | undefined {
    return this.#chunks[index >> BITS]?.[index & REST];
  }

  /** Replaces a value that is there. */
  set(index: number, value: T): void {
    const chunk = this.#chunks[index >> BITS];
    if (chunk !== undefined && index < this.#length) chunk[index & REST] = value;
  }
}

/** Rows of numbers of 32 bits, without an object for each. */
export class IntRows {
  readonly #width: number;
  readonly #chunks: Int32Array[] = [];
  #length = 0;

  /** Every row has `width` numbers. There are `length` rows of zeros. */
  constructor(width: number, length = 0) {
    this.#width = width;
    this.#length = length;
    for (let row = 0; row < length; row += CHUNK) this.#chunks.push(new Int32Array(CHUNK * width));
  }

  /** Adds a row of zeros and gives its number. */
  push(): number {
    const row = this.#length++;
    if ((row & REST) === 0) this.#chunks.push(new Int32Array(CHUNK * this.#width));
    return row;
  }

  get(row: number, column: number): number {
    return this.#chunks[row >> BITS]?.[(row & REST) * this.#width + column] ?? 0;
  }

  set(row: number, column: number, value: number): void {
    const chunk = this.#chunks[row >> BITS];
    if (chunk !== undefined) chunk[(row & REST) * this.#width + column] = value;
  }
}
