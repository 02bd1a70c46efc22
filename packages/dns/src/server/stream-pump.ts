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

/** Replies of many messages that are sent at the same time over one connection, a message of each in turn. */
export class StreamPump {
  readonly #sink: PumpSink;
  /** The next one first. */
  readonly #streams: ReplyStream[] = [];

  constructor(sink: PumpSink) {
    this.#sink = sink;
  }

  /** True while there is something to send. */
  get busy(): boolean {
    return this.#streams.length > 0;
  }

  add(stream: ReplyStream): void {
    this.#streams.push(stream);
  }

  /** Sends until the sink is full, or enough was sent for one turn. */
  pump(): void {
    let bytes = 0;
    while (!this.#sink.full && bytes < MAX_PUMPED_BYTES) {
      const stream = this.#streams.shift();
      if (stream === undefined) return;
      const message = stream.next();
      if (message !== undefined) {
        this.#streams.push(stream);
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
    for (const stream of this.#streams.splice(0)) stream.cancel(why);
  }
}
