// One connection to a server (RFC 7766): many questions at once, answered in any order.
import {
  ByteQueue,
  type CloseReason,
  type DelayedCall,
  describeReason,
  type Protocol,
  type Transport,
} from '@hawser/core';
import { DnsClientError } from './client-error.ts';

/** Who waits for what comes back for one id. */
export interface StreamWaiter {
  /** One message with its id. True to wait for more of them. */
  received(message: Buffer): boolean;
  /** No more will come. */
  lost(error: DnsClientError): void;
}

/** Options for {@link StreamChannel}. */
export interface StreamChannelOptions {
  /** How the server is named in errors. */
  readonly where: string;
  /** How long a connection that nobody needs stays open, in milliseconds. */
  readonly idleMs: number;
  /** Questions that may wait for answers at a time. */
  readonly maxInFlight: number;
  /** It takes no more questions: it is closed, or will be when the last one is answered. */
  retired?(channel: StreamChannel): void;
  /** The connection is gone. */
  gone?(): void;
}

/** Messages in a row with an id nobody waits for, after which the server is not worth talking to. */
const MAX_STRAYS = 64;

/** How long a new connection waits for its first question, at least. */
const UNUSED_MS = 1_000;

/** The client side of one connection. */
export class StreamChannel implements Protocol {
  readonly #options: StreamChannelOptions;
  readonly #waiters = new Map<number, StreamWaiter>();
  readonly #input = new ByteQueue();
  #transport: Transport | undefined;
  #idleTimer: DelayedCall | undefined;
  #idleMs: number;
  #strays = 0;
  #at: 'new' | 'open' | 'retired' | 'lost' = 'new';
  #heard = false;

  constructor(options: StreamChannelOptions) {
    this.#options = options;
    this.#idleMs = options.idleMs;
  }

  /** True if another question can be sent. */
  get free(): boolean {
    return this.#at === 'open' && this.#waiters.size < this.#options.maxInFlight;
  }

  /** True once the server said anything: a loss before that is not for want of patience. */
  get heard(): boolean {
    return this.#heard;
  }

  /** True if a question with this id could not be told from another. */
  has(id: number): boolean {
    return this.#waiters.has(id);
  }

  /** Sends `message`, whose id must be free, and tells `waiter` what comes. */
  send(message: Buffer, waiter: StreamWaiter): void {
    if (this.#at === 'lost') {
      waiter.lost(this.#lossOf({ kind: 'done' }));
      return;
    }
    this.#idleTimer?.cancel();
    this.#waiters.set(message.readUInt16BE(0), waiter);
    const length = Buffer.allocUnsafe(2);
    length.writeUInt16BE(message.length, 0);
    this.#transport?.writeMany([length, message]);
  }

  /** Nobody waits for this id any more. An answer that comes late is dropped. */
  forget(id: number): void {
    if (this.#waiters.delete(id)) this.#settled();
  }

  /** The server keeps idle connections this long (RFC 7828); 0 wants them closed. */
  keepFor(ms: number): void {
    this.#idleMs = ms;
  }

  /** Takes no more questions, and closes when the last one is answered. */
  retire(): void {
    if (this.#at !== 'open') return;
    this.#at = 'retired';
    this.#options.retired?.(this);
    this.#settled();
  }

  abort(): void {
    this.#transport?.abort();
  }

  /** Stops reading until {@link resume}: whoever takes the messages of a transfer is busy. */
  pause(): void {
    this.#transport?.pauseReading();
  }

  resume(): void {
    this.#transport?.resumeReading();
    this.#deliver();
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
    this.#at = 'open';
    // Whoever wanted it may have given up meanwhile.
    const unusedMs = Math.max(this.#idleMs, UNUSED_MS);
    this.#idleTimer = transport.reactor.clock.callLater(unusedMs, () => this.retire());
  }

  dataReceived(data: Buffer): void {
    this.#input.push(data);
    this.#heard = true;
    this.#deliver();
  }

  readEnded(): void {
    // A server that ends its side answers nothing more.
    this.#lose({ kind: 'done' });
    this.#transport?.close();
  }

  connectionLost(reason: CloseReason): void {
    this.#lose(reason);
    this.#options.gone?.();
  }

  drainRequested(): void {
    this.retire();
  }

  #deliver(): void {
    while (this.#transport?.reading && this.#input.length >= 2) {
      const length = this.#input.readUInt16BE();
      if (this.#input.length < 2 + length) return;
      this.#input.skip(2);
      const message = this.#input.take(length);
      const waiter = length < 12 ? undefined : this.#waiters.get(message.readUInt16BE(0));
      if (waiter === undefined) {
        this.#strays += 1;
        if (this.#strays > MAX_STRAYS) this.#transport.abort();
        continue;
      }
      this.#strays = 0;
      if (!waiter.received(message)) this.forget(message.readUInt16BE(0));
    }
  }

  #settled(): void {
    const transport = this.#transport;
    if (this.#waiters.size > 0 || transport === undefined) return;
    this.#idleTimer?.cancel();
    if (this.#at === 'retired' || this.#idleMs <= 0) {
      this.#at = 'retired';
      this.#options.retired?.(this);
      transport.close({ deadlineMs: 5_000 });
    } else if (this.#at === 'open') {
      const { clock } = transport.reactor;
      this.#idleTimer = clock.callLater(this.#idleMs, () => this.retire());
    }
  }

  #lose(reason: CloseReason): void {
    if (this.#at === 'lost') return;
    this.#at = 'lost';
    this.#idleTimer?.cancel();
    this.#input.clear();
    this.#options.retired?.(this);
    const waiters = [...this.#waiters.values()];
    this.#waiters.clear();
    for (const waiter of waiters) waiter.lost(this.#lossOf(reason));
  }

  #lossOf(reason: CloseReason): DnsClientError {
    const why = `Cannot wait for ${this.#options.where}: the connection was ${describeReason(reason)}`;
    const cause = 'error' in reason ? reason.error : undefined;
    return new DnsClientError('HAWSER_DNS_NETWORK', why, { cause });
  }
}
