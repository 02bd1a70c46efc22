import { ConnectionError } from '@hawser/core';
import type { HttpExchange } from '../contract/exchange.ts';
import type { EventSender } from './event-sender.ts';
import { formatEvent, type ServerEvent } from './format-event.ts';

/** What an {@link EventQueue} is made of. */
export interface EventQueueParts {
  readonly exchange: HttpExchange;
  readonly heartbeatMs: number;
  readonly maxBufferedBytes: number;
  readonly lastEventId: string | undefined;
  /**
   * Begins to send, when the first piece is asked for. The stream ends when it settles; what it rejects with ends it as
   * broken. Never throws.
   */
  readonly produce: (sender: EventSender) => Promise<void>;
}

interface Waiting {
  readonly text: string;
  readonly taken: () => void;
  readonly refused: (error: Error) => void;
}

const HEARTBEAT = ':\n\n';

/** Events between who makes them and the connection that takes them: the body of the response. */
export class EventQueue implements EventSender, AsyncIterableIterator<string> {
  readonly lastEventId: string | undefined;
  readonly #parts: EventQueueParts;
  readonly #controller = new AbortController();
  #waiting: Waiting[] = [];
  #bytes = 0;
  /** What was given away last: who sent it waits until more is asked for. */
  #given: readonly Waiting[] = [];
  #started = false;
  /** Why nothing can be sent any more. */
  #over: Error | undefined;
  #failure: { readonly error: unknown } | undefined;
  #asked: { readonly resolve: () => void } | undefined;
  #drain: Disposable | undefined;

  constructor(parts: EventQueueParts) {
    this.#parts = parts;
    this.lastEventId = parts.lastEventId;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  // --- for the producer ---

  readonly send = (event: ServerEvent | string): Promise<void> => {
    const text = formatEvent(event);
    const sent = new Promise<void>((taken, refused) => {
      this.#push({ text, taken, refused }, Buffer.byteLength(text));
    });
    // A producer that does not wait must not end the process by it.
    sent.catch(() => undefined);
    return sent;
  };

  /** Whether `bytes` more can wait for the peer. */
  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= this.#parts.maxBufferedBytes;
  }

  /** As `send`, for text that goes to many and so nobody waits for: events that are so many bytes. */
  pass(text: string, bytes: number): void {
    this.#push({ text, taken: ignore, refused: ignore }, bytes);
  }

  readonly end = (): void => this.#finish(ended());

  // --- for the connection ---

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    this.#release();
    if (!this.#started) this.#start();
    if (this.#waiting.length === 0 && !this.#over) await this.#something();
    const all = this.#waiting;
    if (all.length > 0) {
      this.#given = all;
      this.#waiting = [];
      this.#bytes = 0;
      return { done: false, value: all.map(({ text }) => text).join('') };
    }
    if (this.#failure) throw this.#failure.error;
    if (this.#over) return { done: true, value: undefined };
    return { done: false, value: HEARTBEAT };
  }

  /** The peer has left, or wants no body. */
  return(): Promise<IteratorResult<string, undefined>> {
    this.destroy();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** As `return`, at once. */
  destroy(): void {
    const error = ended();
    this.#finish(error);
    for (const { refused } of [...this.#given, ...this.#waiting]) refused(error);
    this.#given = [];
    this.#waiting = [];
  }

  #push(waiting: Waiting, bytes: number): void {
    if (!this.hasRoom(bytes)) this.#finish(tooSlow());
    if (this.#over) {
      waiting.refused(this.#over);
      return;
    }
    this.#bytes += bytes;
    this.#waiting.push(waiting);
    this.#asked?.resolve();
  }

  #start(): void {
    const { exchange, produce } = this.#parts;
    this.#started = true;
    if (this.#over) return;
    this.#drain = exchange.onDrain?.(() => this.#finish(draining()));
    void produce(this).then(
      () => this.end(),
      (error: unknown) => {
        // What a producer throws because it was told to stop is its way to stop.
        if (!this.#over) this.#failure = { error };
        this.end();
      },
    );
  }

  /** Settles when there is something to send, or the time for a heartbeat has come. */
  #something(): Promise<void> {
    const { exchange, heartbeatMs } = this.#parts;
    return new Promise<void>((resolve) => {
      const { clock } = exchange.transport.reactor;
      const timer = clock.callLater(heartbeatMs, () => this.#asked?.resolve());
      this.#asked = {
        resolve: () => {
          this.#asked = undefined;
          timer.cancel();
          resolve();
        },
      };
    });
  }

  #finish(reason: Error): void {
    if (this.#over) return;
    this.#over = reason;
    this.#drain?.[Symbol.dispose]();
    this.#asked?.resolve();
    this.#controller.abort(reason);
  }

  #release(): void {
    for (const { taken } of this.#given) taken();
    this.#given = [];
  }
}

function ignore(): void {}

function tooSlow(): ConnectionError<'HAWSER_WRITE_QUEUE_FULL'> {
  return new ConnectionError(
    'HAWSER_WRITE_QUEUE_FULL',
    'Cannot send an event as the peer takes them too slowly',
  );
}

function ended(): ConnectionError {
  return new ConnectionError('HAWSER_CLOSED', 'Cannot send more events as the stream has ended');
}

function draining(): ConnectionError {
  return new ConnectionError('HAWSER_CLOSED', 'Cannot send more events as the server stops');
}
