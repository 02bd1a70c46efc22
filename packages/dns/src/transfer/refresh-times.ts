// When a secondary looks again (RFC 1034 §4.3.5): by the start of authority, within bounds, and never all at the same moment.
import type { Has } from '@hawser/core';
import { decodeSoa } from '../rdata/decode-rdata.ts';
import type { Zone } from '../zone/zone.ts';
import type { Bounds, SecondarySettings } from './secondary-options.ts';

/** First and longest wait of a secondary that has nothing yet. */
const FIRST_DELAY_MS = 2_000;
const MAX_DELAY_MS = 300_000;
/** Waits are shortened by up to this part of them. */
const JITTER = 0.25;

/** How the waits of one zone are chosen. */
export class RefreshTimes {
  readonly #reactor: Has<'random'>;
  readonly #settings: Pick<SecondarySettings, 'refresh' | 'retry' | 'expire'>;

  constructor(
    reactor: Has<'random'>,
    settings: Pick<SecondarySettings, 'refresh' | 'retry' | 'expire'>,
  ) {
    this.#reactor = reactor;
    this.#settings = settings;
  }

  /**
   * Until `zone`, which was found to be the newest, is looked after again. Never longer than it is good for: that may be less
   * than it says where it was copied from another copy. Nor ever shorter for that than until a next try.
   */
  refreshMs(zone: Zone, goodForSeconds: number): number {
    const { refresh, retry } = timersOf(zone);
    const longest = Math.max(goodForSeconds, within(retry, this.#settings.retry));
    const seconds = Math.min(within(refresh, this.#settings.refresh), longest);
    return this.#spread(Math.min(seconds, this.expireSeconds(zone)) * 1_000);
  }

  /** Until the next try, after so many in a row have failed. */
  retryMs(zone: Zone | undefined, failures: number): number {
    if (zone !== undefined)
      return this.#spread(within(timersOf(zone).retry, this.#settings.retry) * 1_000);
    const grown = FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 10);
    return this.#spread(Math.min(grown, MAX_DELAY_MS));
  }

  /** How long `zone` is good without news from a primary. */
  expireSeconds(zone: Zone): number {
    return within(timersOf(zone).expire, this.#settings.expire);
  }

  #spread(ms: number): number {
    return ms * (1 - JITTER * this.#reactor.random.float());
  }
}

function timersOf({ soa }: Zone): { refresh: number; retry: number; expire: number } {
  const [record] = soa.records;
  return record === undefined ? { refresh: 0, retry: 0, expire: 0 } : decodeSoa(record.wire);
}

function within(value: number, [min, max]: Bounds): number {
  return Math.min(Math.max(value, min), max);
}
