import type { Wire, WireEvents } from '../src/connection/wire.ts';
import type { Address } from '../src/contract/address.ts';
import type { Clock } from '../src/contract/clock.ts';
import type { CloseReason } from '../src/contract/close-reason.ts';

/** Where the two ends of a {@link RecordingWire} are, and when it is full. */
export interface RecordingWireOptions {
  readonly local: Address;
  readonly peer: Address;
  readonly highWaterMark: number;
}

/** A wire whose far side is a test: it keeps what is written and says what it is told to say. */
export class RecordingWire implements Wire {
  readonly local: Address;
  readonly peer: Address;
  readonly highWaterMark: number;
  pendingBytes = 0;
  bytesRead = 0;
  bytesWritten = 0;
  /** One buffer for each time the transport wrote. */
  writes: Buffer[] = [];
  /** How this side ended, if it did. */
  state: 'open' | 'ended' | 'destroyed' | 'reset' = 'open';
  /** While true nothing leaves: what is written stays pending. */
  stalled = false;

  readonly #clock: Clock;
  #events: WireEvents | undefined;
  #paused = false;
  #closed = false;
  #peerEnded = false;
  /** What the far side sent while reading was paused; `undefined` is its end. */
  #held: (Buffer | undefined)[] = [];

  constructor(clock: Clock, options: RecordingWireOptions) {
    this.#clock = clock;
    this.local = options.local;
    this.peer = options.peer;
    this.highWaterMark = options.highWaterMark;
  }

  open(events: WireEvents): void {
    this.#events = events;
  }

  write(list: readonly Uint8Array[]): void {
    const written = Buffer.concat(list);
    this.writes.push(written);
    this.bytesWritten += written.length;
    if (this.stalled) this.pendingBytes += written.length;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#held.length > 0) this.#clock.callSoon(() => this.#deliver());
  }

  end(): void {
    if (this.state !== 'open') return;
    this.state = 'ended';
    if (!this.stalled) this.#finishSoon();
  }

  destroy(): void {
    if (this.state === 'reset') return;
    this.state = 'destroyed';
    this.#clock.callSoon(() => this.lose());
  }

  reset(): void {
    this.state = 'reset';
    this.pendingBytes = 0;
    this.#clock.callSoon(() => this.lose());
  }

  /** The far side sends `chunk`, or its end. */
  receive(chunk: Buffer | undefined): void {
    this.#held.push(chunk);
    this.#deliver();
  }

  /** What was pending has left. */
  drain(): void {
    this.stalled = false;
    this.pendingBytes = 0;
    this.#events?.wireDrained();
    if (this.state === 'ended') this.#finishSoon();
  }

  lose(reason?: Error | CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#held = [];
    this.#events?.wireClosed(reason);
  }

  #deliver(): void {
    while (!this.#paused && !this.#closed && this.#held.length > 0) {
      const chunk = this.#held.shift();
      if (chunk) {
        this.bytesRead += chunk.length;
        this.#events?.wireData(chunk);
      } else {
        this.#peerEnded = true;
        this.#events?.wireEnded();
        this.#closeWhenBothEnded();
      }
    }
  }

  #finishSoon(): void {
    this.#clock.callSoon(() => {
      this.#events?.wireFinished();
      this.#closeWhenBothEnded();
    });
  }

  #closeWhenBothEnded(): void {
    if (this.#peerEnded && this.state === 'ended' && !this.stalled) {
      this.#clock.callSoon(() => this.lose());
    }
  }
}
