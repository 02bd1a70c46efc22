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
import type { CallOwner } from './scheduled-call.ts';
import { inet, type Stack } from './stack.ts';
import { systemError } from './system-error.ts';
import { UdpSocket } from './udp-socket.ts';

const DEFAULT_QUEUE_BYTES = 4 * 1024 * 1024;

/** UDP of one simulated host. */
export class SimUdp implements Udp {
  readonly #reactor: Reactor;
  readonly #stack: Stack;

  constructor(reactor: Reactor, stack: Stack) {
    this.#reactor = reactor;
    this.#stack = stack;
  }

  bind(options: UdpBindOptions, protocol: DatagramProtocol): Deferred<DatagramPort> {
    const { host, fd, signal, maxSendQueueBytes = DEFAULT_QUEUE_BYTES } = options;
    const { reports } = this.#reactor;
    if (fd !== undefined) {
      const why = 'Cannot adopt a descriptor as a simulated host has none';
      return fail(new UsageError('HAWSER_NOT_AVAILABLE', why), { reports, where: 'udp.bind' });
    }
    const stack = this.#stack;
    const where = `udp://${host?.includes(':') ? `[${host}]` : (host ?? '')}:${options.port}`;
    let socket: UdpSocket | undefined;
    let port: SimDatagramPort | undefined;
    const bound = new Deferred<DatagramPort>({
      canceller: () => socket && stack.udpPorts.remove(socket),
      reports,
      where: 'udp.bind',
    });
    try {
      socket = this.#bind(options, where, (data, from) => port?.received(data, from));
      const made = { socket, protocol, maxSendQueueBytes, stack, life: stack.life };
      stack.later(() => {
        if (bound.peek().state !== 'pending') return;
        port = new SimDatagramPort(this.#reactor, made);
        bound.resolve(port);
      });
    } catch (thrown) {
      const { timeline, owner } = stack.network;
      const error = listenError(where, toError(thrown));
      timeline.inTurn(() => bound.reject(error), { owner, where: 'network' });
    }
    return withSignal(bound, signal);
  }

  #bind(
    { host, port: wanted }: UdpBindOptions,
    where: string,
    received: (data: Buffer, from: InetAddress) => void,
  ): UdpSocket {
    const { udpPorts, up } = this.#stack;
    if (!up) throw systemError('ENETDOWN', 'bind', where);
    const address = this.#stack.bindable(host);
    if (!address) throw systemError('EADDRNOTAVAIL', 'bind', where);
    const port = wanted === 0 ? udpPorts.freePort() : wanted;
    if (port === undefined || !udpPorts.isFree({ host: address, port })) {
      throw systemError('EADDRINUSE', 'bind', where);
    }
    const socket = new UdpSocket(this.#stack, { host: address, port, received });
    udpPorts.add(socket);
    return socket;
  }
}

interface SimDatagramPortParts {
  readonly socket: UdpSocket;
  readonly protocol: DatagramProtocol;
  readonly maxSendQueueBytes: number;
  readonly stack: Stack;
  /** The host, until it crashes. */
  readonly life: CallOwner;
}

class SimDatagramPort implements DatagramPort, Guard {
  readonly context: Context;
  readonly address: InetAddress;
  dropped = 0;
  readonly #reactor: Reactor;
  readonly #parts: SimDatagramPortParts;
  readonly #stopped = new Deferred<void>();
  #state: 'open' | 'quiesced' | 'stopping' = 'open';

  constructor(reactor: Reactor, parts: SimDatagramPortParts) {
    const { socket, protocol } = parts;
    this.#reactor = reactor;
    this.#parts = parts;
    this.address = inet('udp', socket.host, socket.port);
    this.context = new EntryContext(`udp:${socket.port}`);
    enter(this, 'started', (self) => protocol.started?.(self), undefined);
  }

  send(data: Uint8Array, to: InetAddress): boolean {
    const { socket, maxSendQueueBytes, life } = this.#parts;
    if (this.#state === 'stopping' || !life.alive) return false;
    if (socket.queued(to) + data.length > maxSendQueueBytes) {
      this.dropped += 1;
      return false;
    }
    socket.send(data, to);
    return true;
  }

  quiesce(): Deferred<void> {
    if (this.#state === 'open') this.#state = 'quiesced';
    return succeed();
  }

  stop(): Deferred<void> {
    const { stack, socket, protocol, life } = this.#parts;
    if (!life.alive) return succeed();
    if (this.#state !== 'stopping') {
      this.#state = 'stopping';
      stack.udpPorts.remove(socket);
      stack.later(() => {
        enter(this, 'stopped', () => protocol.stopped?.({ kind: 'done' }), undefined);
        this.#stopped.resolve();
      });
    }
    return waitFor(this.#stopped);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  received(data: Buffer, from: InetAddress): void {
    if (this.#state !== 'open') return;
    const { protocol } = this.#parts;
    enter(this, 'datagramReceived', () => protocol.datagramReceived(data, from), undefined);
  }

  failed(callback: string, thrown: unknown): void {
    this.#reactor.reports.problem(`udp:${this.address.port}.${callback}`, toError(thrown));
  }
}
