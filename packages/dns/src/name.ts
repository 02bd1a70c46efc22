// Domain names (RFC 1035 §3.1, RFC 4343). A name is its octets, not its text: `a\.b.example` has two labels.
import { protocolError, usageError } from './errors.ts';

/** Longest label, in octets (RFC 1035 §2.3.4). */
export const MAX_LABEL_BYTES = 63;
/** Longest name on the wire, length octets and the root included (RFC 1035 §2.3.4). */
export const MAX_NAME_BYTES = 255;

/** Octets as they count when names are compared: ASCII letters in lower case (RFC 4343). */
export const lowerCase: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet,
);
const scratch = Buffer.alloc(MAX_NAME_BYTES);
/** 1 for an octet that text of a label does not show as it is. */
const escapes = Uint8Array.from({ length: 256 }, (_, octet) =>
  isPrintable(octet) && !'.\\"();@$'.includes(String.fromCharCode(octet)) ? 0 : 1,
);

/**
 * A domain name: immutable, absolute, compared without regard to ASCII case and never otherwise (RFC 4343). The text form
 * has no final dot (the root is `"."`), with `\.` and `\DDD` for what a label may hold besides.
 */
export class Name {
  /** The root of the tree. */
  static readonly root: Name = new Name(Buffer.from([0]));

  /** Uncompressed wire form in the case it was given. Do not change it. */
  readonly wire: Buffer;
  /** Equal for equal names: the wire form in lower case, one character an octet. */
  readonly key: string;
  #suffixes: readonly string[] | undefined;

  private constructor(wire: Buffer, key: string = foldedKey(wire, 0, wire.length)) {
    this.wire = wire;
    this.key = key;
  }

  /**
   * The name of `text`, with or without a final dot; `"@"` is not special.
   * @throws UsageError `HAWSER_DNS_NAME` for an empty label, a label over 63 or a name over 255 octets, a bad escape
   */
  static parse(text: string): Name {
    if (text === '.' || text === '') return Name.root;
    const wire = typeof text === 'string' ? parseWire(text) : undefined;
    if (wire === undefined)
      throw usageError('HAWSER_DNS_NAME', `Cannot use "${String(text).slice(0, 300)}" as a name`);
    return new Name(wire);
  }

  /**
   * The name at `offset` of `bytes`, which must be uncompressed. Copies it.
   * @throws ProtocolError `HAWSER_DNS_NAME` for a pointer, a bad label or a name that leaves `bytes`
   */
  static fromWire(bytes: Uint8Array, offset = 0): Name {
    const end = plainNameEnd(bytes, offset);
    if (end < 0) throw protocolError('HAWSER_DNS_NAME', `Cannot read the name at offset ${offset}`);
    return new Name(Buffer.from(bytes.subarray(offset, end)));
  }

  /**
   * The name whose uncompressed wire form is `octets`, one character an octet: a {@link key}, or one with its case kept.
   * Not checked again.
   */
  static fromOctets(octets: string): Name {
    return new Name(Buffer.from(octets, 'latin1'));
  }

  /** The name whose wire form is `wire` and whose key is `key`, which must be right. Keeps both. */
  static fromParts(wire: Buffer, key: string): Name {
    return new Name(wire, key);
  }

  /**
   * The name made of `labels`, outermost last, without the root.
   * @throws UsageError `HAWSER_DNS_NAME`
   */
  static fromLabels(labels: readonly Uint8Array[]): Name {
    const parts: Uint8Array[] = [];
    for (const label of labels) parts.push(Uint8Array.of(label.length), label);
    const wire = Buffer.concat([...parts, Uint8Array.of(0)]);
    const valid = labels.every((label) => label.length > 0 && label.length <= MAX_LABEL_BYTES);
    if (!valid || wire.length > MAX_NAME_BYTES) {
      throw usageError(
        'HAWSER_DNS_NAME',
        'Cannot join labels as a name has at most 255 octets and 63 a label',
      );
    }
    return new Name(wire);
  }

  /** Keys of this name and of each ancestor, the root last. */
  get suffixes(): readonly string[] {
    this.#suffixes ??= labelStarts(this.wire).map((start) => this.key.slice(start));
    return this.#suffixes;
  }

  /** How many labels, the root not counted. */
  get labelCount(): number {
    return this.suffixes.length - 1;
  }

  get isRoot(): boolean {
    return this.wire.length === 1;
  }

  /** True for `*.example.net` (RFC 4592 §2.1.1). */
  get isWildcard(): boolean {
    return this.wire[0] === 1 && this.wire[1] === 0x2a;
  }

  /** The labels, outermost last, without the root. */
  labels(): Buffer[] {
    const starts = labelStarts(this.wire);
    return starts
      .slice(0, -1)
      .map((start) => this.wire.subarray(start + 1, start + 1 + (this.wire[start] ?? 0)));
  }

  /** The name without its first label; the root has none. */
  parent(): Name | undefined {
    return this.isRoot ? undefined : new Name(this.wire.subarray(1 + (this.wire[0] ?? 0)));
  }

  equals(other: Name): boolean {
    return this.key === other.key;
  }

  /** True for `other` itself and every name below it. */
  isSubdomainOf(other: Name): boolean {
    return isWithin(this.key, other.key);
  }

  /**
   * This name with `origin` behind it.
   * @throws UsageError `HAWSER_DNS_NAME` if the result is too long
   */
  concat(origin: Name): Name {
    return Name.fromLabels([...this.labels(), ...origin.labels()]);
  }

  /** Text relative to `origin`: `"www"`, or `"@"` for `origin` itself. A name elsewhere is given whole, with a final dot. */
  relativeTo(origin: Name): string {
    if (!this.isSubdomainOf(origin)) return this.isRoot ? '.' : `${this.toString()}.`;
    const above = this.wire.length - origin.wire.length;
    return above === 0 ? '@' : formatLabels(this.wire.toString('latin1', 0, above));
  }

  /**
   * Octets that sort names as DNSSEC does (RFC 4034 §6.1) and put every name right behind its ancestors: folded labels,
   * outermost first, a zero octet between.
   */
  sortKey(): Buffer {
    const parts: number[] = [];
    for (const label of this.labels().reverse()) {
      if (parts.length > 0) parts.push(0);
      for (const octet of label) {
        const folded = lowerCase[octet] ?? 0;
        if (folded < 2) parts.push(1, folded + 1);
        else parts.push(folded);
      }
    }
    return Buffer.from(parts);
  }

  toString(): string {
    return this.isRoot ? '.' : formatLabels(this.wire.toString('latin1', 0, this.wire.length - 1));
  }

  toJSON(): string {
    return this.toString();
  }
}

/** End of the uncompressed name at `offset`, or -1. Looks at no octet outside `bytes`. */
export function plainNameEnd(bytes: Uint8Array, offset: number): number {
  let at = offset;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || length > MAX_LABEL_BYTES) return -1;
    at += 1 + length;
    if (at - offset > MAX_NAME_BYTES) return -1;
    if (length === 0) return at;
  }
}

/** The {@link Name.key} of the uncompressed name in `bytes[start..end)`, at most 255 octets, without making a name. */
export function foldedKey(bytes: Uint8Array, start: number, end: number): string {
  for (let at = start; at < end; at++) scratch[at - start] = lowerCase[bytes[at] ?? 0] ?? 0;
  return scratch.toString('latin1', 0, end - start);
}

/**
 * True if the name with the {@link Name.key} `key` is the one with `above`, or below it. With `from` that is asked about the name
 * without the labels before that.
 */
export function isWithin(key: string, above: string, from = 0): boolean {
  if (!key.endsWith(above)) return false;
  // The octets of a name can occur inside a label of another.
  const start = key.length - above.length;
  let at = from;
  while (at < start) at += 1 + key.charCodeAt(at);
  return at === start;
}

function labelStarts(wire: Uint8Array): number[] {
  const starts: number[] = [];
  for (let at = 0; at < wire.length; at += 1 + (wire[at] ?? 0)) starts.push(at);
  return starts;
}

function parseWire(text: string): Buffer | undefined {
  const source = Buffer.from(text);
  const wire = Buffer.alloc(MAX_NAME_BYTES);
  let start = 0;
  let end = 1;
  for (let at = 0; at < source.length; at++) {
    let octet = source[at] ?? 0;
    if (octet === 0x2e) {
      if (!closeLabel(wire, start, end)) return undefined;
      start = end++;
      continue;
    }
    if (octet === 0x5c) {
      const digits = source.toString('latin1', at + 1, at + 4);
      const decimal = /^\d{3}$/.test(digits);
      const next = decimal ? Number(digits) : source[at + 1];
      if (next === undefined || next > 255) return undefined;
      octet = next;
      at += decimal ? 3 : 1;
    }
    // One octet stays free for the root.
    if (end >= MAX_NAME_BYTES - 1) return undefined;
    wire[end++] = octet;
  }
  const endsWithDot = end === start + 1;
  if (!endsWithDot && !closeLabel(wire, start, end)) return undefined;
  const last = endsWithDot ? start : end;
  return Buffer.from(wire.subarray(0, last + 1)).fill(0, last);
}

function closeLabel(wire: Buffer, start: number, end: number): boolean {
  const length = end - start - 1;
  if (length === 0 || length > MAX_LABEL_BYTES || end > MAX_NAME_BYTES - 1) return false;
  wire[start] = length;
  return true;
}

/** Text of the labels in `octets`, one character an octet. Most labels need no escape, and are cut out as they are. */
function formatLabels(octets: string): string {
  let text = '';
  for (let at = 0; at < octets.length; ) {
    const start = at + 1;
    at = start + octets.charCodeAt(at);
    const label = octets.slice(start, at);
    const shown = isPlainLabel(label) ? label : escapeLabel(label);
    text = start === 1 ? shown : `${text}.${shown}`;
  }
  return text;
}

function isPlainLabel(label: string): boolean {
  for (let at = 0; at < label.length; at++) if (escapes[label.charCodeAt(at)] !== 0) return false;
  return true;
}

function escapeLabel(label: string): string {
  let text = '';
  for (const char of label) {
    const octet = char.charCodeAt(0);
    if (escapes[octet] === 0) text += char;
    else text += isPrintable(octet) ? `\\${char}` : `\\${String(octet).padStart(3, '0')}`;
  }
  return text;
}

function isPrintable(octet: number): boolean {
  return octet >= 0x21 && octet <= 0x7e;
}
