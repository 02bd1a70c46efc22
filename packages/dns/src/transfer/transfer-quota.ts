// How many transfers run at a time: one holds a version of the zone and a connection for as long as its client likes.
import type { Address } from '@hawser/core';

/** Counts what runs, over all and for each client. */
export class TransferQuota {
  readonly #most: number;
  readonly #mostPerClient: number;
  readonly #byClient = new Map<string, number>();
  #active = 0;

  constructor({ most, mostPerClient }: { readonly most: number; readonly mostPerClient: number }) {
    this.#most = most;
    this.#mostPerClient = mostPerClient;
  }

  get active(): number {
    return this.#active;
  }

  /** Gives what to call when it is over, any number of times; undefined if there is no room. */
  take(client: Address): (() => void) | undefined {
    const key = clientKey(client);
    const running = this.#byClient.get(key) ?? 0;
    if (this.#active >= this.#most || running >= this.#mostPerClient) return undefined;
    this.#active += 1;
    this.#byClient.set(key, running + 1);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#active -= 1;
      const left = (this.#byClient.get(key) ?? 1) - 1;
      if (left === 0) this.#byClient.delete(key);
      else this.#byClient.set(key, left);
    };
  }
}

function clientKey(client: Address): string {
  if ('host' in client) return client.host;
  return client.kind === 'unix' ? client.path : client.name;
}
