import type { PacketKind } from './packet.ts';

/** What happened to a packet. */
export type PacketFate = 'sent' | 'got' | 'lost' | 'held';

/** One packet event. Kept as it is and turned into text only when somebody reads it. */
export interface TracedPacket {
  readonly protocol: 'tcp' | 'udp' | 'unix';
  /** The two ends, such as `"client:49152"`. */
  readonly from: string;
  readonly to: string;
  readonly kind: PacketKind;
  readonly bytes: number;
}

interface Entry {
  readonly at: number;
  readonly fate: PacketFate | undefined;
  readonly what: TracedPacket | string;
}

const MAX_HASHES = 10_000;
const FATES: Readonly<Record<PacketFate, number>> = { sent: 1, got: 2, lost: 3, held: 4 };

/**
 * What crossed the network: the last entries as text, and a hash of all of them. Two runs with the same hash did the
 * same packets at the same times; what the bytes say does not count, as encryption draws on real randomness.
 */
export class Trace {
  readonly #limit: number;
  readonly #now: () => number;
  #entries: Entry[] = [];
  /** Of the names of ends, which come again and again. */
  readonly #hashes = new Map<string, number>();
  /** Two halves, as a hash of 32 bits would collide now and then among ten thousand runs. */
  #low = 0xdeadbeef;
  #high = 0x41c6ce57;

  constructor(options: { readonly now: () => number; readonly limit?: number | undefined }) {
    const { now, limit = 20_000 } = options;
    this.#now = now;
    this.#limit = limit;
  }

  get hash(): string {
    const hex = (half: number): string => (half >>> 0).toString(16).padStart(8, '0');
    return `${hex(this.#high)}${hex(this.#low)}`;
  }

  packet(fate: PacketFate, what: TracedPacket): void {
    this.#mix(FATES[fate]);
    this.#mix(what.bytes);
    this.#mixText(what.from);
    this.#mixText(what.to);
    this.#mixText(what.kind);
    this.#keep(fate, what);
  }

  /** Something that is no packet, such as `"crash server"`. */
  event(what: string): void {
    this.#mixText(what);
    this.#keep(undefined, what);
  }

  /** The entries kept, oldest first. */
  lines(): readonly string[] {
    return this.#entries.map(({ at, fate, what }) => {
      const time = at.toFixed(3).padStart(12);
      if (typeof what === 'string') return `${time} ${what}`;
      const { protocol, from, to, kind, bytes } = what;
      const size = bytes > 0 ? ` ${bytes}` : '';
      return `${time} ${protocol} ${from} > ${to} ${kind}${size} ${fate ?? ''}`;
    });
  }

  #keep(fate: PacketFate | undefined, what: TracedPacket | string): void {
    const at = this.#now();
    this.#mix(Math.round(at * 1_000));
    this.#entries.push({ at, fate, what });
    // Dropping one by one from the front would move all the others each time.
    if (this.#entries.length > this.#limit * 2) this.#entries = this.#entries.slice(-this.#limit);
  }

  #mixText(text: string): void {
    let hash = this.#hashes.get(text);
    if (hash === undefined) {
      hash = 0;
      for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
      if (this.#hashes.size === MAX_HASHES) this.#hashes.clear();
      this.#hashes.set(text, hash);
    }
    this.#mix(hash);
  }

  #mix(value: number): void {
    this.#low = Math.imul(this.#low ^ value, 0x9e3779b1);
    this.#high = Math.imul(this.#high ^ value ^ (this.#low >>> 15), 0x5f356495);
  }
}
