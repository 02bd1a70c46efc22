import type { CloseReason } from '../contract/close-reason.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Transport } from '../contract/transport.ts';
import { describeReason } from '../errors.ts';
import { SocketStream } from './socket-stream.ts';

const HIGH_WATER_MARK = 65_536;

type WriteCallback = (error?: Error | null) => void;

/**
 * A transport as a stream that looks like a `net.Socket`, for libraries that want one where there is none: over a
 * pipe, a simulated link, a tunnel.
 */
export class TransportSocket extends SocketStream {
  /** What hears the transport. Give it to `handTo`. */
  readonly protocol: Protocol;
  readonly #transport: Transport;
  #blocked: WriteCallback | undefined;
  #lost = false;

  /** @param drainRequested hears the wish of the process to stop, for whoever uses the socket */
  constructor(transport: Transport, drainRequested?: (deadline: number) => void) {
    super(transport, { allowHalfOpen: true, highWaterMark: HIGH_WATER_MARK });
    this.#transport = transport;
    this.protocol = {
      dataReceived: (data) => {
        this.touch();
        if (!this.push(data)) transport.pauseReading();
      },
      readEnded: () => void this.push(null),
      writeDrained: () => this.#unblock(),
      connectionLost: (reason) => this.#connectionLost(reason),
      ...(drainRequested && { drainRequested }),
    };
  }

  /** Bytes that have left for good, of those in `bytesWritten`. */
  get takenBytes(): number {
    return this.#transport.bytesWritten - this.#transport.pendingBytes;
  }

  /** Some libraries stay silent unless this is 'open'. */
  get readyState(): 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.#lost || this.destroyed) return 'closed';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  resetAndDestroy(): this {
    this.#transport.abort();
    return this.destroy();
  }

  override _read(): void {
    this.#transport.resumeReading();
  }

  override _write(data: Buffer, _encoding: BufferEncoding, callback: WriteCallback): void {
    this.touch();
    this.#written(this.#transport.write(data), callback);
  }

  override _writev(list: readonly { chunk: Buffer }[], callback: WriteCallback): void {
    this.touch();
    this.#written(this.#transport.writeMany(list.map(({ chunk }) => chunk)), callback);
  }

  override _final(callback: WriteCallback): void {
    this.#transport.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.stopTimer();
    if (!this.#lost) {
      if (!error && this.writableFinished) this.#transport.close();
      else this.#transport.abort(error ?? undefined);
    }
    this.#unblock(error ?? undefined);
    callback(error);
  }

  #written(more: boolean, callback: WriteCallback): void {
    if (more) callback();
    else if (this.#transport.ending) callback(streamError('EPIPE', 'the connection has ended'));
    else this.#blocked = callback;
  }

  #unblock(error?: Error): void {
    const callback = this.#blocked;
    this.#blocked = undefined;
    callback?.(error);
  }

  #connectionLost(reason: CloseReason): void {
    this.#lost = true;
    this.stopTimer();
    if (reason.kind === 'done') {
      this.#unblock();
      if (!this.readableEnded) this.push(null);
      if (!this.writableFinished) this.destroy();
      return;
    }
    this.destroy(streamError('ECONNRESET', describeReason(reason)));
  }
}

/** As node's own sockets fail, so that libraries recognise it. */
function streamError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
