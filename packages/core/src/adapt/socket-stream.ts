import { Duplex, type DuplexOptions } from 'node:stream';
import { familyOf, hostOf, portOf } from '../connection/address-parts.ts';
import { TLS } from '../connection/info-keys.ts';
import type { DelayedCall } from '../contract/clock.ts';
import type { Transport } from '../contract/transport.ts';

/**
 * A stream with what a `net.Socket` knows beside its bytes: both ends of the connection, TLS, and a timeout on the clock
 * of the reactor. What is read and written is up to who extends it. It is not `instanceof net.Socket`, on purpose: node's
 * own TLS takes that as leave to use the handle below.
 */
export abstract class SocketStream extends Duplex {
  /** Milliseconds without traffic until 'timeout' is emitted; 0 never. Set it with `setTimeout`. */
  timeout = 0;
  readonly connecting = false;
  readonly pending = false;

  readonly #transport: Transport;
  #timer: DelayedCall | undefined;
  #due = 0;

  constructor(transport: Transport, options: DuplexOptions) {
    super(options);
    this.#transport = transport;
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

  // What a `TLSSocket` knows, where there is TLS below.
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

  /** As `net.Socket.setTimeout`. */
  setTimeout(ms: number, callback?: () => void): this {
    if (this.destroyed) return this;
    this.timeout = ms;
    this.stopTimer();
    if (callback) {
      if (ms > 0) this.once('timeout', callback);
      else this.off('timeout', callback);
    }
    this.touch();
    return this;
  }

  /** There is traffic: the timeout counts anew. */
  protected touch(): void {
    if (this.timeout <= 0 || this.destroyed) return;
    const { clock } = this.#transport.reactor;
    this.#due = clock.now() + this.timeout;
    this.#timer ??= clock.callLater(this.timeout, () => this.#look());
  }

  protected stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
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
