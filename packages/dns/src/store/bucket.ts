// Small values by name, kept beside the zones.
import { usageError } from '../errors.ts';

/** Longest key, in octets of UTF-8. */
export const MAX_BUCKET_KEY_BYTES = 512;
/** Longest value, in octets. */
export const MAX_BUCKET_VALUE_BYTES = 1_048_576;

/** A value and its key. */
export interface BucketEntry {
  readonly key: string;
  readonly value: Buffer;
}

/** Which part of a {@link Bucket} to list. */
export interface BucketListing {
  /** @defaultValue every key */
  readonly prefix?: string | undefined;
  /** Only what comes after this key: the last one of the page before. */
  readonly after?: string | undefined;
  /** Most entries. @defaultValue 1000 */
  readonly limit?: number | undefined;
}

/** What {@link Bucket.replace} puts in the place of what. */
export interface BucketReplacement {
  /** What the key has to hold; undefined: nothing. */
  readonly from: Uint8Array | undefined;
  readonly to: Uint8Array;
}

/**
 * A few small values by key: at most 512 octets the key, 1 MiB the value. Every method rejects with a `StoreError` if the
 * store fails, and with UsageError `HAWSER_DNS_OPTIONS` for what is too long.
 */
export interface Bucket {
  get(key: string): Promise<Buffer | undefined>;
  /** When it resolves, the value survives loss of power. */
  put(key: string, value: Uint8Array): Promise<void>;
  /**
   * Does what {@link put} does if the key holds `from`, octet for octet. False, and nothing is changed, if it holds anything else:
   * of several who replace the same value, in whatever process, one succeeds.
   */
  replace(key: string, replacement: BucketReplacement): Promise<boolean>;
  /** False if there was none. */
  delete(key: string): Promise<boolean>;
  /** Entries in the order of the octets of their keys. */
  list(listing?: BucketListing): Promise<readonly BucketEntry[]>;
}

/** Throws for a name that is none of a bucket. */
export function checkBucketName(name: string): void {
  if (/^[a-z\d._-]{1,64}$/.test(name)) return;
  const rule = 'it must be 1 to 64 of a-z, 0-9, ".", "_" and "-"';
  throw usageError('HAWSER_DNS_OPTIONS', `Cannot name a bucket as ${rule}: ${name.slice(0, 80)}`);
}

/** Throws for a key, or a value, that a bucket does not take. */
export function checkBucketEntry(key: string, value?: Uint8Array): void {
  const keyBytes = Buffer.byteLength(key);
  if (keyBytes === 0 || keyBytes > MAX_BUCKET_KEY_BYTES)
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot use a key as it must be 1 to ${MAX_BUCKET_KEY_BYTES} octets: ${keyBytes}`,
    );
  if (value !== undefined && value.length > MAX_BUCKET_VALUE_BYTES)
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot keep a value as it must be at most ${MAX_BUCKET_VALUE_BYTES} octets: ${value.length}`,
    );
}
