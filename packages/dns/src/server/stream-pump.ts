import type { ReplyStream } from './reply.ts';

/**
 * Sent in one go: one message as transfers make them, as fifty connections may do so in each turn, and everybody else waits for
 * all of them.
 */
const MAX_PUMPED_BYTES = 0x4000;

/** Where messages go. */
export interface PumpSink {
  /** True while the peer takes no more, and when it is gone. */
  readonly full: boolean;
  /** Calls in a turn of its own, so that others have theirs before. */
  soon(call: () => void): void;
  send(message: Buffer): void;
  /** One reply was sent to its end; `queryBytes` is what it was added with. */
  finished(queryBytes: number): void;
  /** One reply cannot be sent to its end: nobody must take what was sent for the whole. */
  cutOff(): void;
}

interface Sending {
  readonly stream: ReplyStream;
  readonly dueAt: number;
  readonly queryBytes: number;
}

/** Replies of many messages that are sent at the same time over one connection, a message of each in turn. */
export class StreamPump {
  readonly #sink: PumpSink;
  /** The next one first. */
  readonly #sending: Sending[] = [];
  #count = 0;
  #queryBytes = 0;
  #waiting = false;

  constructor(sink: PumpSink) {
    this.#sink = sink;
  }

  /** True while there is something to send. */
  get busy(): boolean {
    return this.#sending.length > 0;
  }

  /** How many were added and not sent to their end. */
  get count(): number {
    return this.#count;
  }

  /** Octets of the queries they answer. */
  get queryBytes(): number {
    return this.#queryBytes;
  }

  /** When the first of them has to be over. */
  get dueAt(): number {
    return Math.min(...this.#sending.map(({ dueAt }) => dueAt));
  }

  /** Sends `stream`, soon. It has to be over at `dueAt`: that is up to who asks for {@link dueAt}. */
  add(stream: ReplyStream, { dueAt, queryBytes }: Omit<Sending, 'stream'>): void {
    this.#count++;
    this.#queryBytes += queryBytes;
    this.#sending.push({ stream, dueAt, queryBytes });
    this.#pumpSoon();
  }

  /** Sends until the sink is full, or in turns until all is sent. */
  pump(): void {
    this.#pumpOnce();
    if (this.busy) this.#pumpSoon();
  }

  cancel(why: Error): void {
    for (const { stream } of this.#sending.splice(0)) stream.cancel(why);
  }

  #pumpSoon(): void {
    if (this.#waiting || this.#sink.full) return;
    this.#waiting = true;
    this.#sink.soon(() => {
      this.#waiting = false;
      this.pump();
    });
  }

  /** Sends until the sink is full, or enough was sent for one turn. */
  #pumpOnce(): void {
    let bytes = 0;
    while (!this.#sink.full && bytes < MAX_PUMPED_BYTES) {
      const sending = this.#sending.shift();
      if (sending === undefined) return;
      const { stream, queryBytes } = sending;
      const message = stream.next();
      if (message !== undefined) {
        this.#sending.push(sending);
        this.#sink.send(message);
        bytes += message.length;
      } else if (stream.failed) {
        this.#sink.cutOff();
        return;
      } else {
        this.#count--;
        this.#queryBytes -= queryBytes;
        this.#sink.finished(queryBytes);
      }
    }
  }
}
