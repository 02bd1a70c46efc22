import { type Address, type InfoKey, type Reactor, TLS } from '@hawser/core';
import type { HttpExchange } from '../contract/exchange.ts';
import type { HeadersInput, HttpContext } from '../contract/http-handler.ts';
import { HttpHeaders, toFieldLines } from './http-headers.ts';

/** The context of an exchange. Each member is looked up when it is asked for. */
export class ExchangeContext implements HttpContext {
  readonly #exchange: HttpExchange;
  #facts: Map<InfoKey<unknown>, unknown> | undefined;
  #sent: string | Uint8Array | undefined;
  #sentBytes = 0;
  #sentStatus: number | undefined;

  constructor(exchange: HttpExchange) {
    this.#exchange = exchange;
  }

  get id(): number {
    return this.#exchange.transport.id;
  }

  get reactor(): Reactor {
    return this.#exchange.transport.reactor;
  }

  get local(): Address {
    return this.#exchange.transport.local;
  }

  get peer(): Address {
    return this.#exchange.transport.peer;
  }

  get secure(): boolean {
    return this.#exchange.transport.info(TLS) !== undefined;
  }

  get version(): HttpExchange['version'] {
    return this.#exchange.version;
  }

  get signal(): AbortSignal {
    return this.#exchange.signal;
  }

  get done(): Promise<void> {
    return this.#exchange.done;
  }

  get sentStatus(): number | undefined {
    return this.#sentStatus;
  }

  get sentBytes(): number {
    const sent = this.#sent;
    return this.#sentBytes + (sent === undefined ? 0 : Buffer.byteLength(sent));
  }

  get trailers(): HttpHeaders {
    return HttpHeaders.over(this.#exchange.body.trailers);
  }

  info<T>(key: InfoKey<T>): T | undefined {
    if (this.#facts?.has(key)) return this.#facts.get(key) as T;
    return this.#exchange.transport.info(key);
  }

  provide<T>(key: InfoKey<T>, value: T): void {
    this.#facts ??= new Map();
    this.#facts.set(key, value);
  }

  inform(status: number, fields: HeadersInput): void {
    this.#exchange.inform(status, toFieldLines(new HttpHeaders(fields)));
  }

  /** The head of the answer was given to the connection. */
  noteStatus(status: number): void {
    this.#sentStatus = status;
  }

  /** A whole body was given to the connection; counted when somebody asks. */
  noteBody(body: string | Uint8Array): void {
    if (this.#exchange.method !== 'HEAD') this.#sent = body;
  }

  /** A piece of a body was given to the connection. */
  notePiece(bytes: number): void {
    this.#sentBytes += bytes;
  }
}
