import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type Clock, type DelayedCall, TLS, type Transport } from '@hawser/core';

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
export class AppSocket extends Duplex {
  /** Milliseconds without an answer until 'timeout' is emitted; 0 never. Set it with `setTimeout`. */
  timeout = 0;
  readonly connecting = false;
  readonly pending = false;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #take: AppSocketParts['take'];
  #timer: DelayedCall | undefined;

  constructor({ transport, take }: AppSocketParts) {
    super({ highWaterMark: HIGH_WATER_MARK });
    this.#transport = transport;
    this.#clock = transport.reactor.clock;
    this.#take = take;
    // Whoever mounts the app hears of it in another way; unheard, it would end the process.
    this.on('error', () => undefined);
  }

  /** As node's own types want it: it has the members of a socket that apps use. */
  get asSocket(): Socket {
    return this as unknown as Socket;
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
  address(): object {
    const { localAddress: address, localPort: port, localFamily: family } = this;
    return address === undefined ? {} : { address, port, family };
  }
  get bytesRead(): number {
    return this.#transport.bytesRead;
  }
  get bytesWritten(): number {
    return this.#transport.bytesWritten;
  }
  get readyState(): 'open' | 'closed' {
    return this.destroyed ? 'closed' : 'open';
  }

  // What a `TLSSocket` knows, where there is TLS.
  get encrypted(): true | undefined {
    return this.#transport.info(TLS) ? true : undefined;
  }
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
    if (callback && ms > 0) this.once('timeout', callback);
    else if (callback) this.off('timeout', callback);
    this.#rest();
    return this;
  }

  destroySoon(): void {
    this.destroy();
  }
  resetAndDestroy(): this {
    return this.destroy();
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: BufferEncoding, taken: Taken): void {
    this.#rest();
    this.#take(bytes, taken);
  }

  override _writev(list: readonly { chunk: Buffer }[], taken: Taken): void {
    this.#rest();
    this.#take(Buffer.concat(list.map(({ chunk }) => chunk)), taken);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#timer?.cancel();
    callback(error);
  }

  /** Begins to count anew. */
  #rest(): void {
    if (this.timeout === 0 && !this.#timer) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.timeout <= 0) return;
    this.#timer = this.#clock.callLater(this.timeout, () => void this.emit('timeout'));
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
