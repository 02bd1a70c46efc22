import {
  type Bucket,
  type BucketEntry,
  type BucketListing,
  type BucketReplacement,
  checkBucketEntry,
} from './bucket.ts';

/** A bucket that forgets everything with the process. */
export class MemoryBucket implements Bucket {
  readonly #values = new Map<string, Buffer>();

  async get(key: string): Promise<Buffer | undefined> {
    const value = this.#values.get(key);
    return value && Buffer.from(value);
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    checkBucketEntry(key, value);
    this.#values.set(key, Buffer.from(value));
  }

  async replace(key: string, { from, to }: BucketReplacement): Promise<boolean> {
    checkBucketEntry(key, to);
    const held = this.#values.get(key);
    const same = held === undefined ? from === undefined : from !== undefined && held.equals(from);
    if (same) this.#values.set(key, Buffer.from(to));
    return same;
  }

  async delete(key: string): Promise<boolean> {
    return this.#values.delete(key);
  }

  async list(listing: BucketListing = {}): Promise<readonly BucketEntry[]> {
    const { prefix = '', after, limit = 1000 } = listing;
    const from = after === undefined ? undefined : Buffer.from(after);
    return [...this.#values]
      .map(([key, value]) => ({ key, value: Buffer.from(value), octets: Buffer.from(key) }))
      .filter(({ key }) => key.startsWith(prefix))
      .filter(({ octets }) => from === undefined || Buffer.compare(octets, from) > 0)
      .sort((one, other) => Buffer.compare(one.octets, other.octets))
      .slice(0, limit)
      .map(({ key, value }) => ({ key, value }));
  }
}
