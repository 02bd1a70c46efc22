import type { Writable } from 'node:stream';
import { ConnectionError, UsageError } from '@hawser/core';
import type { OutputGate } from './output-gate.ts';
import type { Ssh2Channel } from './ssh2-internals.ts';

const MAX_CHUNK = 32 * 1024;
const MAX_QUEUED = 16 * 1024 * 1024;

/**
 * Writes to one channel, standard output and error in the order of the calls. ssh2 gets only what the peer's window
 * and the socket take now: it repeats old data when it has to hold some back on both streams.
 */
export class ChannelOutput {
  readonly #flow: Ssh2Channel['outgoing'];
  readonly #gate: OutputGate;
  readonly #signal: AbortSignal;
  #last: Promise<void> = Promise.resolve();
  #queued = 0;

  constructor(channel: Ssh2Channel, gate: OutputGate, signal: AbortSignal) {
    this.#flow = channel.outgoing;
    this.#gate = gate;
    this.#signal = signal;
  }

  /**
   * Settles when the connection has taken `data`. A rejection that nobody looks at is no unhandled one.
   * @throws ConnectionError `HAWSER_CLOSED`; UsageError `HAWSER_WRITE_QUEUE_FULL` for one who does not await
   */
  write(stream: Writable, data: Uint8Array): Promise<void> {
    if (this.#queued > 0 && this.#queued + data.length > MAX_QUEUED) {
      // Nothing may come to wait for this one: what is queued must still go out before it is over.
      const refused = Promise.reject<void>(tooMuch());
      refused.catch(() => undefined);
      return refused;
    }
    this.#queued += data.length;
    const done = this.#last.then(() => this.#send(stream, data));
    this.#last = done
      .catch(() => undefined)
      .then(() => {
        this.#queued -= data.length;
      });
    return done;
  }

  /** Settles when everything is written or given up. */
  idle(): Promise<void> {
    return this.#last;
  }

  async #send(stream: Writable, data: Uint8Array): Promise<void> {
    let at = 0;
    while (at < data.length) {
      if (this.#signal.aborted || this.#flow.state !== 'open') throw closed();
      const { window, packetSize } = this.#flow;
      const size = Math.min(data.length - at, window, packetSize, MAX_CHUNK);
      if (size > 0 && this.#gate.open) {
        writeNow(stream, data.subarray(at, at + size));
        at += size;
      } else {
        await this.#gate.changed();
      }
    }
  }
}

function writeNow(stream: Writable, data: Uint8Array): void {
  try {
    stream.write(data);
  } catch (cause) {
    // Between the end of the connection and the close of its channels ssh2 throws.
    throw closed(cause);
  }
}

function closed(cause?: unknown): ConnectionError {
  return new ConnectionError('HAWSER_CLOSED', 'Cannot write as the session has ended', { cause });
}

function tooMuch(): UsageError {
  const message = `Cannot queue more than ${MAX_QUEUED} bytes: await each write`;
  return new UsageError('HAWSER_WRITE_QUEUE_FULL', message);
}
