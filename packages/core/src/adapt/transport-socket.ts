import { Duplex } from 'node:stream';
import { TLS } from '../connection/info-keys.ts';
import type { DelayedCall } from '../contract/clock.ts';
import type { CloseReason } from '../contract/close-reason.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Transport } from '../contract/transport.ts';
import { describeReason } from '../errors.ts';

const HIGH_WATER_MARK = 65_536;

type WriteCallback = (error?: Error | null) => void;

/**
 * A transport as a stream that looks like a `net.Socket`, for libraries that want one where there is none: over a
 * pipe, a simulated link, a tunnel. Timers run on the reactor's clock. It is not `instanceof net.Socket`, on purpose:
 * node's own TLS takes that as leave to use the handle below.
 */
export class TransportSocket extends Duplex {
  /** What hears the transport. Give it to `handTo`. */
  readonly protocol: Protocol;
  /** Milliseconds without traffic until 'timeout' is emitted; 0 never. Set it with `setTimeout`. */
  timeout = 0;
  readonly connecting = false;
  readonly pending = false;

  readonly #transport: Transport;
  #blocked: WriteCallback | undefined;
  #lost = false;
  #timer: DelayedCall | undefined;
  #due = 0;

  /** @param drainRequested hears the wish of the process to stop, for whoever uses the socket */
  constructor(transport: Transport, drainRequested?: (deadline: number) => void) {
    super({ allowHalfOpen: true, highWaterMark: HIGH_WATER_MARK });
    this.#transport = transport;
    this.protocol = {
      dataReceived: (data) => {
        this.#touch();
        if (!this.push(data)) transport.pauseReading();
      },
      readEnded: () => void this.push(null),
      writeDrained: () => this.#unblock(),
      connectionLost: (reason) => this.#connectionLost(reason),
      ...(drainRequested && { drainRequested }),
    };
  }

  get remoteAddress(): string | undefined {
    return hostOf(this.#transport.peer);
  }
  get remotePort(): number | undefined {
    return portOf(this.#transport.peer);
  }
  get remoteFamily(): string | undefined {
    return familyOf(this.#transport.peer);
  }
  get localAddress(): string | undefined {
    return hostOf(this.#transport.local);
  }
  get localPort(): number | undefined {
    return portOf(this.#transport.local);
  }
  get localFamily(): string | undefined {
    return familyOf(this.#transport.local);
  }
  address(): { address?: string; port?: number; family?: string } {
    const { localAddress: address, localPort: port, localFamily: family } = this;
    return address === undefined || port === undefined || family === undefined
      ? {}
      : { address, port, family };
  }

  get bytesRead(): number {
    return this.#transport.bytesRead;
  }
  get bytesWritten(): number {
    return this.#transport.bytesWritten;
  }
  /** Bytes that have left for good, of those in `bytesWritten`. */
  get takenBytes(): number {
    return this.#transport.bytesWritten - this.#transport.pendingBytes;
  }
  get encrypted(): true | undefined {
    return this.#transport.info(TLS) ? true : undefined;
  }
  // What a `TLSSocket` knows, where there is TLS below.
  get authorized(): boolean | undefined {
    return this.#transport.info(TLS)?.authorized;
  }
  get alpnProtocol(): string | false | undefined {
    const tls = this.#transport.info(TLS);
    return tls && (tls.alpn ?? false);
  }
  get servername(): string | undefined {
    return this.#transport.info(TLS)?.serverName;
  }
  getProtocol(): string | null {
    return this.#transport.info(TLS)?.version ?? null;
  }
  getPeerCertificate(): object {
    return this.#transport.info(TLS)?.peerCertificate() ?? {};
  }

  /** Some libraries stay silent unless this is 'open'. */
  get readyState(): 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.#lost || this.destroyed) return 'closed';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  /** As `net.Socket.setTimeout`, on the reactor's clock. */
  setTimeout(ms: number, callback?: () => void): this {
    if (this.destroyed) return this;
    this.timeout = ms;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (callback) {
      if (ms > 0) this.once('timeout', callback);
      else this.off('timeout', callback);
    }
    this.#touch();
    return this;
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
    this.#touch();
    this.#written(this.#transport.write(data), callback);
  }

  override _writev(list: readonly { chunk: Buffer }[], callback: WriteCallback): void {
    this.#touch();
    this.#written(this.#transport.writeMany(list.map(({ chunk }) => chunk)), callback);
  }

  override _final(callback: WriteCallback): void {
    this.#transport.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#timer?.cancel();
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
    this.#timer?.cancel();
    if (reason.kind === 'done') {
      this.#unblock();
      if (!this.readableEnded) this.push(null);
      if (!this.writableFinished) this.destroy();
      return;
    }
    this.destroy(streamError('ECONNRESET', describeReason(reason)));
  }

  #touch(): void {
    if (this.timeout <= 0) return;
    const { clock } = this.#transport.reactor;
    this.#due = clock.now() + this.timeout;
    this.#timer ??= clock.callLater(this.timeout, () => this.#look());
  }

  /** The timer is not moved for each chunk; it looks again when it fires. */
  #look(): void {
    const { clock } = this.#transport.reactor;
    const left = this.#due - clock.now();
    if (left > 0) {
      this.#timer = clock.callLater(left, () => this.#look());
      return;
    }
    this.#timer = undefined;
    this.emit('timeout');
  }
}

type End = Transport['peer'];

function hostOf(end: End): string | undefined {
  return 'host' in end ? end.host : undefined;
}
function portOf(end: End): number | undefined {
  return 'port' in end ? end.port : undefined;
}
function familyOf(end: End): string | undefined {
  return 'family' in end ? `IPv${end.family}` : undefined;
}

/** As node's own sockets fail, so that libraries recognise it. */
function streamError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
