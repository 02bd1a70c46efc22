import type { DelayedCall } from '../contract/clock.ts';
import type { Network, Route } from './network.ts';
import type { Packet } from './packet.ts';
import type { TracedEnds } from './trace.ts';

/** The two ends of one direction of a connection. */
export interface FlowEnds {
  /** Whether the receiver takes the packet now; if not it is lost, and sent again. */
  admits(packet: Packet): boolean;
  /** The next packet, in the order they were sent. */
  received(packet: Packet): void;
  /** The sender has sent in vain for too long. */
  gaveUp(): void;
  /** The receiver is gone: it needs no window any more. */
  isGone(): boolean;
}

interface InFlight {
  readonly packet: Packet;
  /** When it arrives; `undefined` while it is lost or held. */
  at: number | undefined;
  held: boolean;
  retransmits: number;
  /** It was sent again because nobody had answered for so long. */
  timedOut: boolean;
}

const MAX_RETRANSMIT_MS = 60_000;
const HANDSHAKE_RETRANSMIT_MS = 1_000;

/**
 * One direction of a connection: packets arrive in the order they were sent, each once. A lost one is sent again after a
 * while, and holds back those behind it, until it arrives or the sender gives up.
 */
export class Flow {
  readonly #network: Network;
  readonly #route: Route;
  readonly #names: TracedEnds;
  readonly #ends: FlowEnds;
  #packets: InFlight[] = [];
  /** Packets that have arrived already; removing from the front of an array moves the rest. */
  #arrived = 0;
  #timer: DelayedCall | undefined;
  #lastAt = 0;
  #abandoned = false;
  /** Runs while what arrived cannot be acknowledged. */
  #unanswered: DelayedCall | undefined;

  constructor(
    network: Network,
    parts: { readonly route: Route; readonly names: TracedEnds; readonly ends: FlowEnds },
  ) {
    this.#network = network;
    this.#route = parts.route;
    this.#names = parts.names;
    this.#ends = parts.ends;
  }

  /** How what is sent here is cut. */
  get cut(): 'whole' | 'bytes' | 'random' {
    return this.#network.path(this.#route).cut;
  }

  send(packet: Packet): void {
    const entry: InFlight = { packet, at: undefined, held: false, retransmits: 0, timedOut: false };
    this.#packets.push(entry);
    this.#transmit(entry);
    if (this.#first === entry) this.#arm();
  }

  /** The sender is gone: what is on its way arrives, what is lost stays lost. */
  abandon(): void {
    if (this.#abandoned) return;
    this.#abandoned = true;
    this.#unanswered?.cancel();
    this.#unanswered = undefined;
    this.#skipLost();
  }

  get #first(): InFlight | undefined {
    return this.#packets[this.#arrived];
  }

  /** What is behind a gap that nobody fills is of no use, but for a reset. */
  #skipLost(): void {
    const left = this.#packets.slice(this.#arrived);
    const gap = left.findIndex(isLost);
    if (gap < 0) return;
    this.#keep(
      left.filter((each, at) => at < gap || (each.packet.kind === 'rst' && !isLost(each))),
    );
    this.#arm();
  }

  #keep(packets: InFlight[]): void {
    // Those that are not kept are not sent when they are released.
    const kept = new Set(packets);
    for (const each of this.#packets) if (!kept.has(each)) each.held = false;
    this.#packets = packets;
    this.#arrived = 0;
  }

  #transmit(entry: InFlight): void {
    const arrival = this.#network.transmit(this.#route, this.#names, entry.packet);
    entry.held = arrival === 'held' && this.#network.hold(() => this.#released(entry));
    if (typeof arrival !== 'number') {
      entry.at = undefined;
      return;
    }
    // A retransmission is needed by all behind it, so it does not queue up behind them.
    entry.at = entry.retransmits > 0 ? arrival : Math.max(arrival, this.#lastAt);
    this.#lastAt = Math.max(this.#lastAt, entry.at);
  }

  #released(entry: InFlight): void {
    if (!entry.held) return;
    this.#transmit(entry);
    if (this.#first === entry) this.#arm();
  }

  /** Waits for what happens next to the first packet. */
  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const first = this.#first;
    if (!first || first.held) return;
    const { now } = this.#network.timeline;
    const wait = first.at === undefined ? this.#retransmitAfter(first) : first.at - now;
    this.#timer = this.#after(wait, () => this.#due(first));
  }

  #due(first: InFlight): void {
    if (first.at === undefined) {
      this.#retransmit(first);
      return;
    }
    if (!this.#network.isOpen(this.#route) || !this.#ends.admits(first.packet)) {
      first.at = undefined;
      this.#network.trace.packet('lost', this.#names, first.packet);
      if (this.#abandoned) this.#skipLost();
      else this.#arm();
      return;
    }
    this.#shift();
    if (first.timedOut && !this.#abandoned) this.#retransmitLost();
    this.#arm();
    this.#network.trace.packet('got', this.#names, first.packet);
    this.#ends.received(first.packet);
    if (needsAnswer(first.packet) && !this.#unanswered) this.#expectAnswer(0);
  }

  #shift(): void {
    this.#arrived += 1;
    const all = this.#packets.length;
    if (this.#arrived < all && (this.#arrived < 64 || this.#arrived * 2 < all)) return;
    this.#packets.splice(0, this.#arrived);
    this.#arrived = 0;
  }

  #retransmit(first: InFlight): void {
    if (this.#abandoned) {
      this.#skipLost();
      return;
    }
    // Nobody waits for the answer to a reset.
    if (first.packet.kind === 'rst') {
      this.#keep([]);
      return;
    }
    first.retransmits += 1;
    first.timedOut = true;
    if (first.retransmits > this.#network.tcp.maxRetransmits && this.#givesUp()) return;
    this.#transmit(first);
    this.#arm();
  }

  /**
   * The answer to what was sent again after a timeout tells what else is missing, and all of it follows at once
   * (RFC 6675).
   */
  #retransmitLost(): void {
    for (const entry of this.#packets.slice(this.#arrived)) {
      if (!isLost(entry)) continue;
      entry.retransmits += 1;
      this.#transmit(entry);
    }
  }

  /** An announcement of room alone is no reason to: it is the sender who asks for it, for as long as there is one. */
  #givesUp(): boolean {
    const waits = this.#packets.slice(this.#arrived).some(({ packet }) => needsAnswer(packet));
    if (!waits && !this.#ends.isGone()) return false;
    this.#keep([]);
    if (waits) this.#ends.gaveUp();
    return true;
  }

  /** What arrived is acknowledged over the way back. While that is cut the sender cannot know, and gives up some day. */
  #expectAnswer(attempt: number): void {
    const { from, to } = this.#route;
    this.#unanswered = undefined;
    if (this.#abandoned || this.#network.isOpen({ from: to, to: from })) return;
    if (attempt > this.#network.tcp.maxRetransmits) {
      this.#keep([]);
      this.#timer?.cancel();
      this.#ends.gaveUp();
      return;
    }
    this.#unanswered = this.#after(this.#backoff(attempt, this.#network.tcp.retransmitMs), () =>
      this.#expectAnswer(attempt + 1),
    );
  }

  #retransmitAfter({ packet, retransmits }: InFlight): number {
    const isHandshake = packet.kind === 'syn' || packet.kind === 'syn-ack';
    return this.#backoff(
      retransmits,
      isHandshake ? HANDSHAKE_RETRANSMIT_MS : this.#network.tcp.retransmitMs,
    );
  }

  #backoff(attempt: number, first: number): number {
    return Math.min(MAX_RETRANSMIT_MS, first * 2 ** attempt);
  }

  #after(ms: number, call: () => void): DelayedCall {
    const { timeline, owner } = this.#network;
    return timeline.after(ms, call, { owner, where: 'network' });
  }
}

function isLost({ at, held }: InFlight): boolean {
  return at === undefined && !held;
}

/** A window of no bytes asks whether anybody is there. */
function needsAnswer({ kind, bytes }: Packet): boolean {
  return kind === 'data' || kind === 'fin' || kind === 'syn' || (kind === 'window' && bytes === 0);
}
