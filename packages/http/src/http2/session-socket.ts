import { Duplex } from 'node:stream';
import type { Transport } from '@hawser/core';
import { SentFrames, type SentFramesListener } from './sent-frames.ts';

const HIGH_WATER_MARK = 65_536;
/** How long the last frames, such as GOAWAY, may take to be fetched. */
const CLOSE_TIMEOUT_MS = 5_000;

type WriteCallback = (error?: Error | null) => void;

/**
 * A transport as the stream an HTTP/2 session of node runs on. The protocol beside it passes on what arrives; what the
 * session wrote before it let go of the stream still leaves.
 */
export class SessionSocket extends Duplex {
  // Asked for by node's session, which takes anything else for a socket that is not connected yet.
  readonly connecting = false;
  readonly #transport: Transport;
  /** What has left. */
  readonly sent: SentFrames;
  #blocked: WriteCallback | undefined;
  #lost = false;

  /** @param listener hears of what the session says besides its answers */
  constructor(transport: Transport, listener: SentFramesListener) {
    super({ allowHalfOpen: true, highWaterMark: HIGH_WATER_MARK });
    this.#transport = transport;
    this.sent = new SentFrames(listener);
    // The protocol hears of it from the transport; unheard here, it would end the process.
    this.on('error', () => undefined);
  }

  receive(data: Buffer): void {
    if (!this.destroyed && !this.push(data)) this.#transport.pauseReading();
  }

  drained(): void {
    this.#unblock();
  }

  /** The connection is gone. */
  lost(): void {
    this.#lost = true;
    this.#unblock();
    this.destroy();
  }

  override _read(): void {
    this.#transport.resumeReading();
  }

  override _write(data: Buffer, _encoding: BufferEncoding, callback: WriteCallback): void {
    this.sent.inspect(data);
    this.#written(!this.#transport.ending && this.#transport.write(data), callback);
  }

  override _writev(list: readonly { chunk: Buffer }[], callback: WriteCallback): void {
    const chunks = list.map(({ chunk }) => chunk);
    for (const chunk of chunks) this.sent.inspect(chunk);
    this.#written(!this.#transport.ending && this.#transport.writeMany(chunks), callback);
  }

  override _final(callback: WriteCallback): void {
    this.#transport.close({ deadlineMs: CLOSE_TIMEOUT_MS });
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (!this.#lost) this.#transport.close({ deadlineMs: CLOSE_TIMEOUT_MS });
    this.#unblock();
    callback(error);
  }

  #written(more: boolean, callback: WriteCallback): void {
    // After the end nothing is waited for; that the session is over, it hears in another way.
    if (more || this.#transport.ending) callback();
    else this.#blocked = callback;
  }

  #unblock(): void {
    const callback = this.#blocked;
    this.#blocked = undefined;
    callback?.();
  }
}
