import type { Address } from '../contract/address.ts';
import type { CloseReason } from '../contract/close-reason.ts';
import type { Factory, Incoming } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { CloseOptions, Transport } from '../contract/transport.ts';
import type { Wire, WireEvents } from './wire.ts';
import { WireTransport } from './wire-transport.ts';

/** What a transform layer does with the bytes of one connection. Absent means unchanged. */
export interface Transformation {
  /** Bytes from the peer, on their way up. An empty result is not delivered. */
  readonly received?: (data: Buffer) => Buffer;
  /** Bytes from the protocol, on their way down. */
  readonly sent?: (data: Uint8Array) => Uint8Array;
}

/** What a {@link Transformation} may do besides. */
export interface TransformControl {
  readonly incoming: Incoming;
  /** Stops reading from below until disposed, whatever the protocol above resumes. */
  hold(): Disposable;
}

/**
 * A protocol to the transport below and a wire to the transport above: what every transform layer stands on. The
 * transport above is a {@link WireTransport} and keeps the invariants; this only passes bytes and events on.
 */
export class TransformWire implements Protocol, Wire {
  readonly #inner: Factory;
  readonly #side: Incoming['side'];
  readonly #transformation: Transformation;
  #below: Transport | undefined;
  #upper: WireTransport | undefined;
  #events: WireEvents | undefined;
  #holds = 0;
  #pausedAbove = false;

  constructor(
    inner: Factory,
    incoming: Incoming,
    make: (control: TransformControl) => Transformation,
  ) {
    this.#inner = inner;
    this.#side = incoming.side;
    this.#transformation = make({ incoming, hold: () => this.#hold() });
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
    if (chunk.length > 0) this.#events?.wireData(chunk);
  }

  readEnded(): void {
    this.#events?.wireEnded();
  }

  writeDrained(): void {
    this.#events?.wireDrained();
  }

  drainRequested(deadline: number): void {
    this.#upper?.requestDrain(deadline);
  }

  connectionLost(reason: CloseReason): void {
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
    return this.#transport.pendingBytes;
  }
  get bytesRead(): number {
    return this.#transport.bytesRead;
  }
  get bytesWritten(): number {
    return this.#transport.bytesWritten;
  }

  open(events: WireEvents): void {
    this.#events = events;
  }

  write(list: readonly Uint8Array[]): void {
    const { sent } = this.#transformation;
    this.#transport.writeMany(sent ? list.map((data) => sent(data)) : list);
  }

  pause(): void {
    this.#pausedAbove = true;
    this.#transport.pauseReading();
  }

  resume(): void {
    this.#pausedAbove = false;
    if (this.#holds === 0) this.#transport.resumeReading();
  }

  end(): void {
    this.#transport.end();
  }

  close(options: CloseOptions): void {
    this.#transport.close(options);
  }

  destroy(): void {
    this.#transport.close();
  }

  reset(reason: CloseReason): void {
    this.#transport.abort(reason);
  }

  #hold(): Disposable {
    this.#holds += 1;
    this.#below?.pauseReading();
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#holds -= 1;
        if (this.#holds === 0 && !this.#pausedAbove) this.#below?.resumeReading();
      },
    };
  }
}
