import type { DatagramPort, SimHost } from '@hawser/core';
import type { SeededRandom } from '@hawser/core/testing';
import type { DnsHandlerFunction } from '@hawser/dns';

/** When somebody overhears, and for how long it remembers. */
export interface RepeaterOptions {
  readonly random: SeededRandom;
  readonly isActive: () => boolean;
}

const MOST_LATE_MS = 100_000;
/** Of all that is overheard. */
const REPEATED = 0.3;

/** Overhears what is asked and ordered, and sends it again octet by octet: at once, or minutes later, in any order. */
export class Repeater {
  readonly host: SimHost;
  readonly #options: RepeaterOptions;
  readonly #lives = new Map<SimHost, number>();
  #port: DatagramPort | undefined;
  /** Messages sent again. */
  repeated = 0;

  constructor(host: SimHost, options: RepeaterOptions) {
    this.host = host;
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#port = await this.host.udp.bind({ port: 0 }, { datagramReceived: () => undefined });
  }

  async stop(): Promise<void> {
    await this.#port?.stop();
    this.#port = undefined;
  }

  /** To be called when `host` crashed: what it knew of its past is gone, and it has to do what it is told again. */
  crashed(host: SimHost): void {
    this.#lives.set(host, (this.#lives.get(host) ?? 0) + 1);
  }

  /** Stands in front of all others on `host`. */
  listenAt(host: SimHost): DnsHandlerFunction {
    return (query, next) => {
      this.#overhear(host, query.message.bytes);
      return next(query);
    };
  }

  #overhear(host: SimHost, message: Buffer): void {
    const { random, isActive } = this.#options;
    if (!isActive() || random.float() >= REPEATED) return;
    const copy = Buffer.from(message);
    const life = this.#lives.get(host);
    const lateMs = random.float() < 0.5 ? random.float() * 500 : random.float() * MOST_LATE_MS;
    this.host.clock.callLater(lateMs, () => {
      if (this.#lives.get(host) !== life) return;
      this.repeated += 1;
      this.#port?.send(copy, { kind: 'udp', family: 4, host: host.addresses[0] ?? '', port: 53 });
    });
  }
}
