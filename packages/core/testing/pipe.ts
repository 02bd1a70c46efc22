import { ByteQueue } from '../src/bytes/byte-queue.ts';
import { toFactory } from '../src/connection/factory.ts';
import type { Wire, WireEvents } from '../src/connection/wire.ts';
import { WireTransport } from '../src/connection/wire-transport.ts';
import type { MemoryAddress } from '../src/contract/address.ts';
import type { Clock } from '../src/contract/clock.ts';
import type { FactoryLike } from '../src/contract/factory.ts';
import type { Has, Reactor } from '../src/contract/reactor.ts';
import type { StreamOptions } from '../src/contract/tcp.ts';
import { SeededRandom } from './seeded-random.ts';

/** Options for {@link createPipe}. */
export interface PipeOptions {
  /**
   * How what was written is cut on its way: joined into chunks of up to 64 KiB, into single bytes, or, with a number,
   * at random places by that seed. @defaultValue 'whole'
   */
  readonly cut?: 'whole' | 'bytes' | number | undefined;
  /** Bytes on their way at which a `write` says false. @defaultValue 65_536 */
  readonly highWaterMark?: number | undefined;
}

/** Options for {@link connectPipe}. */
export interface ConnectPipeOptions
  extends PipeOptions,
    Pick<StreamOptions, 'maxPendingBytes' | 'autoCork'> {}

/** The two ends of a connection inside this process. */
export interface PipeEnds<End> {
  readonly server: End;
  readonly client: End;
}

const WINDOW_BYTES = 65_536;
/** Delivered in one turn at most, so that two busy ends take turns. */
const TURN_BYTES = 65_536;

/**
 * Two wires that carry to each other, with the manners of a socket: nothing arrives in the turn it was sent, bytes
 * count as pending until the far side takes them, so a paused reader stops the sender, and the end comes after the data.
 */
export function createPipe(reactor: Has<'clock'>, options: PipeOptions = {}): PipeEnds<Wire> {
  const server = new PipeWire(reactor.clock, 'server', options);
  const client = new PipeWire(reactor.clock, 'client', options);
  server.join(client);
  client.join(server);
  return { server, client };
}

/** Connects two protocols by a pipe. Both have had their `connectionMade`, or were refused, when this returns. */
export function connectPipe(
  reactor: Reactor,
  server: FactoryLike,
  client: FactoryLike,
  options: ConnectPipeOptions = {},
): PipeEnds<WireTransport> {
  const { maxPendingBytes, autoCork } = options;
  const pipe = createPipe(reactor, options);
  const open = (side: 'server' | 'client', factory: FactoryLike): WireTransport => {
    const id = nextId(reactor);
    const transport = new WireTransport(reactor, pipe[side], {
      id,
      side,
      maxPendingBytes,
      autoCork,
    });
    transport.adopt(toFactory(factory));
    return transport;
  };
  return { server: open('server', server), client: open('client', client) };
}

const lastIds = new WeakMap<Reactor, number>();

function nextId(reactor: Reactor): number {
  const id = (lastIds.get(reactor) ?? 0) + 1;
  lastIds.set(reactor, id);
  return id;
}

class PipeWire implements Wire {
  readonly local: MemoryAddress;
  readonly highWaterMark: number;
  bytesRead = 0;
  bytesWritten = 0;

  readonly #clock: Clock;
  readonly #nextSize: (most: number) => number;
  #far: PipeWire = this;
  #events: WireEvents | undefined;
  /** What the far side wrote and this side has not taken. */
  readonly #inbox = new ByteQueue();
  #paused = false;
  #pumping = false;
  #sending: 'open' | 'ended' | 'finished' = 'open';
  #heardEnd = false;
  #closed = false;

  constructor(clock: Clock, name: string, options: PipeOptions) {
    const { cut = 'whole', highWaterMark = WINDOW_BYTES } = options;
    this.#clock = clock;
    this.#nextSize = sizes(cut);
    this.local = { kind: 'memory', name };
    this.highWaterMark = highWaterMark;
  }

  join(far: PipeWire): void {
    this.#far = far;
  }

  get peer(): MemoryAddress {
    return this.#far.local;
  }
  get pendingBytes(): number {
    return this.#far.#inbox.length;
  }

  open(events: WireEvents): void {
    this.#events = events;
    this.#pumpSoon();
  }

  write(list: readonly Uint8Array[]): void {
    if (this.#closed || this.#sending !== 'open') return;
    for (const data of list) {
      this.bytesWritten += data.length;
      // A copy: the writer may not change the bytes any more, but a test should not depend on it.
      if (!this.#far.#closed) this.#far.#inbox.push(Buffer.from(data));
    }
    // A socket that is gone answers data with a reset.
    if (this.#far.#closed) this.#lose(resetByPeer());
    else this.#far.#pumpSoon();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#pumpSoon();
  }

  end(): void {
    if (this.#closed || this.#sending !== 'open') return;
    this.#sending = 'ended';
    this.#clock.callSoon(() => this.#taken());
    this.#far.#pumpSoon();
  }

  destroy(): void {
    if (this.#closed) return;
    // Closing with unread input resets, as in a kernel (RFC 2525 §2.17).
    if (this.#inbox.length > 0) {
      this.reset();
      return;
    }
    this.#sending = 'finished';
    this.#lose();
    this.#far.#pumpSoon();
  }

  reset(): void {
    if (this.#closed) return;
    this.#lose();
    this.#far.#lose(resetByPeer());
  }

  #pumpSoon(): void {
    if (this.#pumping || this.#closed || !this.#events) return;
    this.#pumping = true;
    this.#clock.callSoon(() => this.#pump());
  }

  #pump(): void {
    this.#pumping = false;
    const had = this.#inbox.length;
    let left = TURN_BYTES;
    while (this.#inbox.length > 0 && left > 0 && this.#mayDeliver) {
      const chunk = this.#inbox.take(this.#nextSize(Math.min(left, this.#inbox.length)));
      left -= chunk.length;
      this.bytesRead += chunk.length;
      this.#events?.wireData(chunk);
    }
    if (!this.#mayDeliver && this.#inbox.length > 0) return;
    if (this.#inbox.length > 0) {
      this.#pumpSoon();
      return;
    }
    if (had > 0) this.#far.#taken();
    // Hearing that, the far side may have written again, and ended.
    if (this.#inbox.length > 0 || this.#far.#sending === 'open') return;
    if (this.#heardEnd || !this.#mayDeliver) return;
    this.#heardEnd = true;
    this.#events?.wireEnded();
    this.#closeWhenDone();
  }

  get #mayDeliver(): boolean {
    return !this.#paused && !this.#closed;
  }

  /** The far side has taken everything. */
  #taken(): void {
    if (this.#closed || this.pendingBytes > 0) return;
    this.#events?.wireDrained();
    if (this.#sending !== 'ended' || this.pendingBytes > 0) return;
    this.#sending = 'finished';
    this.#events?.wireFinished();
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (this.#sending === 'finished' && this.#heardEnd) this.#lose();
  }

  #lose(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inbox.clear();
    this.#clock.callSoon(() => this.#events?.wireClosed(error));
  }
}

function sizes(cut: 'whole' | 'bytes' | number): (most: number) => number {
  if (cut === 'whole') return (most) => most;
  if (cut === 'bytes') return () => 1;
  const random = new SeededRandom(cut);
  // Mostly small pieces, now and then a large one, as segments come.
  return (most) => 1 + Math.floor(random.float() ** 4 * most);
}

function resetByPeer(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
}
