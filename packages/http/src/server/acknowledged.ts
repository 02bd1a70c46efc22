import type { Transport } from '@hawser/core';

/** What had been acknowledged at a time. */
interface Count {
  readonly at: number;
  readonly bytes: number;
}

type Asked = Transport & {
  readonly takenBytes?: number;
  askUnacknowledged?(heard: (bytes: number) => void): void;
};

/**
 * How fast a peer acknowledges, between two questions. A system takes more from us in steps of up to megabytes, which a
 * slow reader takes minutes for; where it tells what the peer has of them, that is what counts.
 */
export class Acknowledged {
  readonly #transport: Asked;
  #first: Count | undefined;
  #second: Count | undefined;
  #questions = 0;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Asks for the first time, if that was not done. The answer, if there is one, comes in a later turn. */
  askFirst(): void {
    if (this.#questions > 0) return;
    this.#questions = 1;
    this.#ask((count) => {
      this.#first = count;
    });
  }

  /** Whether the first question was answered. */
  get isKnown(): boolean {
    return this.#first !== undefined;
  }

  /** Asks for the second time. False if that was done. */
  askAgain(): boolean {
    if (this.#questions > 1) return false;
    this.#questions = 2;
    this.#ask((count) => {
      this.#second = count;
    });
    return true;
  }

  /** Whether both were answered, and the peer has acknowledged so many octets a second in between, or more. */
  isAtLeast(rate: number): boolean {
    if (this.#first === undefined || this.#second === undefined) return false;
    const bytes = this.#second.bytes - this.#first.bytes;
    const seconds = (this.#second.at - this.#first.at) / 1_000;
    return bytes > 0 && bytes >= rate * seconds;
  }

  #ask(heard: (count: Count) => void): void {
    const transport = this.#transport;
    const { clock } = transport.reactor;
    transport.askUnacknowledged?.((bytes) => {
      if (transport.takenBytes === undefined) return;
      heard({ at: clock.now(), bytes: transport.takenBytes - bytes });
    });
  }
}
