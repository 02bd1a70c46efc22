import { usageError } from '../../errors.ts';

/** How often something may happen. */
export interface Rate {
  /** At once. */
  readonly burst: number;
  /** In the long run. */
  readonly perMinute: number;
}

interface Allowance {
  tokens: number;
  at: number;
}

/** Counts by key how often something happened. The key not heard of for longest is forgotten first. */
export class RateMemory {
  readonly #rate: Rate;
  readonly #maxKeys: number;
  /** The one heard of last is last. */
  readonly #allowances = new Map<string, Allowance>();

  /** @throws UsageError `HAWSER_DNS_OPTIONS` */
  constructor(rate: Rate, maxKeys = 10_000) {
    if (!(rate.burst >= 1) || !(rate.perMinute > 0)) {
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot limit a rate as burst must be 1 or more and perMinute above 0: ${rate.burst}, ${rate.perMinute}`,
      );
    }
    this.#rate = rate;
    this.#maxKeys = maxKeys;
  }

  /** True if `key` may do it now. Does not count. */
  allows(key: string, now: number): boolean {
    return this.#tokens(this.#allowances.get(key), now) >= 1;
  }

  /** Counts one for `key`; false if that was too much. */
  take(key: string, now: number): boolean {
    const known = this.#allowances.get(key);
    const tokens = this.#tokens(known, now);
    const allowed = tokens >= 1;
    this.#allowances.delete(key);
    this.#allowances.set(key, { tokens: allowed ? tokens - 1 : tokens, at: now });
    if (this.#allowances.size > this.#maxKeys) {
      const [oldest] = this.#allowances.keys();
      if (oldest !== undefined) this.#allowances.delete(oldest);
    }
    return allowed;
  }

  #tokens(known: Allowance | undefined, now: number): number {
    const { burst, perMinute } = this.#rate;
    if (known === undefined) return burst;
    return Math.min(burst, known.tokens + ((now - known.at) * perMinute) / 60_000);
  }
}
