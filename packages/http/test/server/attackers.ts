import { BaseProtocol, type CloseReason } from '@hawser/core';

/** Says `begin`, and then `again` every `everyMs` milliseconds, and notes when its connection ends. */
export class Trickle extends BaseProtocol {
  readonly #begin: string;
  readonly #again: string;
  readonly #everyMs: number;
  #connectedAt = 0;
  received = '';
  /** Milliseconds after the connection was made, on the way back included. */
  endedAfter: number | undefined;

  constructor(begin: string, again = '', everyMs = 1_000) {
    super();
    this.#begin = begin;
    this.#again = again;
    this.#everyMs = everyMs;
  }

  override connected(): void {
    this.#connectedAt = this.#now;
    if (this.#begin) this.transport.write(Buffer.from(this.#begin));
    if (this.#again) this.#next();
  }

  dataReceived(data: Buffer): void {
    if (this.received.length < 10_000) this.received += data.toString('latin1', 0, 1_000);
  }

  override readEnded(): void {
    this.#ended();
    this.transport.close();
  }

  override connectionLost(_reason: CloseReason): void {
    this.#ended();
  }

  get #now(): number {
    return this.transport.reactor.clock.now();
  }

  #ended(): void {
    this.endedAfter ??= this.#now - this.#connectedAt;
  }

  #next(): void {
    this.transport.reactor.clock.callLater(this.#everyMs, () => {
      if (this.transport.ending) return;
      this.transport.write(Buffer.from(this.#again));
      this.#next();
    });
  }
}

/** Asks for much, and takes a piece of it every `everyMs` milliseconds, or nothing. */
export class SlowReader extends Trickle {
  readonly #takeEveryMs: number;

  constructor(request: string, takeEveryMs = Number.POSITIVE_INFINITY) {
    super(request);
    this.#takeEveryMs = takeEveryMs;
  }

  override connected(): void {
    super.connected();
    this.transport.pauseReading();
    if (this.#takeEveryMs !== Number.POSITIVE_INFINITY) this.#takeSoon();
  }

  override dataReceived(data: Buffer): void {
    super.dataReceived(data);
    this.transport.pauseReading();
  }

  #takeSoon(): void {
    this.transport.reactor.clock.callLater(this.#takeEveryMs, () => {
      if (this.endedAfter !== undefined) return;
      this.transport.resumeReading();
      this.#takeSoon();
    });
  }
}
