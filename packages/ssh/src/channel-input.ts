import type { Readable } from 'node:stream';

/** Reads a channel by pulling; the peer's window bounds what waits. */
export class ChannelInput {
  readonly #channel: Readable;
  readonly #signal: AbortSignal;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(channel: Readable, signal: AbortSignal) {
    this.#channel = channel;
    this.#signal = signal;
    const wake = (): void => this.#wake?.();
    channel.on('readable', wake);
    channel.on('end', () => {
      this.#ended = true;
      wake();
    });
    signal.addEventListener('abort', wake);
  }

  /** The next bytes; `undefined` at the end of input and when the session is over. */
  async read(): Promise<Buffer | undefined> {
    if (this.#wake) throw new TypeError('Cannot read input twice at a time');
    while (!this.#ended && !this.#signal.aborted) {
      const chunk = this.#channel.read() as Buffer | null;
      if (chunk) return chunk;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    return undefined;
  }

  /** Lets go of what nobody will read, so that the channel can close. */
  discard(): void {
    this.#channel.removeAllListeners('readable');
    this.#channel.resume();
  }
}
