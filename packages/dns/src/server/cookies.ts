// Server cookies (RFC 7873), in the form that servers of one address share however different they are (RFC 9018): version 1,
// three zero octets, a time, and SipHash-2-4 over the client's cookie, those and the client's address.
import { timingSafeEqual } from 'node:crypto';
import { type Address, parseIp } from '@hawser/core';
import { usageError } from '../errors.ts';
import { sipHash24 } from './siphash.ts';

/** Options for cookies. */
export interface CookieOptions {
  /**
   * One secret of 16 octets, or two while it is being replaced: the first makes cookies, both are accepted. Servers at one address
   * must share them.
   * @defaultValue a random one
   */
  readonly secrets?: readonly Uint8Array[] | undefined;
  /**
   * Answer over UDP only who has a cookie of ours, or a signature: others get BADCOOKIE with a new one, or, if they know
   * no cookies, an empty answer that makes them ask over TCP. For when the server is abused.
   * @defaultValue false
   */
  readonly required?: boolean | undefined;
}

/** What a client's cookie is worth, and what to send back. */
export interface CookieVerdict {
  /** The client has received something at its address before. */
  readonly proven: boolean;
  /** Value of the option for the reply. */
  readonly reply: Buffer;
}

const SECRET_BYTES = 16;
const CLIENT_BYTES = 8;
const SERVER_BYTES = 16;
const HASH_OFFSET = CLIENT_BYTES + 8;
const VERSION = 1;
/** Seconds (RFC 9018 §4.3). */
const MAX_AGE = 3600;
const MAX_AHEAD = 300;
const REFRESH_AGE = 1800;

/** Makes and checks server cookies. */
export class ServerCookies {
  readonly required: boolean;
  readonly #secrets: readonly Buffer[];

  /** @throws UsageError `HAWSER_DNS_OPTIONS` unless there are one or two secrets of 16 octets */
  constructor(
    secrets: readonly Uint8Array[],
    { required = false }: { readonly required?: boolean | undefined } = {},
  ) {
    const sized = secrets.every(({ length }) => length === SECRET_BYTES);
    if (secrets.length < 1 || secrets.length > 2 || !sized) {
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        'Cannot make cookies as there must be one or two secrets of 16 octets',
      );
    }
    this.#secrets = secrets.map((secret) => Buffer.from(secret));
    this.required = required;
  }

  /** What the option `cookie` of a query from `client` is worth at `nowSeconds`, wall time. Its length was checked. */
  check(cookie: Buffer, client: Address, nowSeconds: number): CookieVerdict {
    const address = addressOf(client);
    const maker = isCurrent(cookie, nowSeconds) ? this.#makerOf(cookie, address) : -1;
    // The old secret is about to be forgotten: what it made is replaced at once.
    const lasting = maker === 0 && age(cookie, nowSeconds) <= REFRESH_AGE;
    const reply = lasting ? cookie : this.#make(cookie, address, nowSeconds);
    return { proven: maker >= 0, reply };
  }

  /** Which secret has made the cookie, or -1. */
  #makerOf(cookie: Buffer, address: Uint8Array): number {
    const given = cookie.subarray(HASH_OFFSET);
    return this.#secrets.findIndex((secret) =>
      timingSafeEqual(hash(secret, cookie, address), given),
    );
  }

  #make(cookie: Buffer, address: Uint8Array, nowSeconds: number): Buffer {
    const made = Buffer.alloc(CLIENT_BYTES + SERVER_BYTES);
    cookie.copy(made, 0, 0, CLIENT_BYTES);
    made[CLIENT_BYTES] = VERSION;
    made.writeUInt32BE(nowSeconds >>> 0, CLIENT_BYTES + 4);
    const [secret] = this.#secrets;
    if (secret !== undefined) hash(secret, made, address).copy(made, HASH_OFFSET);
    return made;
  }
}

function isCurrent(cookie: Buffer, nowSeconds: number): boolean {
  if (cookie.length !== CLIENT_BYTES + SERVER_BYTES || cookie[CLIENT_BYTES] !== VERSION)
    return false;
  const seconds = age(cookie, nowSeconds);
  return seconds <= MAX_AGE && seconds >= -MAX_AHEAD;
}

/** Seconds since it was made, by the arithmetic of serial numbers (RFC 9018 §4.3). */
function age(cookie: Buffer, nowSeconds: number): number {
  return ((nowSeconds >>> 0) - cookie.readUInt32BE(CLIENT_BYTES + 4)) | 0;
}

function hash(secret: Buffer, cookie: Buffer, address: Uint8Array): Buffer {
  return sipHash24(secret, Buffer.concat([cookie.subarray(0, HASH_OFFSET), address]));
}

/** A peer without an IP address is on this machine: any value will do, if it is always the same. */
function addressOf(client: Address): Uint8Array {
  return ('host' in client && parseIp(client.host)) || Buffer.alloc(4);
}
