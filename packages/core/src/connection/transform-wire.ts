import type { Address } from '../contract/address.ts';
import type { CloseReason } from '../contract/close-reason.ts';
import type { Factory, Incoming } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { CloseOptions, Transport } from '../contract/transport.ts';
import { disposeOnce } from '../dispose-once.ts';
import { toError } from '../errors.ts';
import { type Pace, PacedQueue } from './paced-queue.ts';
import { takenBytes } from './taken-bytes.ts';
import type { Wire, WireEvents } from './wire.ts';
import { WireTransport } from './wire-transport.ts';

/**
 * What a transform layer does with one connection. Absent means unchanged. A throw is reported and aborts the
 * connection.
 */
export interface Transformation {
  /** Bytes from the peer, on their way up. An empty result is not delivered. */
  readonly received?: (data: Buffer) => Buffer;
  /** Bytes from the protocol, on their way down. */
  readonly sent?: (data: Uint8Array) => Uint8Array;
  /** The peer has ended its side, behind all it sent. */
  readonly receivedEnd?: () => void;
  /** The protocol has ended this side, behind all it sent. */
  readonly sentEnd?: () => void;
  /** Holds bytes from the peer back. While some wait, nothing is read from below. */
  readonly receivePace?: Pace | undefined;
  /** Holds bytes from the protocol back. They count as pending, and an end or a close waits behind them. */
  readonly sendPace?: Pace | undefined;
}

/** What a {@link Transformation} may do besides. */
export interface TransformControl {
  readonly incoming: Incoming;
  /** Stops reading from below until disposed, whatever the protocol above resumes. */
  hold(): Disposable;
}

/** What has to wait until the last byte has passed. */
type Ending = { readonly how: 'end' } | { readonly how: 'close'; readonly deadline: number };

/**
 * A protocol to the transport below and a wire to the transport above: what every transform layer stands on. The
 * transport above is a {@link WireTransport} and keeps the invariants; this only passes bytes and events on.
 */
export class TransformWire implements Protocol, Wire {
  readonly #inner: Factory;
  readonly #side: Incoming['side'];
  readonly #transformation: Transformation;
  readonly #arriving: PacedQueue | undefined;
  readonly #leaving: PacedQueue | undefined;
  #below: Transport | undefined;
  #upper: WireTransport | undefined;
  #events: WireEvents | undefined;
  #holds = 0;
  #pausedAbove = false;
  /** Held while bytes from the peer wait for their pace. */
  #arrivingHold: Disposable | undefined;
  #ending: Ending | undefined;
  /** The transport below has said that it is full, so it will say when it is not. */
  #belowFull = false;
  #tellingDrained = false;

  constructor(
    inner: Factory,
    incoming: Incoming,
    make: (control: TransformControl) => Transformation,
  ) {
    this.#inner = inner;
    this.#side = incoming.side;
    this.#transformation = make({ incoming, hold: () => this.#hold() });
    const { receivePace, sendPace } = this.#transformation;
    this.#arriving =
      receivePace &&
      new PacedQueue(
        receivePace,
        (bytes) => this.#events?.wireData(bytes),
        () => this.#arrived(),
      );
    this.#leaving =
      sendPace &&
      new PacedQueue(
        sendPace,
        (bytes) => this.#writeBelow([bytes]),
        () => this.#left(),
      );
  }

  // --- the protocol below ---

  connectionMade(below: Transport): void {
    this.#below = below;
    if (this.#holds > 0) below.pauseReading();
    this.#upper = new WireTransport(below.reactor, this, { id: below.id, side: this.#side, below });
    this.#upper.adopt(this.#inner);
  }

  dataReceived(data: Buffer): void {
    const { received } = this.#transformation;
    const chunk = received ? received(data) : data;
    if (chunk.length === 0) return;
    if (!this.#arriving) {
      this.#events?.wireData(chunk);
      return;
    }
    this.#arriving.push(chunk);
    if (this.#arriving.length > 0) this.#arrivingHold ??= this.#hold();
  }

  readEnded(): void {
    this.#transformation.receivedEnd?.();
    this.#events?.wireEnded();
  }

  writeDrained(): void {
    this.#belowFull = false;
    this.#events?.wireDrained();
  }

  drainRequested(deadline: number): void {
    this.#upper?.requestDrain(deadline);
  }

  connectionLost(reason: CloseReason): void {
    this.#arriving?.clear();
    this.#leaving?.clear();
    this.#events?.wireClosed(reason.kind === 'done' ? undefined : reason);
  }

  // --- the wire above ---

  get #transport(): Transport {
    if (!this.#below) throw new TypeError('Cannot use the wire before connectionMade');
    return this.#below;
  }
  get local(): Address {
    return this.#transport.local;
  }
  get peer(): Address {
    return this.#transport.peer;
  }
  get highWaterMark(): number {
    return this.#transport.highWaterMark;
  }
  get pendingBytes(): number {
    const waiting = this.#leaving?.length ?? 0;
    return this.#tellingDrained ? waiting : waiting + this.#transport.pendingBytes;
  }
  get bytesRead(): number {
    return this.#transport.bytesRead;
  }
  get bytesWritten(): number {
    return this.#transport.bytesWritten + (this.#leaving?.length ?? 0);
  }
  get takenBytes(): number {
    const taken = takenBytes(this.#transport);
    // That bytes wait for their pace is no fault of the peer: while they do, time is progress enough.
    return this.#leaving?.length ? taken + this.#transport.reactor.clock.now() : taken;
  }

  open(events: WireEvents): void {
    this.#events = events;
  }

  write(list: readonly Uint8Array[]): void {
    const { sent } = this.#transformation;
    let changed = list;
    if (sent) {
      try {
        changed = list.map((data) => sent(data));
      } catch (thrown) {
        this.#fail('sent', thrown);
        return;
      }
    }
    const leaving = this.#leaving;
    if (!leaving) {
      this.#writeBelow(changed);
      return;
    }
    // Together, as they were written.
    this.#transport.cork();
    for (const data of changed) leaving.push(data);
    this.#transport.uncork();
  }

  /** The transport below tells only if it is full itself, while here more may have been written than reached it. */
  awaitDrained(): void {
    if (this.#belowFull || this.#leaving?.length) return;
    this.#transport.reactor.clock.callSoon(() => this.#tellDrained());
  }

  pause(): void {
    this.#pausedAbove = true;
    this.#arriving?.stop();
    this.#transport.pauseReading();
  }

  resume(): void {
    this.#pausedAbove = false;
    if (this.#holds === 0) this.#transport.resumeReading();
    if (!this.#arriving) return;
    // What waits is not to be delivered from inside this call.
    this.#transport.reactor.clock.callSoon(() => {
      if (!this.#pausedAbove) this.#arriving?.go();
    });
  }

  end(): void {
    try {
      this.#transformation.sentEnd?.();
    } catch (thrown) {
      this.#fail('sentEnd', thrown);
    }
    if (this.#leaving?.length) this.#ending ??= { how: 'end' };
    else this.#transport.end();
  }

  close(options: CloseOptions): void {
    const { deadlineMs } = options;
    if (this.#leaving?.length && deadlineMs !== undefined) {
      // The transport above aborts at the deadline, should this take longer.
      const deadline = this.#transport.reactor.clock.now() + deadlineMs;
      this.#ending = { how: 'close', deadline };
    } else {
      this.#transport.close(options);
    }
  }

  destroy(): void {
    this.#transport.close();
  }

  reset(reason: CloseReason): void {
    this.#arriving?.clear();
    this.#leaving?.clear();
    this.#transport.abort(reason);
  }

  // --- what waits ---

  #arrived(): void {
    this.#arrivingHold?.[Symbol.dispose]();
    this.#arrivingHold = undefined;
  }

  #writeBelow(list: readonly Uint8Array[]): void {
    if (!this.#transport.writeMany(list)) this.#belowFull = true;
  }

  /** What had to wait to be sent is on its way, and with it whatever waited behind. */
  #left(): void {
    const ending = this.#ending;
    if (ending?.how === 'end') this.#transport.end();
    if (ending?.how === 'close') {
      const left = ending.deadline - this.#transport.reactor.clock.now();
      this.#transport.close({ deadlineMs: Math.max(0, left) });
    }
    if (!ending) this.#tellDrained();
  }

  /** For a transport below that is not full and will not tell. What it still has is less than it takes to be so. */
  #tellDrained(): void {
    if (this.#belowFull) return;
    this.#tellingDrained = true;
    this.#events?.wireDrained();
    this.#tellingDrained = false;
  }

  #fail(callback: string, thrown: unknown): void {
    const { reactor, context } = this.#transport;
    const error = toError(thrown);
    this.#transport.abort({ kind: 'protocol', error });
    reactor.reports.problem(`${context.label}.${callback}`, error);
  }

  #hold(): Disposable {
    this.#holds += 1;
    this.#below?.pauseReading();
    return disposeOnce(() => {
      this.#holds -= 1;
      if (this.#holds === 0 && !this.#pausedAbove) this.#below?.resumeReading();
    });
  }
}
