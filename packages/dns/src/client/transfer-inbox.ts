import { Deferred, fail, succeed } from '@hawser/core';
import type { DnsClientError } from './client-error.ts';
import type { StreamChannel, StreamWaiter } from './stream-channel.ts';

/** Messages that may wait until somebody takes them; then the server has to. */
const MAX_MESSAGES = 16;

/** The messages of one transfer, for who takes them one by one. */
export class TransferInbox implements StreamWaiter {
  readonly #channel: StreamChannel;
  readonly #messages: Buffer[] = [];
  #taker: Deferred<Buffer> | undefined;
  #failure: DnsClientError | undefined;
  #paused = false;

  constructor(channel: StreamChannel) {
    this.#channel = channel;
  }

  /** The next message, now or when it comes. One at a time. */
  next(): Deferred<Buffer> {
    const message = this.#messages.shift();
    if (this.#paused && this.#messages.length < MAX_MESSAGES / 2) {
      this.#paused = false;
      this.#channel.resume();
    }
    if (message !== undefined) return succeed(message);
    if (this.#failure !== undefined) return fail(this.#failure);
    this.#taker = new Deferred<Buffer>({ where: 'dns.transfer' });
    return this.#taker;
  }

  received(message: Buffer): boolean {
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker !== undefined) taker.resolve(message);
    else this.#messages.push(message);
    if (this.#messages.length >= MAX_MESSAGES && !this.#paused) {
      this.#paused = true;
      this.#channel.pause();
    }
    return true;
  }

  lost(error: DnsClientError): void {
    this.#failure = error;
    this.#taker?.reject(error);
    this.#taker = undefined;
  }
}
