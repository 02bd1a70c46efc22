import { type Clock, type DelayedCall, UsageError } from '@hawser/core';
import type { BodyConsumer, IncomingBody } from '../contract/body.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import { discardedError } from './discarded-error.ts';
import { HttpRequestError } from './http-request-error.ts';

/** What a body asks of what it arrives on: a connection of HTTP/1, a stream of HTTP/2. */
export interface BodySupply {
  readonly clock: Clock;
  /** Let it come; data may be delivered before this returns. */
  flow(): void;
  /** Let nothing come. */
  hold(): void;
  /** Nobody will read the rest, or it has not come in time. */
  giveUp(error: Error): void;
}

/**
 * What is read of a body that nobody wants: so that its connection can be used again, and over HTTP/2 as servers count
 * resets against who sends them.
 */
const MAX_DISCARDED_BYTES = 65_536;
const MAX_DISCARDING_MS = 2_000;
/** A response whose body nobody begins to read is given up. */
const MAX_UNREAD_MS = 60_000;

/**
 * The body of a response. It rests until somebody consumes it.
 *
 *     resting ──consume──▶ flowing ◀──▶ paused ──▶ ended | failed
 *        └──discard──▶ discarding ──▶ ended | failed
 */
export class ResponseBody implements IncomingBody {
  readonly length: number | undefined;
  trailers: FieldLines = [];
  received = false;
  #supply: BodySupply;
  #consumer: BodyConsumer | undefined;
  #outcome: { readonly error: Error | undefined } | undefined;
  #told = false;
  #paused = true;
  #discarding = false;
  #left = MAX_DISCARDED_BYTES;
  #timer: DelayedCall | undefined;

  constructor(length: number | undefined, supply: BodySupply) {
    this.length = length;
    this.#supply = supply;
    if (length !== 0) this.#timer = supply.clock.callLater(MAX_UNREAD_MS, () => this.#unread());
  }

  get used(): boolean {
    return this.#consumer !== undefined || this.#discarding;
  }
  /** Nobody lets it come at present. */
  get resting(): boolean {
    return this.#paused;
  }
  get over(): boolean {
    return this.#outcome !== undefined;
  }

  consume(consumer: BodyConsumer): void {
    if (this.used) throw new UsageError('HAWSER_BUSY', 'Cannot read a body that is read already');
    this.#consumer = consumer;
    this.#timer?.cancel();
    this.resume();
  }

  pause(): void {
    if (this.#paused || this.#discarding) return;
    this.#paused = true;
    if (!this.#outcome) this.#supply.hold();
  }

  resume(): void {
    if (!this.#paused || !this.#consumer) return;
    this.#paused = false;
    if (this.#outcome) this.#tell();
    else this.#supply.flow();
  }

  discard(): void {
    if (this.#discarding) return;
    this.#discarding = true;
    this.#consumer = undefined;
    this.#timer?.cancel();
    if (this.#outcome) return;
    if ((this.length ?? 0) > MAX_DISCARDED_BYTES) {
      this.#supply.giveUp(discardedError());
      return;
    }
    const { clock } = this.#supply;
    this.#timer = clock.callLater(MAX_DISCARDING_MS, () => this.#supply.giveUp(discardedError()));
    if (!this.#paused) return;
    this.#paused = false;
    this.#supply.flow();
  }

  // --- what the connection calls ---

  push(chunk: Buffer): void {
    if (this.#outcome) return;
    if (!this.#discarding) {
      this.#consumer?.data(chunk);
      return;
    }
    this.#left -= chunk.length;
    if (this.#left < 0) this.#supply.giveUp(discardedError());
  }

  complete(trailers: FieldLines): void {
    this.trailers = trailers;
    this.#finish(undefined);
  }

  fail(error: Error): void {
    this.#finish(error);
  }

  #finish(error: Error | undefined): void {
    if (this.#outcome) return;
    this.#timer?.cancel();
    this.received = error === undefined;
    this.#outcome = { error };
    // A failure is told to whoever rests as well: nothing follows that could overtake it.
    if (!this.#paused || error) this.#tell();
  }

  #tell(): void {
    if (this.#told || !this.#consumer || !this.#outcome) return;
    this.#told = true;
    const { error } = this.#outcome;
    if (error) this.#consumer.failed(error);
    else this.#consumer.end();
  }

  #unread(): void {
    const text = `Cannot keep the body of a response that nobody has begun to read for ${MAX_UNREAD_MS} ms`;
    this.#supply.giveUp(new HttpRequestError('HAWSER_HTTP_TIMEOUT', text, { phase: 'body' }));
  }
}
