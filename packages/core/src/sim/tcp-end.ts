import { ByteQueue } from '../bytes/byte-queue.ts';
import type { Wire, WireEvents } from '../connection/wire.ts';
import type { Address } from '../contract/address.ts';
import type { DelayedCall } from '../contract/clock.ts';
import type { Flow, FlowEnds } from './flow.ts';
import type { Network } from './network.ts';
import type { Packet } from './packet.ts';
import type { CallOwner } from './scheduled-call.ts';
import type { SeededRandom } from './seeded-random.ts';
import { segmentSize } from './segmenter.ts';
import { systemError } from './system-error.ts';

/** What `netstat` calls the state of a connection. */
export type TcpState =
  | 'syn-sent'
  | 'syn-received'
  | 'established'
  | 'fin-wait'
  | 'close-wait'
  | 'closed';

/** Who made an end and wants to know what becomes of it. */
export interface TcpEndOwner {
  /** On whose behalf its events happen: the host, as long as it does not crash. */
  readonly life: CallOwner;
  /** Whether there is room for one more connection that begins. */
  admitsSyn(end: TcpEnd): boolean;
  /** Somebody wants to connect. */
  synReceived(end: TcpEnd): void;
  established(end: TcpEnd): void;
  closed(end: TcpEnd, error: Error | undefined): void;
}

/** What a {@link TcpEnd} is made of. */
export interface TcpEndParts {
  readonly network: Network;
  readonly owner: TcpEndOwner;
  readonly id: number;
  readonly local: Address;
  readonly peer: Address;
  readonly random: SeededRandom;
  /** Inside of a host there is nothing like a reset to a Unix socket. */
  readonly resets: boolean;
}

const HIGH_WATER_MARK = 65_536;
/** Delivered in one turn at most, so that busy connections take turns. */
const TURN_BYTES = 65_536;

/**
 * One end of a simulated connection, with the manners of a kernel socket: a handshake, a window that a paused reader
 * closes, half-closed states, a reset when it is closed with unread input or written to after it is gone.
 */
export class TcpEnd implements Wire, Omit<FlowEnds, 'isGone'> {
  readonly id: number;
  readonly local: Address;
  readonly peer: Address;
  readonly highWaterMark: number = HIGH_WATER_MARK;
  bytesRead = 0;
  bytesWritten = 0;
  /** How often bytes were written: what would be system calls. */
  writes = 0;
  /** Who keeps it, as a leak names it. */
  label = 'connection';
  readonly madeAt: Error | undefined;

  readonly #network: Network;
  readonly #random: SeededRandom;
  readonly #resets: boolean;
  #owner: TcpEndOwner;
  #out: Flow | undefined;
  #events: WireEvents | undefined;
  #at: 'new' | 'syn-sent' | 'syn-received' | 'open' | 'closed' = 'new';
  /** Its host crashed: not even the kernel knows of it. */
  #vanished = false;

  readonly #unsent = new ByteQueue();
  /** Bytes the peer has room for. */
  #credit: number;
  #sending: 'open' | 'ending' | 'ended' = 'open';

  #unread: Buffer[] = [];
  #unreadBytes = 0;
  /** Read, but the peer was not told yet. */
  #unannounced = 0;
  #paused = false;
  #pumping = false;
  #input: 'open' | 'ended' | 'told' = 'open';
  /** Reset when there was nothing to read any more: who does not read does not notice before the next write. */
  #resetUnheard = false;
  #heardAt = 0;
  #keepAlive: DelayedCall | undefined;

  constructor(parts: TcpEndParts) {
    this.id = parts.id;
    this.local = parts.local;
    this.peer = parts.peer;
    this.#network = parts.network;
    this.madeAt = parts.network.madeHere('the connection');
    this.#random = parts.random;
    this.#resets = parts.resets;
    this.#owner = parts.owner;
    this.#credit = parts.network.tcp.windowBytes;
  }

  /** The way to the far end. Set once, before anything else. */
  join(out: Flow): void {
    this.#out = out;
  }

  get pendingBytes(): number {
    return this.#unsent.length;
  }
  get unreadBytes(): number {
    return this.#unreadBytes;
  }
  get isClosed(): boolean {
    return this.#at === 'closed';
  }
  get state(): TcpState {
    switch (this.#at) {
      case 'syn-sent':
      case 'syn-received':
      case 'closed':
        return this.#at;
      case 'new':
        return 'closed';
      case 'open':
        if (this.#sending === 'ended') return 'fin-wait';
        return this.#input === 'open' ? 'established' : 'close-wait';
    }
  }

  /** Begins the handshake. */
  connect(): void {
    this.#at = 'syn-sent';
    this.#send('syn');
  }

  /** Asks a peer that is silent for `ms` whether it is there, again and again. 0 never asks. */
  keepAlive(ms: number): void {
    if (ms <= 0 || this.#at === 'closed') return;
    const { timeline, owner } = this.#network;
    const due = Math.max(0, this.#heardAt + ms - timeline.now);
    this.#keepAlive = timeline.after(
      due,
      () => {
        // An announcement of no room at all is what a real probe comes down to (RFC 9293 §3.8.4).
        if (timeline.now - this.#heardAt >= ms) {
          this.#heardAt = timeline.now;
          this.#out?.send({ kind: 'window', bytes: 0 });
        }
        this.keepAlive(ms);
      },
      { owner, where: 'network' },
    );
  }

  /** Forgets everything without a word, as a host that crashes. */
  vanish(): void {
    this.#at = 'closed';
    this.#vanished = true;
    this.#clear();
    this.#out?.abandon();
  }

  /** The network tore the connection down. */
  tear(code: 'ECONNRESET' | 'ETIMEDOUT'): void {
    this.#out?.abandon();
    this.#lose(systemError(code, 'read'));
  }

  // --- as a wire ---

  open(events: WireEvents): void {
    this.#events = events;
    this.#pumpSoon();
  }

  write(list: readonly Uint8Array[]): void {
    if (this.#at !== 'open' || this.#sending !== 'open') return;
    // A copy: the writer may not change the bytes any more, but a simulation must not depend on it.
    const copy = Buffer.concat(list);
    this.writes += 1;
    this.bytesWritten += copy.length;
    if (this.#resetUnheard) {
      this.#soon(() => this.#lose(systemError('EPIPE', 'write')));
      return;
    }
    if (copy.length > 0) this.#unsent.push(copy);
    this.#flush();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#pumpSoon();
  }

  end(): void {
    if (this.#at !== 'open' || this.#sending !== 'open') return;
    this.#sending = 'ending';
    this.#flush();
  }

  destroy(): void {
    if (this.#at === 'closed') return;
    // Closing with unread input resets, as in a kernel (RFC 2525 §2.17).
    if (this.#unreadBytes > 0) {
      this.#send('rst');
      this.#out?.abandon();
    } else if (this.#at === 'open' && this.#sending !== 'ended') {
      this.#send('fin');
    }
    this.#lose();
  }

  reset(): void {
    if (this.#at === 'closed') return;
    if (!this.#resets) {
      this.destroy();
      return;
    }
    // A handshake that nobody has answered has nobody to reset.
    if (this.#at !== 'syn-sent') this.#send('rst');
    this.#out?.abandon();
    this.#lose();
  }

  // --- what the network says ---

  admits({ kind }: Packet): boolean {
    return kind !== 'syn' || this.#at !== 'new' || this.#owner.admitsSyn(this);
  }

  received(packet: Packet): void {
    const { kind } = packet;
    this.#heardAt = this.#network.timeline.now;
    if (kind === 'syn' && this.#at === 'new') {
      this.#owner.synReceived(this);
      return;
    }
    if (kind === 'rst') {
      this.#out?.abandon();
      if (this.#at === 'closed') return;
      if (this.#at === 'open' && this.#input === 'told' && this.#unsent.length === 0) {
        this.#resetUnheard = true;
        return;
      }
      this.#lose(systemError(this.#at === 'syn-sent' ? 'ECONNREFUSED' : 'ECONNRESET', 'read'));
      return;
    }
    if (this.#at === 'closed' || this.#at === 'new') {
      // A late end, acknowledgement or window tells a socket that is gone nothing; data does.
      if (this.#vanished || kind === 'data' || kind === 'syn-ack') this.#send('rst');
      return;
    }
    switch (kind) {
      case 'syn-ack':
        this.#at = 'open';
        this.#send('ack');
        this.#owner.established(this);
        break;
      case 'ack':
        this.#at = 'open';
        this.#owner.established(this);
        break;
      case 'data':
        if (packet.data) this.#unread.push(packet.data);
        this.#unreadBytes += packet.bytes;
        this.#pump();
        break;
      case 'window':
        this.#credit += packet.bytes;
        this.#windowOpened();
        break;
      case 'fin':
        this.#input = 'ended';
        this.#pump();
        break;
      // A handshake that begins again is nothing new.
      case 'syn':
      case 'datagram':
        break;
    }
  }

  gaveUp(): void {
    this.tear('ETIMEDOUT');
  }

  /** Answers a handshake. From now on `owner` hears of it. */
  accept(owner: TcpEndOwner): void {
    this.#owner = owner;
    this.#at = 'syn-received';
    this.#send('syn-ack');
  }

  /** Answers a packet that belongs to no connection. */
  refuse(): void {
    this.#at = 'closed';
    this.#send('rst');
  }

  // --- sending ---

  #send(kind: Packet['kind'], data?: Buffer): void {
    this.#out?.send({ kind, data, bytes: data?.length ?? 0 });
  }

  #flush(): void {
    const cut = this.#out?.cut ?? 'whole';
    const { windowBytes } = this.#network.tcp;
    while (this.#unsent.length > 0 && this.#credit > 0) {
      // Silly windows (RFC 9293 §3.8.6.2): a little room is not worth a segment while the rest has to wait anyway.
      if (this.#credit < this.#unsent.length && this.#credit < windowBytes / 4) break;
      const most = Math.min(this.#unsent.length, this.#credit);
      const chunk = this.#unsent.take(segmentSize(most, cut, this.#random));
      this.#credit -= chunk.length;
      this.#out?.send({ kind: 'data', data: chunk, bytes: chunk.length });
    }
    if (this.#sending !== 'ending' || this.#unsent.length > 0) return;
    this.#sending = 'ended';
    this.#send('fin');
    this.#soon(() => {
      if (this.#at !== 'open') return;
      this.#events?.wireFinished();
      this.#closeWhenDone();
    });
  }

  #windowOpened(): void {
    const had = this.#unsent.length;
    this.#flush();
    if (had > 0 && this.#unsent.length === 0) this.#events?.wireDrained();
  }

  // --- receiving ---

  #pumpSoon(): void {
    if (this.#pumping || !this.#isHeard) return;
    if (this.#unread.length > 0 ? this.#paused : this.#input !== 'ended') return;
    this.#pumping = true;
    this.#soon(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    let left = TURN_BYTES;
    while (this.#mayDeliver && left > 0) {
      const chunk = this.#unread.shift();
      if (!chunk) break;
      left -= chunk.length;
      this.#unreadBytes -= chunk.length;
      this.bytesRead += chunk.length;
      this.#announce(chunk.length);
      this.#events?.wireData(chunk);
    }
    if (this.#unread.length > 0) {
      this.#pumpSoon();
    } else if (this.#input === 'ended' && this.#isHeard) {
      // Even while paused, as node reads an end behind which nothing waits; the transport keeps it to itself.
      this.#input = 'told';
      this.#events?.wireEnded();
      this.#closeWhenDone();
    }
  }

  get #isHeard(): boolean {
    return this.#at === 'open' && this.#events !== undefined;
  }

  get #mayDeliver(): boolean {
    return this.#isHeard && !this.#paused;
  }

  /** Tells the peer, now and then, that there is room again. */
  #announce(bytes: number): void {
    this.#unannounced += bytes;
    if (this.#unannounced < this.#network.tcp.windowBytes / 4) return;
    this.#out?.send({ kind: 'window', bytes: this.#unannounced });
    this.#unannounced = 0;
  }

  // --- the end ---

  #closeWhenDone(): void {
    if (this.#sending === 'ended' && this.#input === 'told') this.#lose();
  }

  #lose(error?: Error): void {
    if (this.#at === 'closed') return;
    this.#at = 'closed';
    this.#clear();
    this.#owner.closed(this, error);
    this.#soon(() => this.#events?.wireClosed(error));
  }

  #clear(): void {
    this.#keepAlive?.cancel();
    this.#unsent.clear();
    this.#unread = [];
    this.#unreadBytes = 0;
  }

  #soon(call: () => void): void {
    this.#network.timeline.inTurn(call, { owner: this.#owner.life, where: 'connection' });
  }
}
