import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { enter, type Guard } from '../connection/entry.ts';
import { EntryContext } from '../connection/entry-context.ts';
import { listenError } from '../connection/listen-error.ts';
import type { InetAddress } from '../contract/address.ts';
import type { Context } from '../contract/context.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { DatagramPort, DatagramProtocol, Udp, UdpBindOptions } from '../contract/udp.ts';
import { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { succeed } from '../deferred/succeed.ts';
import { waitFor } from '../deferred/wait-for.ts';
import { withSignal } from '../deferred/with-signal.ts';
import { toError, UsageError } from '../errors.ts';
import { DatagramOutbox } from './datagram-outbox.ts';
import { claimDescriptor, holdDescriptor, releaseDescriptor } from './descriptor-claims.ts';
import { datagramDescriptor, sendByIPv6, stopReceiving } from './private-handle.ts';
import { inetAddress } from './socket-address.ts';

const NOTHING = Buffer.alloc(0);
const DEFAULT_BUFFER_BYTES = 4 * 1024 * 1024;

/** UDP over `node:dgram`. */
export class NodeUdp implements Udp {
  readonly #reactor: Reactor;

  constructor(reactor: Reactor) {
    this.#reactor = reactor;
  }

  bind(options: UdpBindOptions, protocol: DatagramProtocol): Deferred<DatagramPort> {
    const { host, port, fd, signal } = options;
    const { receiveBufferBytes = DEFAULT_BUFFER_BYTES, maxSendQueueBytes = DEFAULT_BUFFER_BYTES } =
      options;
    const { reports } = this.#reactor;
    const where =
      fd === undefined
        ? `udp://${host?.includes(':') ? `[${host}]` : (host ?? '')}:${port}`
        : `fd:${fd}`;
    if (fd !== undefined) {
      try {
        claimDescriptor(fd, { kind: 'UDP', where });
      } catch (error) {
        return fail(error, { reports, where: 'udp.bind' });
      }
    }
    let family: 4 | 6 = fd === undefined && (!host || host.includes(':')) ? 6 : 4;
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      recvBufferSize: receiveBufferBytes,
      // node looks even literal addresses up before each send; answering at once saves a tenth of the cost of a packet.
      lookup: (address, _options, callback) => callback(null, address, family),
    });
    const giveUp = (): void => {
      socket.close();
      if (fd !== undefined) releaseDescriptor(fd);
    };
    const bound = new Deferred<DatagramPort>({ canceller: giveUp, reports, where: 'udp.bind' });
    const failed = (error: NodeJS.ErrnoException): void => {
      giveUp();
      bound.reject(listenError(where, error));
    };
    const listening = (): void => {
      socket.off('error', failed);
      if (bound.peek().state !== 'pending') return;
      if (fd !== undefined && socket.address().family === 'IPv6') {
        family = 6;
        sendByIPv6(socket);
      }
      bound.resolve(
        new NodeDatagramPort(this.#reactor, { socket, protocol, family, maxSendQueueBytes, fd }),
      );
    };
    socket.once('error', failed);
    // An adopted socket says 'listening' before `bind` returns.
    socket.once('listening', listening);
    try {
      if (fd === undefined) socket.bind({ address: host, port, exclusive: true });
      else socket.bind({ fd, exclusive: true });
    } catch (thrown) {
      failed(thrown as NodeJS.ErrnoException);
    }
    return withSignal(bound, signal);
  }
}

interface NodeDatagramPortParts {
  readonly socket: Socket;
  readonly protocol: DatagramProtocol;
  readonly family: 4 | 6;
  readonly maxSendQueueBytes: number;
  readonly fd: number | undefined;
}

class NodeDatagramPort implements DatagramPort, Guard {
  readonly context: Context;
  readonly address: InetAddress;
  dropped = 0;
  readonly #reactor: Reactor;
  readonly #parts: NodeDatagramPortParts;
  readonly #stopped = new Deferred<void>();
  readonly #outbox: DatagramOutbox;
  /** The datagram on its way to the protocol: a place instead of a closure for each. */
  #data: Buffer = NOTHING;
  /** The protocol has a datagram: what it sends is mostly the answer. */
  #delivering = false;
  #state: 'open' | 'quiesced' | 'stopping' = 'open';
  #descriptor: number | undefined;

  constructor(reactor: Reactor, parts: NodeDatagramPortParts) {
    const { socket, protocol, fd } = parts;
    this.#reactor = reactor;
    this.#descriptor = fd;
    this.#parts = parts;
    const { address, port } = socket.address();
    this.address = inetAddress('udp', address, port);
    this.context = new EntryContext(`udp:${port}`);
    this.#outbox = new DatagramOutbox(socket, (thrown) =>
      reactor.reports.problem(`udp:${port}.send`, toError(thrown)),
    );
    socket.on('message', (data, from) => this.#received(data, from));
    socket.on('error', (error) => reactor.reports.problem(`udp:${port}`, error));
    socket.once('close', () => {
      enter(this, 'stopped', () => protocol.stopped?.({ kind: 'done' }), undefined);
      this.#stopped.resolve();
    });
    enter(this, 'started', (self) => protocol.started?.(self), undefined);
  }

  send(data: Uint8Array, to: InetAddress): boolean {
    const { family, maxSendQueueBytes } = this.#parts;
    // Whoever sends from port 0 wants no answer (RFC 768), and must not be able to fill our reports.
    if (this.#state === 'stopping' || to.port === 0) return false;
    if (this.#outbox.bytes + data.length > maxSendQueueBytes) {
      this.dropped += 1;
      return false;
    }
    const host = family === 6 && to.family === 4 ? `::ffff:${to.host}` : to.host;
    const datagram = { data, port: to.port, host };
    if (!this.#delivering) return this.#outbox.now(datagram);
    this.#outbox.later(datagram);
    return true;
  }

  exportFd(): number {
    if (this.#state === 'stopping') {
      throw new UsageError('HAWSER_NOT_AVAILABLE', 'Cannot export a UDP port as it is closed');
    }
    this.#descriptor = datagramDescriptor(this.#parts.socket);
    holdDescriptor(this.#descriptor);
    return this.#descriptor;
  }

  quiesce(): Deferred<void> {
    if (this.#state === 'open') {
      this.#state = 'quiesced';
      // What arrives now stays in the queue of the socket, for whoever has it as well.
      stopReceiving(this.#parts.socket);
    }
    return succeed();
  }

  stop(): Deferred<void> {
    if (this.#state !== 'stopping') {
      this.#state = 'stopping';
      this.#outbox.flush();
      this.#parts.socket.close();
      if (this.#descriptor !== undefined) releaseDescriptor(this.#descriptor);
    }
    return waitFor(this.#stopped);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #received(data: Buffer, from: RemoteInfo): void {
    if (this.#state !== 'open') return;
    this.#data = data;
    this.#delivering = true;
    enter(this, 'datagramReceived', NodeDatagramPort.#deliver, from);
    this.#delivering = false;
  }

  static readonly #deliver = (self: NodeDatagramPort, from: RemoteInfo): void => {
    const data = self.#data;
    self.#data = NOTHING;
    self.#parts.protocol.datagramReceived(data, inetAddress('udp', from.address, from.port));
  };

  failed(callback: string, thrown: unknown): void {
    this.#reactor.reports.problem(`udp:${this.address.port}.${callback}`, toError(thrown));
  }
}
