import type { Socket } from 'node:net';
import type { Wire, WireEvents } from '../connection/wire.ts';
import type { Address } from '../contract/address.ts';
import { unacknowledgedBytes } from './kernel-queue.ts';
import { bytesTaken, socketDescriptor } from './private-handle.ts';
import { tlsAbove } from './tls-above.ts';

const EMPTY = Buffer.alloc(0);
/** Room for two pieces of 64 KiB: with that of node, 16 or 64 KiB, whoever streams waits a turn for each of them. */
const HIGH_WATER_MARK = 131_072;
const wireEvents = Symbol('hawser.wireEvents');
const firstError = Symbol('hawser.firstError');

/** A socket that knows whom to tell, so that all sockets share the same listeners: closures cost 670 bytes each. */
type WiredSocket = Socket & { [wireEvents]: WireEvents; [firstError]?: Error };

/** What a {@link SocketWire} knows better than its socket. */
export interface SocketWireOptions {
  readonly local: Address;
  readonly peer: Address;
  /** The TCP socket under a TLS socket: the one a reset is made on. */
  readonly raw?: Socket | undefined;
}

/**
 * A `net.Socket` or `tls.TLSSocket` as a {@link Wire}. The socket must have been made with `allowHalfOpen`, also the
 * one under TLS, or its end of input would end our side as well.
 */
export class SocketWire implements Wire {
  readonly local: Address;
  readonly peer: Address;
  readonly highWaterMark: number;
  readonly #socket: Socket;
  readonly #raw: Socket;
  #ending = false;

  constructor(socket: Socket, options: SocketWireOptions) {
    this.#socket = socket;
    this.#raw = options.raw ?? socket;
    this.highWaterMark = Math.max(HIGH_WATER_MARK, socket.writableHighWaterMark);
    this.local = options.local;
    this.peer = options.peer;
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }
  get bytesRead(): number {
    return this.#socket.bytesRead;
  }
  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  get takenBytes(): number | undefined {
    const raw: Socket & { readonly takenBytes?: number } = this.#raw;
    // TLS may run over a stream that is no socket; one over a transport knows how far that is.
    return bytesTaken(raw) ?? raw.takenBytes ?? raw.bytesWritten - raw.writableLength;
  }

  askUnacknowledged(heard: (bytes: number) => void): void {
    const fd = socketDescriptor(this.#raw);
    if (fd === undefined) return;
    void unacknowledgedBytes(fd).then((bytes) => {
      if (bytes !== undefined) heard(bytes);
    });
  }

  open(events: WireEvents): void {
    const socket = this.#socket as WiredSocket;
    socket[wireEvents] = events;
    socket.on('error', onError);
    socket.on('close', onClose);
    socket.on('finish', onFinish);
    socket.on('drain', onDrain);
    socket.on('end', onEnd);
    socket.on('data', onData);
  }

  write(list: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    // Almost every time; indexed, as destructuring would go through the iterator of the array.
    const first = list[0];
    if (list.length === 1 && first) {
      socket.write(first);
      return;
    }
    socket.cork();
    for (const data of list) socket.write(data);
    socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    if (this.#ending || this.#socket.destroyed) return;
    this.#ending = true;
    if (this.#socket.writableLength === 0) {
      this.#socket.end();
      return;
    }
    // Not `end()` at once: libuv refuses to reset a socket whose shutdown waits for queued data, and `abort` must be
    // able to. So the end follows when the last byte has left.
    this.#socket.write(EMPTY, () => {
      if (!this.#socket.destroyed) this.#socket.end();
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  reset(): void {
    // TLS calls protocols from native code, on the handle that would be freed here: node crashes.
    if (tlsAbove.has(this.#raw)) setImmediate(() => this.#resetNow());
    else this.#resetNow();
  }

  #resetNow(): void {
    const raw = this.#raw;
    // A reset during a shutdown fails, and leaves a handle that nobody closes any more. TLS shuts down the handle below.
    const ended = tlsAbove.get(raw) ?? raw;
    const shuttingDown = ended.writableEnded && !ended.writableFinished;
    if (!raw.destroyed && !shuttingDown && this.peer.kind === 'tcp') {
      raw.resetAndDestroy();
    }
    this.#socket.destroy();
  }

  detach(unread: Buffer | undefined): Socket {
    const socket = this.#socket;
    socket.off('data', onData);
    socket.off('end', onEnd);
    socket.off('drain', onDrain);
    socket.pause();
    if (unread && !socket.destroyed) socket.unshift(unread);
    // Adding and removing a 'readable' listener brings a paused stream back to "neither paused nor flowing", which is
    // what every library expects of a fresh socket, however it starts to read.
    socket.on('readable', doNothing);
    socket.off('readable', doNothing);
    return socket;
  }
}

function doNothing(): void {}
function onData(this: Socket, chunk: Buffer): void {
  (this as WiredSocket)[wireEvents].wireData(chunk);
}
function onEnd(this: Socket): void {
  (this as WiredSocket)[wireEvents].wireEnded();
}
function onDrain(this: Socket): void {
  (this as WiredSocket)[wireEvents].wireDrained();
}
function onFinish(this: Socket): void {
  (this as WiredSocket)[wireEvents].wireFinished();
}
function onError(this: Socket, error: Error): void {
  (this as WiredSocket)[firstError] ??= error;
}
function onClose(this: Socket): void {
  (this as WiredSocket)[wireEvents].wireClosed((this as WiredSocket)[firstError]);
}
