import type { Socket } from 'node:net';
import type { Address } from '../contract/address.ts';
import type { DelayedCall } from '../contract/clock.ts';
import type { CloseReason } from '../contract/close-reason.ts';
import type { Context } from '../contract/context.ts';
import type { Factory, Incoming } from '../contract/factory.ts';
import type { InfoKey } from '../contract/info.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { CloseOptions, Transport } from '../contract/transport.ts';
import { ProtocolError, toError, UsageError } from '../errors.ts';
import { CloseListeners } from './close-listeners.ts';
import { enter, type Guard } from './entry.ts';
import { EntryContext } from './entry-context.ts';
import type { Overlay } from './overlay.ts';
import { showEnds } from './show-ends.ts';
import { takenBytes } from './taken-bytes.ts';
import { UnreadSlot } from './unread-slot.ts';
import type { Wire, WireEvents } from './wire.ts';
import { stallLimit, WriteStall } from './write-stall.ts';

/** How a {@link WireTransport} behaves. */
export interface WireTransportOptions {
  readonly id: number;
  readonly side: 'server' | 'client';
  /** @defaultValue that of the transport below, or 16_777_216 */
  readonly maxPendingBytes?: number | undefined;
  /** @defaultValue that of the transport below, or true */
  readonly autoCork?: boolean | undefined;
  /** Facts this connection adds to those of the one below. */
  readonly info?: ReadonlyMap<InfoKey<unknown>, unknown> | undefined;
  /** The transport that the wire runs over, if it runs over one. */
  readonly below?: Transport | undefined;
}

const DEFAULT_MAX_PENDING_BYTES = 16 * 1024 * 1024;
const DEFAULT_CLOSE_DEADLINE_MS = 30_000;
/** Shared by all whose queue is empty, and never written to. */
const NOTHING: Uint8Array[] = [];
/**
 * After our end has left, a closing connection waits this long for the peer's: closing a socket with unread input
 * resets it, and the reset may overtake what we wrote (RFC 9112 §9.6 describes the same for HTTP).
 */
const LINGER_MS = 2_000;

/**
 * Keeps the twelve invariants of {@link Transport} over any {@link Wire}, and is the {@link Incoming} its factory
 * sees. Life: `adopt` or `start`, then the wire's events drive the protocol until `wireClosed`.
 */
export class WireTransport implements Transport, Incoming, WireEvents, Guard {
  readonly id: number;
  readonly side: 'server' | 'client';
  readonly reactor: Reactor;
  readonly openedAt: number;
  readonly context: Context;
  /** Present only over a wire that is a node socket. */
  readonly detach: (() => Socket) | undefined;

  readonly #wire: Wire;
  readonly #maxPendingBytes: number;
  readonly #autoCork: boolean;
  #info: ReadonlyMap<InfoKey<unknown>, unknown> | undefined;
  #overlay: Overlay | undefined;
  readonly #below: Transport | undefined;
  readonly #closeListeners: CloseListeners;

  #protocol: Protocol | undefined;
  /** Set by whoever ends the connection first; the wire's own reason counts only without it. */
  #reason: CloseReason | undefined;
  /** `open`: writable. `ending`: our end is on its way. `closing`: input is discarded as well. `aborting`: reset. */
  #state: 'open' | 'ending' | 'closing' | 'aborting' | 'lost' = 'open';
  #detached = false;
  /** The protocol itself has ended or closed, so it can know that nothing can be written any more. */
  #endedByProtocol = false;
  #misuseReported = false;

  #paused = false;
  /** How many callbacks of the protocol are on the stack. */
  #callbacks = 0;
  readonly #unread = new UnreadSlot();
  #readEnded = false;

  #corks = 0;
  #queue: Uint8Array[] = NOTHING;
  #queuedBytes = 0;
  #owesDrained = false;
  #endSent = false;
  #finished = false;
  #closeTimer: DelayedCall | undefined;
  #closeDeadlineMs: number | undefined;
  #stall: WriteStall | undefined;

  constructor(reactor: Reactor, wire: Wire, options: WireTransportOptions) {
    const { id, side, info, below } = options;
    // What was asked of the listener holds for every transport of the connection.
    const inherited =
      below instanceof WireTransport
        ? { maxPendingBytes: below.#maxPendingBytes, autoCork: below.#autoCork }
        : { maxPendingBytes: DEFAULT_MAX_PENDING_BYTES, autoCork: true };
    const { maxPendingBytes = inherited.maxPendingBytes, autoCork = inherited.autoCork } = options;
    this.reactor = reactor;
    this.id = id;
    this.side = side;
    this.openedAt = reactor.clock.now();
    this.#wire = wire;
    this.#maxPendingBytes = maxPendingBytes;
    this.#autoCork = autoCork;
    this.#info = info;
    this.#below = below;
    this.context = below?.context ?? new EntryContext('connection', id);
    this.#closeListeners = new CloseListeners(this);
    this.detach = wire.detach && ((): Socket => this.#detach());
    wire.open(this);
  }

  /** Lets `factory` build the protocol and starts it. Gives `undefined` when it refused or threw. */
  adopt<P extends Protocol>(factory: Factory<P>): P | undefined {
    this.context.label = factory.name;
    const protocol = enter(this, 'buildProtocol', build<P>, factory);
    if (!protocol) {
      this.abort({ kind: 'refused', by: factory.name, why: 'the factory built no protocol' });
      return undefined;
    }
    // A layer may have aborted while the protocol was built: then it never hears of the connection.
    if (this.#state !== 'open') return undefined;
    this.start(protocol);
    return protocol;
  }

  /** Gives the connection its first protocol. */
  start(protocol: Protocol): void {
    this.#protocol = protocol;
    this.#callMade(protocol);
    this.#afterCallback();
  }

  get local(): Address {
    return this.#overlay?.local ?? this.#wire.local;
  }
  get peer(): Address {
    return this.#overlay?.peer ?? this.#wire.peer;
  }
  get bytesRead(): number {
    return this.#wire.bytesRead;
  }
  get bytesWritten(): number {
    return this.#wire.bytesWritten + this.#queuedBytes;
  }
  /** Of `bytesWritten`, what has left. For {@link takenBytes}. */
  get takenBytes(): number {
    return takenBytes(this.#wire);
  }
  /** Asks how many of these bytes the peer has not acknowledged; there may be no answer. */
  askUnacknowledged(heard: (bytes: number) => void): void {
    this.#wire.askUnacknowledged?.(heard);
  }
  get highWaterMark(): number {
    return this.#wire.highWaterMark;
  }
  get pendingBytes(): number {
    return this.#queuedBytes + this.#wire.pendingBytes;
  }
  get reading(): boolean {
    return (
      !this.#paused && !this.#readEnded && (this.#state === 'open' || this.#state === 'ending')
    );
  }
  get ending(): boolean {
    return this.#state !== 'open';
  }

  info<T>(key: InfoKey<T>): T | undefined {
    return (this.#info?.get(key) as T | undefined) ?? this.#below?.info(key);
  }

  /** Shows other ends and more facts from now on, here and in what stands above. For {@link overlay}. */
  showOverlay({ local = this.local, peer = this.peer, info = [] }: Overlay): void {
    this.#overlay = { local, peer };
    this.#info = new Map([...(this.#info ?? []), ...info]);
  }

  onClose(listener: (reason: CloseReason) => void): Disposable {
    return this.#closeListeners.add(listener);
  }

  // --- writing ---

  write(data: Uint8Array): boolean {
    if (this.#state !== 'open' || this.#detached) return this.#misused('write');
    if (data.length === 0) return !this.#owesDrained;
    this.#enqueue(data);
    return this.#queued();
  }

  writeMany(list: readonly Uint8Array[]): boolean {
    if (this.#state !== 'open' || this.#detached) return this.#misused('writeMany');
    for (const data of list) {
      if (data.length > 0) this.#enqueue(data);
    }
    return this.#queued();
  }

  cork(): void {
    this.#corks += 1;
  }

  uncork(): void {
    if (this.#corks > 0) this.#corks -= 1;
    this.#flush();
  }

  #enqueue(data: Uint8Array): void {
    // Most replies are one write, and `push` on an empty array reserves 17 places: 3 % of the cost of a small echo.
    if (this.#queuedBytes === 0) this.#queue = [data];
    else this.#queue.push(data);
    this.#queuedBytes += data.length;
  }

  #queued(): boolean {
    const pending = this.#queuedBytes + this.#wire.pendingBytes;
    if (pending > this.#maxPendingBytes) {
      const error = new ProtocolError(
        'HAWSER_WRITE_QUEUE_FULL',
        `Cannot queue more than ${this.#maxPendingBytes} bytes for a peer that does not read`,
      );
      this.abort(error);
      return false;
    }
    if (pending >= this.#wire.highWaterMark) {
      this.#owesDrained = true;
      if (pending > stallLimit(this.#wire)) this.#watchStall();
    }
    this.#flush();
    return !this.#owesDrained;
  }

  #watchStall(): void {
    if (this.#stall?.active) return;
    // Whatever waits on a transport below is watched there.
    if (this.#below && this.#wire.takenBytes === undefined) return;
    this.#stall = new WriteStall({
      reactor: this.reactor,
      wire: this.#wire,
      stalled: (reason) => this.abort(reason),
    });
  }

  /** Sends what is queued, unless the caller's corks or the callback on the stack hold it back. */
  #flush(): void {
    if (this.#corks > 0 || (this.#autoCork && this.#callbacks > 0)) return;
    this.#send();
  }

  #send(): void {
    if (this.#queuedBytes > 0) {
      const list = this.#queue;
      this.#queue = NOTHING;
      this.#queuedBytes = 0;
      this.#wire.write(list);
      if (this.#owesDrained) this.#awaitDrained();
    }
    if (this.#state !== 'open') this.#sendEnd();
  }

  #awaitDrained(): void {
    // A wire that took everything at once has no drain to tell of.
    if (this.#wire.pendingBytes > 0) this.#wire.awaitDrained?.();
    else this.reactor.clock.callSoon(() => this.wireDrained());
  }

  #sendEnd(): void {
    if ((this.#state === 'ending' || this.#state === 'closing') && !this.#endSent) {
      this.#endSent = true;
      this.#wire.end();
    }
    if (this.#state === 'closing') this.#closeBelow();
  }

  /** Tells a wire that closes by itself, once everything is on it. */
  #closeBelow(): void {
    const deadlineMs = this.#closeDeadlineMs;
    if (deadlineMs === undefined) return;
    this.#closeDeadlineMs = undefined;
    this.#wire.close?.({ deadlineMs });
  }

  #misused(method: string): false {
    // Of a loss, an abort and an end for the peer's sake, who still works on an answer cannot know.
    const known = this.#detached || this.#endedByProtocol;
    if (!known || this.#misuseReported || this.#state === 'aborting') return false;
    this.#misuseReported = true;
    const error = this.#detached
      ? new UsageError('HAWSER_DETACHED', `Cannot ${method} as the socket was given away`)
      : new UsageError(
          'HAWSER_WRITE_AFTER_END',
          `Cannot ${method} as this side has ended: ${this.#state}`,
        );
    this.reactor.reports.problem(`${this.context.label}.${method}`, error);
    return false;
  }

  // --- reading ---

  pauseReading(): void {
    if (this.#paused || this.#detached) return;
    this.#paused = true;
    if (this.#state === 'open' || this.#state === 'ending') this.#wire.pause();
  }

  resumeReading(): void {
    if (!this.#paused || this.#detached) return;
    this.#paused = false;
    if (this.#unread.waiting) this.reactor.clock.callSoon(() => this.#deliverUnread());
    else if (this.#state !== 'lost') this.#wire.resume();
  }

  handTo(next: Protocol, leftover?: Buffer): void {
    if (this.#state === 'lost' || this.#detached) {
      this.#misused('handTo');
      return;
    }
    if (this.#state === 'closing' || this.#state === 'aborting') return;
    if (leftover && leftover.length > 0) this.#unread.putBack(leftover);
    // The next protocol must hear of the end of input as well.
    if (this.#readEnded) {
      this.#readEnded = false;
      this.#unread.end();
    }
    const wasPaused = this.#paused;
    this.#paused = false;
    this.#protocol = next;
    this.#callMade(next);
    if (this.#detached) return;
    if (this.#callbacks === 0) {
      if (this.#unread.waiting) this.reactor.clock.callSoon(() => this.#deliverUnread());
      this.#flush();
    }
    if (wasPaused && !this.#paused && !this.#unread.waiting) this.#wire.resume();
  }

  // --- ending ---

  end(): void {
    if (this.#detached) {
      this.#misused('end');
      return;
    }
    if (this.#state !== 'open') return;
    this.#endedByProtocol = true;
    this.#state = 'ending';
    this.#flush();
  }

  close(options: CloseOptions = {}): void {
    if (this.#state !== 'open' && this.#state !== 'ending') return;
    const { deadlineMs = DEFAULT_CLOSE_DEADLINE_MS } = options;
    this.#endedByProtocol = true;
    this.#state = 'closing';
    this.#unread.clear();
    this.#closeDeadlineMs = deadlineMs;
    this.#flush();
    if (!this.#detached) this.#wire.resume();
    this.#closeTimer = this.reactor.clock.callLater(deadlineMs, () => {
      // A wire that closes by itself and has nothing left to send only lingers, and knows for how long.
      const lingers = this.#wire.close && this.#closeDeadlineMs === undefined;
      if (lingers && this.pendingBytes === 0) return;
      this.abort({ kind: 'timeout', timer: 'close', afterMs: deadlineMs });
    });
    if (this.#finished) this.wireFinished();
  }

  abort(why?: Error | CloseReason): void {
    if (this.#state === 'aborting' || this.#state === 'lost') return;
    this.#state = 'aborting';
    this.#stall?.cancel();
    this.#reason = why instanceof Error || !why ? { kind: 'aborted', error: why } : why;
    this.#queue = NOTHING;
    this.#queuedBytes = 0;
    this.#unread.clear();
    this.#wire.reset(this.#reason);
  }

  /** Passes on the wish of the process to stop; a protocol without `drainRequested` is closed. */
  requestDrain(deadline: number): void {
    const protocol = this.#protocol;
    // One that is closing has said goodbye already.
    if (!protocol || (this.#state !== 'open' && this.#state !== 'ending')) return;
    if (protocol.drainRequested) {
      // Its goodbye may come after its own end: that is nobody's mistake, as the process asked for it.
      const reported = this.#misuseReported;
      this.#misuseReported ||= this.#state === 'ending';
      this.#call('drainRequested', (_, at: number) => protocol.drainRequested?.(at), deadline);
      this.#misuseReported = reported;
      this.#afterCallback();
    } else {
      const byProtocol = this.#endedByProtocol;
      this.close({ deadlineMs: Math.max(0, deadline - this.reactor.clock.now()) });
      this.#endedByProtocol = byProtocol;
    }
  }

  // --- what the wire says ---

  wireData(chunk: Buffer): void {
    if (this.#state !== 'open' && this.#state !== 'ending') return;
    if (this.#paused || this.#callbacks > 0 || this.#unread.waiting) {
      this.#unread.push(chunk);
      return;
    }
    this.#call('dataReceived', WireTransport.#dataReceived, chunk);
    this.#afterCallback();
  }

  wireEnded(): void {
    if (this.#state !== 'open' && this.#state !== 'ending') return;
    this.#unread.end();
    if (!this.#paused && this.#callbacks === 0) this.#deliverUnread();
  }

  wireDrained(): void {
    if (!this.#owesDrained || this.#queuedBytes > 0 || this.#wire.pendingBytes > 0) return;
    this.#owesDrained = false;
    const protocol = this.#protocol;
    if (this.#state !== 'open' || !protocol?.writeDrained) return;
    this.#call('writeDrained', drained, protocol);
    this.#afterCallback();
  }

  wireFinished(): void {
    this.#finished = true;
    if (this.#state !== 'closing') return;
    this.#closeTimer?.cancel();
    this.#closeTimer = this.reactor.clock.callLater(LINGER_MS, () => this.#wire.destroy());
  }

  wireClosed(error?: Error | CloseReason): void {
    if (this.#state === 'lost') return;
    this.#closeTimer?.cancel();
    this.#stall?.cancel();
    if (!error && !this.#paused) this.#deliverUnread();
    this.#state = 'lost';
    this.#queue = NOTHING;
    this.#queuedBytes = 0;
    this.#unread.clear();
    const told: CloseReason =
      error instanceof Error ? { kind: 'reset', error } : (error ?? { kind: 'done' });
    const reason = (this.#reason ??= told);
    const protocol = this.#protocol;
    if (protocol?.connectionLost) {
      this.#call('connectionLost', (_, why: CloseReason) => protocol.connectionLost?.(why), reason);
    }
    this.#closeListeners.settle(reason);
  }

  // --- calling the protocol ---

  #callMade(protocol: Protocol): void {
    if (protocol.connectionMade) this.#call('connectionMade', made, protocol);
  }

  static readonly #dataReceived = (self: WireTransport, chunk: Buffer): void =>
    self.#protocol?.dataReceived(chunk);

  #call<A>(callback: string, run: (self: WireTransport, argument: A) => void, argument: A): void {
    this.#callbacks += 1;
    enter(this, callback, run, argument);
    this.#callbacks -= 1;
  }

  /** Sends what the callback wrote, then gives out what was left unread by a hand-over. */
  #afterCallback(): void {
    if (this.#callbacks > 0) return;
    this.#flush();
    if (this.#unread.waiting) this.#deliverUnread();
  }

  #deliverUnread(): void {
    while (this.#unread.waiting && !this.#paused && !this.#detached && this.#callbacks === 0) {
      if (this.#state !== 'open' && this.#state !== 'ending') return;
      const chunk = this.#unread.shift();
      if (chunk) {
        this.#call('dataReceived', WireTransport.#dataReceived, chunk);
        this.#flush();
      } else {
        this.#callEnded();
        return;
      }
    }
    // Whoever resumed left the wire paused until the slot was empty.
    if (!this.#unread.waiting && !this.#paused && !this.#detached) this.#wire.resume();
  }

  #callEnded(): void {
    this.#readEnded = true;
    const protocol = this.#protocol;
    const byProtocol = this.#endedByProtocol;
    if (protocol?.readEnded) this.#call('readEnded', readEnded, protocol);
    else this.end();
    // Whoever ends in answer to the peer's end may be at work on another answer.
    this.#endedByProtocol = byProtocol;
    this.#afterCallback();
  }

  /** For {@link enter}. A peer's fault is quiet, ours is reported; either ends this connection alone. */
  failed(callback: string, thrown: unknown): void {
    const error = toError(thrown);
    this.abort({ kind: 'protocol', error });
    if (!(error instanceof ProtocolError)) {
      this.reactor.reports.problem(`${this.context.label}.${callback}`, error);
    }
  }

  #detach(): Socket {
    if (!this.#wire.detach || this.#detached) {
      throw new UsageError('HAWSER_DETACHED', 'Cannot detach as the socket was given away');
    }
    this.#send();
    this.#stall?.cancel();
    this.#detached = true;
    const socket = this.#wire.detach(this.#unread.takeAll());
    showEnds(socket, this);
    return socket;
  }
}

// Functions of the module, so that a callback costs no closure.
function build<P extends Protocol>(self: WireTransport, factory: Factory<P>): P | undefined {
  return factory.buildProtocol(self);
}
function made(self: WireTransport, protocol: Protocol): void {
  protocol.connectionMade?.(self);
}
function drained(_: WireTransport, protocol: Protocol): void {
  protocol.writeDrained?.();
}
function readEnded(_: WireTransport, protocol: Protocol): void {
  protocol.readEnded?.();
}
