// What caches may have that is not served any more: until then keys wait that are needed, or are not known yet.
import { Type } from '../numbers.ts';
import type { RRsetChange } from '../zone/zone.ts';

/** Until when caches may have what went from one zone, or got another TTL. Moments are of the clock that never goes back. */
export class CacheHorizon {
  #data = Number.NEGATIVE_INFINITY;
  #keys = Number.NEGATIVE_INFINITY;

  /** Of anything the zone had. */
  get data(): number {
    return this.#data;
  }

  /** Of a DNSKEY RRset. */
  get keys(): number {
    return this.#keys;
  }

  note(changes: readonly RRsetChange[], now: number): void {
    for (const { type, before } of changes) {
      if (before === undefined) continue;
      const until = now + before.ttl * 1000;
      this.#data = Math.max(this.#data, until);
      if (type === Type.DNSKEY) this.#keys = Math.max(this.#keys, until);
    }
  }
}
