// Accounts of the acme-dns interface: each has one name of its own and a password that is kept as a hash.
import type { Random } from '@hawser/core';
import type { Bucket } from '../../store/bucket.ts';
import { hashToken, provesToken, tokenDigest } from '../http/token.ts';

/** An account as it is kept. */
export interface AcmeAccount {
  /** The label that the texts are at. */
  readonly subdomain: string;
  /** As `hashToken` gives it. */
  readonly password: string;
  /** Networks from which updates are taken; none: from everywhere. */
  readonly allowfrom: readonly string[];
}

/** What somebody who registers is told, once. */
export interface NewAcmeAccount {
  readonly username: string;
  readonly password: string;
  readonly account: AcmeAccount;
}

/** 40 characters of the URL-safe alphabet, as the clients expect. */
const PASSWORD_BYTES = 30;
/** Entries of a bucket read at once. */
const PAGE = 1000;

/** The accounts of one bucket. */
export class AcmeAccounts {
  readonly #bucket: Bucket;
  readonly #maxAccounts: number;
  /** Those there are and those being made; undefined before they were counted. */
  #count: number | undefined;
  #counting: Promise<void> | undefined;

  constructor(bucket: Bucket, maxAccounts: number) {
    this.#bucket = bucket;
    this.#maxAccounts = maxAccounts;
  }

  /** A new account, durable when it resolves; undefined if there are too many. Rejects with StoreError. */
  async register(
    allowfrom: readonly string[],
    random: Random,
  ): Promise<NewAcmeAccount | undefined> {
    if (this.#count === undefined) await (this.#counting ??= this.#countAll());
    const count = this.#count ?? 0;
    if (count >= this.#maxAccounts) return undefined;
    this.#count = count + 1;
    try {
      const username = uuid(random);
      const password = random.bytes(PASSWORD_BYTES).toString('base64url');
      const account = { subdomain: uuid(random), password: hashToken(password), allowfrom };
      await this.#bucket.put(username, Buffer.from(JSON.stringify(account)));
      return { username, password, account };
    } catch (error) {
      this.#count--;
      throw error;
    }
  }

  /** The account that `username` and `password` prove. Rejects with StoreError. */
  async authenticate(username: string, password: string): Promise<AcmeAccount | undefined> {
    // What is no name of ours is not looked for, but takes the time of a wrong password.
    const stored = isUuid(username) ? await this.#bucket.get(username) : undefined;
    const account = stored && (JSON.parse(stored.toString()) as AcmeAccount);
    const digest = account && tokenDigest(account.password, 'account');
    return provesToken(password, digest) ? account : undefined;
  }

  async #countAll(): Promise<void> {
    let count = 0;
    let after: string | undefined;
    try {
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- page by page
        const page = await this.#bucket.list({ after, limit: PAGE });
        count += page.length;
        after = page.at(-1)?.key;
        if (page.length < PAGE) break;
      }
      this.#count = count;
    } finally {
      this.#counting = undefined;
    }
  }
}

/** A random UUID (RFC 9562 §5.4). */
function uuid(random: Random): string {
  const octets = random.bytes(16);
  octets[6] = ((octets[6] ?? 0) & 0x0f) | 0x40;
  octets[8] = ((octets[8] ?? 0) & 0x3f) | 0x80;
  const hex = octets.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

function isUuid(text: string): boolean {
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(text);
}
