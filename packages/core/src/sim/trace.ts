import type { Packet, PacketKind } from './packet.ts';

/** What happened to a packet. */
export type PacketFate = 'sent' | 'got' | 'lost' | 'held';

/** The two ends of what is traced. One for all packets of a connection. */
export class TracedEnds {
  readonly protocol: 'tcp' | 'udp' | 'unix';
  /** Such as `"client:49152"`. */
  readonly from: string;
  readonly to: string;
  readonly hash: number;

  constructor(ends: Pick<TracedEnds, 'protocol' | 'from' | 'to'>) {
    this.protocol = ends.protocol;
    this.from = ends.from;
    this.to = ends.to;
    this.hash = textHash(`${ends.protocol} ${ends.from} > ${ends.to}`);
  }
}

/** A packet event is kept as numbers, and turned into text only when somebody reads it. */
interface Entry {
  readonly at: number;
  readonly fate: PacketFate | undefined;
  readonly what: TracedEnds | string;
  readonly kind: PacketKind | undefined;
  readonly bytes: number;
  /** Of the bytes, if they count. */
  readonly sum: number | undefined;
}

const FATES: Readonly<Record<PacketFate, number>> = { sent: 1, got: 2, lost: 3, held: 4 };
const KINDS: Readonly<Record<PacketKind, number>> = {
  syn: 1,
  'syn-ack': 2,
  ack: 3,
  data: 4,
  window: 5,
  fin: 6,
  rst: 7,
  datagram: 8,
};

/**
 * What crossed the network: the last entries as text, and a hash of all of them. Two runs with the same hash did the
 * same packets at the same times, and, while bytes count, said the same in them.
 */
export class Trace {
  /** Whether what the bytes say counts as well. Not where encryption or borrowed libraries draw on real randomness. */
  countsBytes: boolean;
  readonly #limit: number;
  readonly #now: () => number;
  #entries: Entry[] = [];
  /** Two halves, as a hash of 32 bits would collide now and then among ten thousand runs. */
  #low = 0xdeadbeef;
  #high = 0x41c6ce57;

  constructor(options: {
    readonly now: () => number;
    readonly countsBytes: boolean;
    readonly limit?: number | undefined;
  }) {
    const { now, countsBytes, limit = 20_000 } = options;
    this.#now = now;
    this.countsBytes = countsBytes;
    this.#limit = limit;
  }

  get hash(): string {
    const hex = (half: number): string => (half >>> 0).toString(16).padStart(8, '0');
    return `${hex(this.#high)}${hex(this.#low)}`;
  }

  packet(fate: PacketFate, ends: TracedEnds, { kind, bytes, data }: Packet): void {
    this.#mix((FATES[fate] << 4) | KINDS[kind]);
    this.#mix(bytes);
    this.#mix(ends.hash);
    // Once is enough: what was sent is what arrives.
    const sum = data && fate === 'sent' && this.countsBytes ? bytesHash(data) : undefined;
    if (sum !== undefined) this.#mix(sum);
    this.#keep({ at: this.#now(), fate, what: ends, kind, bytes, sum });
  }

  /** Something that is no packet, such as `"crash server"`. */
  event(what: string): void {
    this.#mix(textHash(what));
    const at = this.#now();
    this.#keep({ at, fate: undefined, what, kind: undefined, bytes: 0, sum: undefined });
  }

  /** The entries kept, oldest first. */
  lines(): readonly string[] {
    return this.#entries.map(({ at, fate, what, kind, bytes, sum }) => {
      const time = at.toFixed(3).padStart(12);
      if (typeof what === 'string') return `${time} ${what}`;
      const { protocol, from, to } = what;
      const size = bytes > 0 ? ` ${bytes}` : '';
      const said = sum === undefined ? '' : ` #${(sum >>> 0).toString(16).padStart(8, '0')}`;
      return `${time} ${protocol} ${from} > ${to} ${kind}${size} ${fate ?? ''}${said}`;
    });
  }

  #keep(entry: Entry): void {
    this.#mix(Math.round(entry.at * 1_000));
    this.#entries.push(entry);
    // Dropping one by one from the front would move all the others each time.
    if (this.#entries.length > this.#limit * 2) this.#entries = this.#entries.slice(-this.#limit);
  }

  #mix(value: number): void {
    this.#low = Math.imul(this.#low ^ value, 0x9e3779b1);
    this.#high = Math.imul(this.#high ^ value ^ (this.#low >>> 15), 0x5f356495);
  }
}

function textHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

function bytesHash(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
