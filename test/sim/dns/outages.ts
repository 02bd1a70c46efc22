import type { SimHost, Simulation } from '@hawser/core';
import type { Hosted } from './hosted.ts';
import { GONE_MS } from './try-stop.ts';
import type { DnsWatch } from './watch.ts';

/** What {@link Outages} need. */
export interface OutagesOptions {
  readonly watch: DnsWatch;
  /** A host went down, or what runs on it ends. */
  readonly crashed: (host: SimHost) => void;
  /** Starts what runs on a host again. */
  readonly reboot: (host: SimHost) => void;
}

/** Hosts that go down, and servers that an operator stops: one thing at a time for each of them. */
export class Outages {
  readonly #sim: Simulation;
  readonly #options: OutagesOptions;
  readonly #down = new Set<SimHost>();

  constructor(sim: Simulation, options: OutagesOptions) {
    this.#sim = sim;
    this.#options = options;
  }

  /** For `ms`; and once more, `again` milliseconds after it has begun to start. */
  crash(host: SimHost, ms: number, again: number | undefined): void {
    if (this.#down.has(host)) return;
    this.#down.add(host);
    this.#take(host, ms, again);
  }

  /** Stops a server that runs, and starts it again `ms` after it has ended. Nothing of it may be left then. */
  stop(server: Hosted, ms: number): void {
    const { host } = server;
    const { watch, crashed, reboot } = this.#options;
    const { clock } = this.#sim;
    if (this.#down.has(host) || !server.isRunning) return;
    this.#down.add(host);
    crashed(host);
    server.stop().then(
      () => {
        watch.stopped += 1;
        clock.callLater(GONE_MS, () => watch.gone(host.name, this.#sim.leaks()));
        clock.callLater(GONE_MS + ms, () => {
          reboot(host);
          this.#down.delete(host);
        });
      },
      (error: unknown) => watch.broken.push(`${host.name} cannot stop: ${String(error)}`),
    );
  }

  #take(host: SimHost, ms: number, again: number | undefined): void {
    const { crashed, reboot } = this.#options;
    const sim = this.#sim;
    sim.crash(host);
    crashed(host);
    sim.clock.callLater(ms, () => {
      sim.restart(host);
      reboot(host);
      if (again === undefined) this.#down.delete(host);
      else sim.clock.callLater(again, () => this.#take(host, 200, undefined));
    });
  }
}
