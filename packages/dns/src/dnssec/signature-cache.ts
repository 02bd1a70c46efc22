// Signatures made for answers, by what they are over.
import { hash } from 'node:crypto';
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { RRset } from '../zone/rrset.ts';
import { signRRset } from './sign-rrset.ts';
import type { SignatureTerms } from './signature-terms.ts';
import { signersOf, type ZoneKeys } from './zone-keys.ts';

/** Signatures over one RRset, and how long to use them. */
export interface CachedSignatures {
  readonly rrset: RRset;
  /** Seconds since 1970: before that they do not count yet, as they were made by a clock that was ahead. */
  readonly useFrom: number;
  /** Seconds since 1970. */
  readonly useUntil: number;
}

/** Longer data is remembered by its hash. */
const MAX_ID_OCTETS = 256;

/** Signs, and remembers. */
export class SignatureCache {
  readonly #origin: Name;
  readonly #terms: SignatureTerms;
  readonly #max: number;
  #young = new Map<string, CachedSignatures>();
  #old = new Map<string, CachedSignatures>();

  constructor(origin: Name, terms: SignatureTerms, maxEntries: number) {
    this.#origin = origin;
    this.#terms = terms;
    this.#max = Math.max(1, Math.floor(maxEntries / 2));
  }

  /** Forgets all, as the keys are others. */
  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
  }

  /** The signatures over `rrset` under the name with the key `owner`. */
  get(
    rrset: RRset,
    owner: string,
    { keys, nowSeconds }: { readonly keys: ZoneKeys; readonly nowSeconds: number },
  ): CachedSignatures {
    const id = idOf(rrset, owner);
    const known = this.#young.get(id) ?? this.#old.get(id);
    const entry =
      known !== undefined && nowSeconds >= known.useFrom && nowSeconds < known.useUntil
        ? known
        : this.#sign(rrset, owner, { keys, nowSeconds });
    if (!this.#young.has(id) && this.#young.size >= this.#max) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(id, entry);
    return entry;
  }

  #sign(
    rrset: RRset,
    owner: string,
    { keys, nowSeconds }: { readonly keys: ZoneKeys; readonly nowSeconds: number },
  ): CachedSignatures {
    const validity = this.#terms.validity(nowSeconds, owner);
    const records = signersOf(keys, rrset.type).map((key) =>
      signRRset(rrset, { signer: this.#origin, key, owner, ...validity }),
    );
    const useUntil = validity.expiration - this.#terms.renewalSeconds;
    const signatures = { name: rrset.name, type: Type.RRSIG, ttl: rrset.ttl, records };
    return { rrset: signatures, useFrom: validity.inception, useUntil };
  }
}

function idOf({ type, ttl, records }: RRset, owner: string): string {
  let data = '';
  for (const { wire } of records) data += `${wire.length}:${wire.toString('latin1')}`;
  const short = data.length <= MAX_ID_OCTETS ? data : hash('sha256', data, 'base64');
  return `${type}/${ttl}/${owner}/${short}`;
}
