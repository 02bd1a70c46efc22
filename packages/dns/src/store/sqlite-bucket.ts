import {
  type Bucket,
  type BucketEntry,
  type BucketListing,
  type BucketReplacement,
  checkBucketEntry,
} from './bucket.ts';
import type { SqliteFile } from './sqlite-file.ts';
import type { SqliteWriter } from './sqlite-writer.ts';
import { bytesOf } from './stored-row.ts';

/** After every key: no octet of UTF-8 is this. */
const END = Buffer.from([0xff]);

/** A bucket in a zone database. */
export class SqliteBucket implements Bucket {
  readonly #name: string;
  readonly #file: SqliteFile;
  readonly #writer: SqliteWriter;

  constructor(name: string, file: SqliteFile, writer: SqliteWriter) {
    this.#name = name;
    this.#file = file;
    this.#writer = writer;
  }

  async get(key: string): Promise<Buffer | undefined> {
    const id = Buffer.from(key);
    const [row] = await this.#writer.read(() => this.#file.run.get.all(this.#name, id));
    return row && bytesOf(row['value']);
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    checkBucketEntry(key, value);
    // The caller may go on with its memory.
    const kept = Buffer.from(value);
    await this.#writer.write(() => {
      this.#file.run.set.run(this.#name, Buffer.from(key), kept);
      return undefined;
    });
  }

  async replace(key: string, { from, to }: BucketReplacement): Promise<boolean> {
    checkBucketEntry(key, to);
    const expected = from && Buffer.from(from);
    const kept = Buffer.from(to);
    const id = Buffer.from(key);
    let replaced = 0;
    await this.#writer.write(() => {
      replaced =
        expected === undefined
          ? this.#file.run.add.run(this.#name, id, kept)
          : this.#file.run.exchange.run(kept, this.#name, id, expected);
      return undefined;
    });
    return replaced > 0;
  }

  async delete(key: string): Promise<boolean> {
    let deleted = 0;
    await this.#writer.write(() => {
      deleted = this.#file.run.unset.run(this.#name, Buffer.from(key));
      return undefined;
    });
    return deleted > 0;
  }

  async list(listing: BucketListing = {}): Promise<readonly BucketEntry[]> {
    const { prefix = '', after = '', limit = 1000 } = listing;
    const from = Buffer.from(prefix);
    const end = Buffer.concat([from, END]);
    const rows = await this.#writer.read(() =>
      this.#file.run.entries.all(this.#name, Buffer.from(after), from, end, limit),
    );
    return rows.map((row) => ({
      key: bytesOf(row['key']).toString(),
      value: bytesOf(row['value']),
    }));
  }
}
