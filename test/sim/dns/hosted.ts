import { type DelayedCall, type Service, type SimHost, toError } from '@hawser/core';
import { isOfDisk } from './hostile-disk.ts';
import type { DnsWatch } from './watch.ts';

const START_AGAIN_MS = 300;

/** A program on a host that is started again when it cannot start, as a supervisor does. */
export abstract class Hosted {
  readonly host: SimHost;
  readonly watch: DnsWatch;
  #service: Service | undefined;
  #again: DelayedCall | undefined;

  constructor(host: SimHost, watch: DnsWatch) {
    this.host = host;
    this.watch = watch;
  }

  get address(): string {
    return this.host.addresses[0] ?? '';
  }

  /** True if it has started, and was not told to end since. */
  get isRunning(): boolean {
    return this.#service !== undefined;
  }

  boot(): void {
    this.forget();
    this.#service = undefined;
    this.start().then(
      (service) => {
        this.#service = service;
      },
      (error: unknown) => {
        if (!isOfDisk(error))
          this.watch.broken.push(`${this.host.name} cannot start: ${toError(error).message}`);
        this.#again = this.host.clock.callLater(START_AGAIN_MS, () => this.boot());
      },
    );
  }

  async stop(): Promise<void> {
    this.#again?.cancel();
    const service = this.#service;
    this.#service = undefined;
    await service?.stop();
  }

  /** What the life before had is not there any more. */
  protected abstract forget(): void;

  protected abstract start(): Promise<Service>;
}
