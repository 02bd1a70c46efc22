import type { Socket } from 'node:net';
import { SocketStream, type Transport } from '@hawser/core';

/** Bytes of an answer that may wait before a mounted app hears of it. */
const HIGH_WATER_MARK = 65_536;

/** Called when more can be taken. */
export type Taken = (error?: Error | null) => void;

/** What an {@link AppSocket} is made of. */
export interface AppSocketParts {
  readonly transport: Transport;
  /** Takes what the app writes. */
  readonly take: (bytes: Buffer, taken: Taken) => void;
}

/**
 * The socket that a mounted app sees: one for each request, in place of the connection, which is the engine's. It knows
 * whom the connection is with. What is written to it is the answer as node writes it; nothing ever comes out of it.
 */
export class AppSocket extends SocketStream {
  readonly #take: AppSocketParts['take'];

  constructor({ transport, take }: AppSocketParts) {
    super(transport, { highWaterMark: HIGH_WATER_MARK });
    this.#take = take;
    // Whoever mounts the app hears of it in another way; unheard, it would end the process.
    this.on('error', () => undefined);
  }

  /** As node's own types want it: it has the members of a socket that apps use. */
  get asSocket(): Socket {
    return this as unknown as Socket;
  }

  get readyState(): 'open' | 'closed' {
    return this.destroyed ? 'closed' : 'open';
  }

  destroySoon(): void {
    this.destroy();
  }
  resetAndDestroy(): this {
    return this.destroy();
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: BufferEncoding, taken: Taken): void {
    this.touch();
    this.#take(bytes, taken);
  }

  override _writev(list: readonly { chunk: Buffer }[], taken: Taken): void {
    this.touch();
    this.#take(Buffer.concat(list.map(({ chunk }) => chunk)), taken);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.stopTimer();
    callback(error);
  }
}
