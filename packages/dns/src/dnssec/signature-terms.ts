// For how long signatures count.
import { usageError } from '../errors.ts';
import type { Validity } from './sign-rrset.ts';

/** How long signatures count. */
export interface SignatureTimes {
  /** From now, in seconds. @defaultValue 14 days */
  readonly validitySeconds?: number | undefined;
  /** Before now, for clocks that are behind. @defaultValue 1 hour */
  readonly inceptionOffsetSeconds?: number | undefined;
  /** Signatures end up to so much earlier, so that not all of them end at once. @defaultValue a tenth of the validity */
  readonly jitterSeconds?: number | undefined;
}

/** Signatures are renewed when this part of their validity is left. */
const RENEWED_LEFT = 1 / 4;
/** Shorter ones would end before caches have forgotten what they are over. */
const MIN_VALIDITY_S = 3600;
/** A moment is a serial number of 32 bits (RFC 4034 §3.1.5). */
const MAX_VALIDITY_S = 0x7fff_ffff / 2;

/** {@link SignatureTimes}, checked. */
export class SignatureTerms {
  /** Seconds before the end at which a signature is renewed. */
  readonly renewalSeconds: number;
  readonly validitySeconds: number;
  readonly #offset: number;
  readonly #jitter: number;

  constructor(times: SignatureTimes = {}) {
    const { validitySeconds = 14 * 86_400, inceptionOffsetSeconds = 3600 } = times;
    const { jitterSeconds = Math.floor(validitySeconds / 10) } = times;
    const valid =
      validitySeconds >= MIN_VALIDITY_S &&
      validitySeconds <= MAX_VALIDITY_S &&
      inceptionOffsetSeconds >= 0 &&
      jitterSeconds >= 0 &&
      jitterSeconds <= validitySeconds / 4;
    if (!valid)
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot sign for ${validitySeconds} seconds with a jitter of ${jitterSeconds} as it must be an hour at least, and a quarter of it at most`,
      );
    this.validitySeconds = validitySeconds;
    this.#offset = inceptionOffsetSeconds;
    this.#jitter = jitterSeconds;
    this.renewalSeconds = Math.floor(validitySeconds * RENEWED_LEFT);
  }

  /** For a signature of a name made now. The jitter of a name is always the same. */
  validity(nowSeconds: number, key: string): Validity {
    const early = this.#jitter === 0 ? 0 : hashOf(key) % (this.#jitter + 1);
    return {
      inception: Math.floor(nowSeconds - this.#offset) >>> 0,
      expiration: Math.floor(nowSeconds + this.validitySeconds - early) >>> 0,
    };
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at++)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
