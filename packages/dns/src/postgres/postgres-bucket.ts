import {
  type Bucket,
  type BucketEntry,
  type BucketListing,
  type BucketReplacement,
  checkBucketEntry,
} from '../store/bucket.ts';
import { bytesOf } from '../store/stored-row.ts';
import type { PostgresRow } from './postgres-pool.ts';
import type { PostgresStatements } from './postgres-schema.ts';

/** After every key: no octet of UTF-8 is this. */
const END = Buffer.from([0xff]);

/** Runs one of the statements for a bucket. */
export type BucketQuery = (
  statement: keyof Pick<
    PostgresStatements,
    'get' | 'set' | 'add' | 'exchange' | 'unset' | 'entries'
  >,
  values: readonly unknown[],
) => Promise<{ readonly rows: readonly PostgresRow[]; readonly rowCount: number | null }>;

/** A bucket in a PostgreSQL database. */
export class PostgresBucket implements Bucket {
  readonly #name: string;
  readonly #query: BucketQuery;

  constructor(name: string, query: BucketQuery) {
    this.#name = name;
    this.#query = query;
  }

  async get(key: string): Promise<Buffer | undefined> {
    const { rows } = await this.#query('get', [this.#name, Buffer.from(key)]);
    return rows[0] && bytesOf(rows[0]['value']);
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    checkBucketEntry(key, value);
    // The caller may go on with its memory.
    await this.#query('set', [this.#name, Buffer.from(key), Buffer.from(value)]);
  }

  async replace(key: string, { from, to }: BucketReplacement): Promise<boolean> {
    checkBucketEntry(key, to);
    const values = [this.#name, Buffer.from(key), Buffer.from(to)];
    const { rowCount } =
      from === undefined
        ? await this.#query('add', values)
        : await this.#query('exchange', [...values, Buffer.from(from)]);
    return (rowCount ?? 0) > 0;
  }

  async delete(key: string): Promise<boolean> {
    const { rowCount } = await this.#query('unset', [this.#name, Buffer.from(key)]);
    return (rowCount ?? 0) > 0;
  }

  async list(listing: BucketListing = {}): Promise<readonly BucketEntry[]> {
    const { prefix = '', after = '', limit = 1000 } = listing;
    const from = Buffer.from(prefix);
    const end = Buffer.concat([from, END]);
    const values = [this.#name, Buffer.from(after), from, end, limit];
    const { rows } = await this.#query('entries', values);
    return rows.map((row) => ({
      key: bytesOf(row['key']).toString(),
      value: bytesOf(row['value']),
    }));
  }
}
