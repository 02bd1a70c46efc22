import type { Readable } from 'node:stream';

/** Who hears of one stream of a child. */
export interface ProcessOutputEvents {
  received(data: Buffer): void;
  /** Once; no data comes after it. */
  ended(): void;
}

/** Standard output or standard error of a child, with a pause that holds. */
export class ProcessOutput {
  readonly #stream: Readable;
  readonly #events: ProcessOutputEvents;
  #state: 'open' | 'closing' | 'ended' = 'open';
  #paused = false;

  constructor(stream: Readable, events: ProcessOutputEvents) {
    this.#stream = stream;
    this.#events = events;
    // When a child exits node resumes its streams behind our back. This event comes before any data that would follow.
    stream.on('resume', () => {
      if (this.#paused) stream.pause();
    });
    stream.on('data', (data: Buffer) => this.#events.received(data));
    stream.once('end', () => this.#close());
    stream.once('close', () => this.#close());
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  /** Paused, with something left that a resume would bring. */
  get paused(): boolean {
    return this.#paused && this.#state !== 'ended';
  }

  pause(): void {
    this.#paused = true;
    this.#stream.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#state === 'open') this.#stream.resume();
    else if (this.#state === 'closing') queueMicrotask(() => this.#close());
  }

  /** Drops what is left. */
  cut(): void {
    this.#stream.destroy();
  }

  /** The end of a stream waits behind a pause, like its data. */
  #close(): void {
    if (this.#state === 'ended') return;
    this.#state = 'closing';
    if (this.#paused) return;
    this.#state = 'ended';
    this.#events.ended();
  }
}
