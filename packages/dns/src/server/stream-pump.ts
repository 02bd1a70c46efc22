import type { ReplyStream } from './reply.ts';

/**
 * Sent in one go: one message as transfers make them, as fifty connections may do so in each turn, and everybody else waits for
 * all of them.
 */
const MAX_PUMPED_BYTES = 0x4000;

/** Where messages go. */
export interface PumpSink {
  /** True while the peer takes no more. */
  readonly full: boolean;
  send(message: Buffer): void;
  /** One reply was sent to its end. */
  finished(): void;
  /** One reply cannot be sent to its end: nobody must take what was sent for the whole. */
  cutOff(): void;
}

interface Sending {
  readonly stream: ReplyStream;
  readonly dueAt: number;
}

/** Replies of many messages that are sent at the same time over one connection, a message of each in turn. */
export class StreamPump {
  readonly #sink: PumpSink;
  /** The next one first. */
  readonly #sending: Sending[] = [];

  constructor(sink: PumpSink) {
    this.#sink = sink;
  }

  /** True while there is something to send. */
  get busy(): boolean {
    return this.#sending.length > 0;
  }

  /** When the first of them has to be over. */
  get dueAt(): number {
    return Math.min(...this.#sending.map(({ dueAt }) => dueAt));
  }

  /** Sends `stream`, which has to be over at `dueAt`: that is up to who asks for {@link dueAt}. */
  add(stream: ReplyStream, dueAt: number): void {
    this.#sending.push({ stream, dueAt });
  }

  /** Sends until the sink is full, or enough was sent for one turn. */
  pump(): void {
    let bytes = 0;
    while (!this.#sink.full && bytes < MAX_PUMPED_BYTES) {
      const sending = this.#sending.shift();
      if (sending === undefined) return;
      const { stream } = sending;
      const message = stream.next();
      if (message !== undefined) {
        this.#sending.push(sending);
        this.#sink.send(message);
        bytes += message.length;
      } else if (stream.failed) {
        this.#sink.cutOff();
        return;
      } else {
        this.#sink.finished();
      }
    }
  }

  cancel(why: Error): void {
    for (const { stream } of this.#sending.splice(0)) stream.cancel(why);
  }
}
