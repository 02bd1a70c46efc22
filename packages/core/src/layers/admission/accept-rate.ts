import { layer } from '../../connection/stack.ts';
import type { Address } from '../../contract/address.ts';
import type { Layer } from '../../contract/layer.ts';
import { type PeerNetworkOptions, peerNetworks } from '../peer-network.ts';
import { TokenBucket, type TokenBucketOptions } from '../token-bucket.ts';

/** How many connections may come. */
export interface Rate {
  /** In the long run. May be a fraction: 0.1 is one in ten seconds. */
  readonly perSecond: number;
  /** As many may come at once. @defaultValue `perSecond`, at least 1 */
  readonly burst?: number | undefined;
}

/** The same for each address, or network. */
export interface AddressRate extends Rate, PeerNetworkOptions {
  /** Networks to remember; the one not heard of for longest is forgotten first. @defaultValue 10_000 */
  readonly maxNetworks?: number | undefined;
}

/** Options for {@link acceptRate}. */
export interface AcceptRateOptions extends Rate {
  /** Limits each address besides, so that one client cannot take the rate of all. */
  readonly perAddress?: AddressRate | undefined;
}

/**
 * Refuses, with a reset, connections that come faster than the rate. What one address has too much does not count
 * against the others. Peers on a Unix socket or a pipe have no address: only the common rate holds for them. One value
 * used in several stacks is one rate for all of them; it belongs to one reactor, whose clock it runs on.
 *
 * @throws RangeError if a rate, a burst or a prefix makes no sense
 */
export function acceptRate(options: AcceptRateOptions): Layer {
  const { perAddress } = options;
  const rate = checkRate(options);
  const networks = perAddress && new NetworkRates(perAddress);
  const label = `rate(${rate.perSecond}/s)`;
  let all: TokenBucket | undefined;
  return layer({
    kind: 'admission',
    label,
    traits: perAddress ? ['limits', 'judgesPeer'] : ['limits'],
    build(inner, incoming) {
      const now = incoming.reactor.clock.now();
      all ??= new TokenBucket(rate, now);
      const why =
        networks && !networks.admits(incoming.peer, now)
          ? 'its network connects too often'
          : all.take(1, now) === 0 && 'connections come too fast';
      if (why === false) return inner.buildProtocol(incoming);
      incoming.abort({ kind: 'refused', by: label, why });
      return undefined;
    },
  });
}

/** A bucket for each network heard of lately. */
class NetworkRates {
  readonly #networkOf: (peer: Address) => string | undefined;
  readonly #rate: TokenBucketOptions;
  readonly #most: number;
  /** The one used last is at the end. */
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(options: AddressRate) {
    const { maxNetworks = 10_000 } = options;
    if (!Number.isInteger(maxNetworks) || maxNetworks < 1) {
      throw new RangeError(
        `Cannot limit a rate as maxNetworks must be a whole number > 0: ${maxNetworks}`,
      );
    }
    this.#networkOf = peerNetworks(options);
    this.#rate = checkRate(options);
    this.#most = maxNetworks;
  }

  admits(peer: Address, now: number): boolean {
    const network = this.#networkOf(peer);
    if (network === undefined) return true;
    const bucket = this.#buckets.get(network) ?? new TokenBucket(this.#rate, now);
    this.#buckets.delete(network);
    this.#buckets.set(network, bucket);
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= this.#most) break;
      this.#buckets.delete(oldest);
    }
    return bucket.take(1, now) === 1;
  }
}

function checkRate({ perSecond, burst = Math.max(1, perSecond) }: Rate): TokenBucketOptions {
  if (!(perSecond > 0) || !Number.isFinite(perSecond)) {
    throw new RangeError(`Cannot limit a rate as perSecond must be > 0: ${perSecond}`);
  }
  if (!(burst >= 1) || !Number.isFinite(burst)) {
    throw new RangeError(`Cannot limit a rate as burst must be >= 1: ${burst}`);
  }
  return { perSecond, burst };
}
