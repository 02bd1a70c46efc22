import type { Clock } from '@hawser/core';
import type { EndpointChoice } from '../client/destination.ts';

/** A server behind the proxy. */
export interface Upstream {
  /** Where requests go: their path and query come behind the path of this. */
  readonly url: string | URL;
  /** How it is reached, such as `unix:/run/app.sock`. @defaultValue by TCP, to the host and port of the URL */
  readonly endpoint?: EndpointChoice | undefined;
}

/** How a proxy spreads requests over several servers. */
export interface BalanceOptions {
  /** In turns, or to the one with the fewest requests under way. @defaultValue 'round-robin' */
  readonly balance?: 'round-robin' | 'least-busy' | undefined;
  /** After so many failures in a row a server is left alone for a while. @defaultValue 3 */
  readonly maxFailures?: number | undefined;
  /** How long, in milliseconds. @defaultValue 10_000 */
  readonly downMs?: number | undefined;
}

/** One server, and how it does. */
export interface UpstreamState {
  readonly url: URL;
  readonly endpoint: EndpointChoice | undefined;
  busy: number;
  failures: number;
  downUntil: number;
}

/** Several servers: takes the next that is well, and learns from what becomes of requests which are. */
export class Upstreams {
  readonly #states: readonly UpstreamState[];
  readonly #leastBusy: boolean;
  readonly #maxFailures: number;
  readonly #downMs: number;
  #next = 0;

  /** @throws TypeError when there is none, or a URL is none */
  constructor(upstreams: readonly (string | URL | Upstream)[], options: BalanceOptions = {}) {
    const { balance = 'round-robin', maxFailures = 3, downMs = 10_000 } = options;
    if (upstreams.length === 0) throw new TypeError('Cannot proxy to no server at all');
    this.#states = upstreams.map((each) => stateOf(each));
    this.#leastBusy = balance === 'least-busy';
    this.#maxFailures = maxFailures;
    this.#downMs = downMs;
  }

  get count(): number {
    return this.#states.length;
  }

  /** The server for the next attempt, none of those `tried` if there is another. */
  pick(clock: Pick<Clock, 'now'>, tried: ReadonlySet<UpstreamState>): UpstreamState {
    const now = clock.now();
    const inTurn = this.#states.map((_, at) => this.#at(this.#next + at));
    this.#next = (this.#next + 1) % this.#states.length;
    const untried = inTurn.filter((each) => !tried.has(each));
    const choice = untried.length > 0 ? untried : inTurn;
    const well = choice.filter((each) => each.downUntil <= now);
    // When none is well, the one that may be so first.
    const [first, ...others] =
      well.length > 0 ? well : choice.toSorted((one, other) => one.downUntil - other.downUntil);
    if (!first || !this.#leastBusy || well.length === 0) return first ?? this.#at(0);
    return others.reduce((best, each) => (each.busy < best.busy ? each : best), first);
  }

  /** It has answered, whatever that was. */
  succeeded(upstream: UpstreamState): void {
    upstream.failures = 0;
    upstream.downUntil = 0;
  }

  failed(upstream: UpstreamState, clock: Pick<Clock, 'now'>): void {
    upstream.failures += 1;
    if (upstream.failures >= this.#maxFailures) upstream.downUntil = clock.now() + this.#downMs;
  }

  #at(index: number): UpstreamState {
    return this.#states[index % this.#states.length] as UpstreamState;
  }
}

/** @throws TypeError when the URL is none, or has another scheme */
export function stateOf(upstream: string | URL | Upstream): UpstreamState {
  const { url, endpoint } =
    typeof upstream === 'string' || upstream instanceof URL
      ? { url: upstream, endpoint: undefined }
      : upstream;
  const parsed = new URL(url);
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw new TypeError(`Cannot proxy to a URL that is not http: or https:: ${parsed.protocol}`);
  }
  return { url: parsed, endpoint, busy: 0, failures: 0, downUntil: 0 };
}
