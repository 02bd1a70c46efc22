/**
 * The network between hosts: when a packet arrives, if it does. What the packets mean is up to the stacks at both ends;
 * order and retransmission of TCP are in `flow.ts`.
 */

import type { LinkOptions } from './link-options.ts';
import type { Packet } from './packet.ts';
import { type Path, Rules } from './rules.ts';
import type { CallOwner } from './scheduled-call.ts';
import { SeededRandom } from './seeded-random.ts';
import type { Stack } from './stack.ts';
import type { Timeline } from './timeline.ts';
import type { Trace, TracedEnds } from './trace.ts';

/** How TCP behaves on all hosts. */
export interface TcpTuning {
  /** Bytes that may be on their way or unread at the peer. @defaultValue 262_144 */
  readonly windowBytes?: number | undefined;
  /** Wait before the first retransmission; it doubles up to a minute. A handshake begins with a second. @defaultValue 200 */
  readonly retransmitMs?: number | undefined;
  /** After so many retransmissions without an answer the connection is lost (ETIMEDOUT). @defaultValue 9 */
  readonly maxRetransmits?: number | undefined;
}

/** What a {@link Network} is made of. */
export interface NetworkParts {
  readonly seed: number;
  readonly timeline: Timeline;
  readonly trace: Trace;
  readonly link: LinkOptions;
  readonly tcp: TcpTuning;
  /** Remember where ports and connections were made. */
  readonly track: boolean;
  /** Hears of mistakes in the simulation itself. */
  readonly failed: (where: string, thrown: unknown) => void;
}

/** Where a packet goes. */
export interface Route {
  readonly from: Stack;
  readonly to: Stack;
}

/** When a packet arrives, or why it does not. */
export type Transmission = number | 'lost' | 'held';

/** One direction of a link. */
interface LinkUse {
  freeAt: number;
  lastAt: number;
}

const MAX_HELD = 100_000;

export class Network {
  readonly timeline: Timeline;
  readonly trace: Trace;
  readonly rules: Rules;
  readonly tcp: { readonly [K in keyof TcpTuning]-?: number };
  readonly owner: CallOwner;
  readonly #track: boolean;
  readonly #seed: number;
  readonly #random: SeededRandom;
  readonly #hosts = new Map<string, Stack>();
  /** When the link is free again, and when the last datagram arrives, for each direction. */
  readonly #links = new WeakMap<Stack, WeakMap<Stack, LinkUse>>();
  #held: (() => void)[] = [];
  #connections = 0;
  #lastId = 0;

  constructor(parts: NetworkParts) {
    const { windowBytes = 262_144, retransmitMs = 200, maxRetransmits = 9 } = parts.tcp;
    for (const [name, value] of Object.entries({ windowBytes, retransmitMs })) {
      if (value > 0) continue;
      throw new RangeError(
        `Cannot make a network as ${name} must be > 0: current value is ${value}`,
      );
    }
    this.timeline = parts.timeline;
    this.trace = parts.trace;
    this.rules = new Rules(parts.link);
    this.tcp = { windowBytes, retransmitMs, maxRetransmits };
    this.#seed = parts.seed;
    this.#track = parts.track;
    this.#random = this.randomFor('network');
    this.owner = {
      label: 'network',
      alive: true,
      keepsContext: false,
      failed: (where, thrown) => parts.failed(where, thrown),
    };
  }

  /** Randomness of its own for each part, so that what one part draws does not change the luck of another. */
  randomFor(part: string): SeededRandom {
    let mixed = this.#seed ^ 0x9e3779b9;
    for (let i = 0; i < part.length; i++) mixed = Math.imul(mixed ^ part.charCodeAt(i), 0x85ebca6b);
    return new SeededRandom(mixed ^ (mixed >>> 13));
  }

  /** An error for the stack of whoever makes something, if anybody wants to know. */
  madeHere(what: string): Error | undefined {
    return this.#track ? new Error(`${what} was made here`) : undefined;
  }

  /** Numbers a connection, which seeds the way it is cut. */
  nextConnection(): number {
    this.#connections += 1;
    return this.#connections;
  }

  /** Numbers a transport. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Makes an address lead to a host. */
  assign(address: string, stack: Stack): void {
    this.#hosts.set(address, stack);
  }

  /** The host that has `address`. */
  at(address: string): Stack | undefined {
    return this.#hosts.get(address);
  }

  path({ from, to }: Route): Path {
    return this.rules.path(from.name, to.name);
  }

  /** Whether something that left gets there: a host is up, and nothing in between is cut. */
  isOpen({ from, to }: Route): boolean {
    if (from === to) return to.up;
    return to.up && !this.path({ from, to }).partitioned;
  }

  /** Sends one packet of a connection. */
  transmit(route: Route, ends: TracedEnds, packet: Packet): Transmission {
    const arrival = this.#transmission(route, packet, 'tcp');
    this.trace.packet(typeof arrival === 'number' ? 'sent' : arrival, ends, packet);
    return arrival;
  }

  /** Sends a datagram; `arrived` is called when it arrives, which may be twice, or never. */
  datagram(
    route: Route,
    traced: { readonly ends: TracedEnds; readonly packet: Packet },
    arrived: () => void,
  ): void {
    const { ends, packet } = traced;
    const { duplicate, reorder, queueBytes } = this.path(route);
    const isRemote = route.from !== route.to;
    const link = this.#link(route);
    if (this.backlog(route) > queueBytes) {
      this.trace.packet('lost', ends, packet);
      return;
    }
    const copies = isRemote && this.#chance(duplicate) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const arrival = this.#transmission(route, packet, 'udp');
      this.trace.packet(typeof arrival === 'number' ? 'sent' : arrival, ends, packet);
      if (arrival === 'held') this.hold(() => this.datagram(route, traced, arrived));
      if (typeof arrival !== 'number') continue;
      let at = Math.max(arrival, link.lastAt);
      if (isRemote && this.#chance(reorder)) at += 1 + this.#random.float() * 20;
      else link.lastAt = at;
      this.#later(at, () => {
        const isOpen = this.isOpen(route);
        this.trace.packet(isOpen ? 'got' : 'lost', ends, packet);
        if (isOpen) arrived();
      });
    }
  }

  /** Bytes that wait for the bandwidth of a link, so that a sender can tell that it is too fast. */
  backlog(route: Route): number {
    if (route.from === route.to) return 0;
    const { bandwidth } = this.path(route);
    if (!Number.isFinite(bandwidth)) return 0;
    return Math.max(0, ((this.#link(route).freeAt - this.timeline.now) * bandwidth) / 1_000);
  }

  /** Calls `resend` when packets are released. False when too many wait already: then the packet is lost. */
  hold(resend: () => void): boolean {
    if (this.#held.length >= MAX_HELD) return false;
    this.#held.push(resend);
    return true;
  }

  /** Sends again what is held; what a rule still holds is held again. */
  releaseHeld(): void {
    const held = this.#held;
    this.#held = [];
    for (const resend of held) resend();
  }

  #later(at: number, call: () => void): void {
    this.timeline.after(at - this.timeline.now, call, { owner: this.owner, where: 'network' });
  }

  #transmission(route: Route, packet: Packet, protocol: 'tcp' | 'udp'): Transmission {
    const { now } = this.timeline;
    const { from, to } = route;
    // Inside of a host nothing is slow or lost.
    if (from === to) return to.up ? now : 'lost';
    const path = this.path(route);
    if (path.held) return 'held';
    let extraMs = 0;
    for (const rule of this.rules.packetRules) {
      const { kind, bytes } = packet;
      const verdict = rule({ from: from.name, to: to.name, protocol, kind, bytes });
      if (verdict === 'hold') return 'held';
      if (verdict === 'drop') return 'lost';
      if (!verdict) continue;
      extraMs = verdict.delayMs;
      break;
    }
    if (path.partitioned || this.#chance(path.loss)) return 'lost';
    const link = this.#link(route);
    // Nobody waits any more for a limit that was taken away.
    if (path.bandwidth === Number.POSITIVE_INFINITY && link.freeAt > now)
      link.freeAt = link.lastAt = now;
    const departs = Math.max(now, link.freeAt);
    // What headers cost on a real link.
    link.freeAt = departs + ((packet.bytes + 40) * 1_000) / path.bandwidth;
    return link.freeAt + this.#latency(path) + extraMs;
  }

  #latency({ latencyMs, jitterMs }: Path): number {
    const jitter = jitterMs > 0 ? this.#random.float() * jitterMs : 0;
    if (typeof latencyMs === 'number') return latencyMs + jitter;
    const [least, most] = latencyMs;
    return least + this.#random.float() * (most - least) + jitter;
  }

  #chance(probability: number): boolean {
    return probability > 0 && this.#random.float() < probability;
  }

  #link({ from, to }: Route): LinkUse {
    let links = this.#links.get(from);
    if (!links) {
      links = new WeakMap();
      this.#links.set(from, links);
    }
    let link = links.get(to);
    if (!link) {
      link = { freeAt: 0, lastAt: 0 };
      links.set(to, link);
    }
    return link;
  }
}
