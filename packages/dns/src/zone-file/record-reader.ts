// One record of a zone file: owner, TTL and class in either order, type and data (RFC 1035 §5.1).
import { foldedKey, lowerCase } from '../name.ts';
import { Class, isMetaType, parseClass, Type } from '../numbers.ts';
import { readName } from '../rdata/name-field.ts';
import { readType } from '../rdata/number-fields.ts';
import { Octets } from '../rdata/octets.ts';
import { composeRdata } from '../rdata/rdata-text.ts';
import { durationOf } from '../rdata/time-fields.ts';
import { TextProblem, type Words } from '../rdata/words.ts';
import { MAX_TTL } from '../zone/rrset.ts';

/** TTLs of records that give none: `$TTL`, else the last one given, else the minimum of the SOA (RFC 2308 §4). */
export interface TtlState {
  /** `$TTL`. */
  default: number | undefined;
  last: number | undefined;
  minimum: number | undefined;
  /** Where none of them is known. */
  readonly fallback: number | undefined;
}

// One record is read at a time, and copied by whoever keeps it before another is.
const dataOctets = new Octets();
const ownerOctets = new Octets(256);

/** Reads records and has what the last one was until the next. */
export class RecordReader {
  /** {@link Name.key} of the owner; undefined before the first record. Set it to undefined where another file begins. */
  key: string | undefined;
  /** Its wire form, one character an octet. */
  owner = '';
  type = 0;
  ttl = 0;
  /** The data, in memory that the next record uses, whoever reads it: copy it at once. */
  wire: Buffer = Buffer.alloc(0);
  /** Where the owner stands in the words, or their first one. */
  offset = 0;
  readonly ttls: TtlState;

  constructor(ttls: TtlState) {
    this.ttls = ttls;
  }

  /** Reads the record of `words`. Throws TextProblem. */
  read(words: Words): void {
    words.reading = 'owner';
    if (!words.indented) this.#readOwner(words);
    let ttl = -1;
    let classed = false;
    for (;;) {
      words.reading = 'type';
      words.take();
      if (this.key === undefined) {
        throw new TextProblem(words.start, 'Cannot use the owner before as there is none');
      }
      if (words.indented && ttl < 0 && !classed) this.offset = words.start;
      const first = words.bytes[words.start] ?? 0;
      if (ttl < 0 && first >= 0x30 && first <= 0x39) {
        ttl = readTtl(words);
      } else if (!classed && isClass(words)) {
        classed = true;
      } else {
        break;
      }
    }
    this.type = readType(words);
    if (isMetaType(this.type)) words.fail('it is for questions and not for zones');
    this.wire = composeRdata(this.type, words, dataOctets);
    this.ttl = this.#ttlOf(ttl, words);
  }

  #readOwner(words: Words): void {
    const octets = ownerOctets;
    octets.length = 0;
    readName(words, octets);
    this.offset = words.start;
    const owner = octets.bytes.toString('latin1', 0, octets.length);
    if (owner === this.owner && this.key !== undefined) return;
    this.owner = owner;
    // One string where both are the same: most names are in lower case.
    this.key = isFolded(octets) ? owner : foldedKey(octets.bytes, 0, octets.length);
  }

  #ttlOf(given: number, words: Words): number {
    const { ttls } = this;
    if (this.type === Type.SOA) ttls.minimum ??= minimumOf(this.wire);
    if (given >= 0) {
      ttls.last = given;
      return given;
    }
    const ttl = ttls.default ?? ttls.last ?? ttls.minimum ?? ttls.fallback;
    if (ttl !== undefined) return Math.min(ttl, MAX_TTL);
    words.reading = 'record';
    return words.fail('it has no TTL, and neither $TTL nor a record before gave one');
  }
}

/** The current word as a TTL. */
export function readTtl(words: Words): number {
  words.reading = 'TTL';
  const ttl = durationOf(words);
  if (ttl < 0) words.fail('it is a number of seconds, or of units as in 1h30m');
  return ttl <= MAX_TTL ? ttl : words.fail(`it is at most ${MAX_TTL} seconds`);
}

/** True if the current word is the class IN. Fails for another class. */
function isClass(words: Words): boolean {
  const { bytes, start, end } = words;
  const first = (bytes[start] ?? 0) | 0x20;
  if (end - start === 2 && first === 0x69 && ((bytes[start + 1] ?? 0) | 0x20) === 0x6e) return true;
  const mayBeClass = first === 0x63 || (end - start === 2 && first === 0x68);
  if (!mayBeClass || !/^(?:class\d{1,5}|ch|cs|hs)$/i.test(words.text())) return false;
  const text = words.text().toUpperCase();
  words.reading = 'class';
  if (text === 'CS' || parseClass(text) !== Class.IN)
    words.fail('only records of class IN are kept');
  return true;
}

function isFolded({ bytes, length }: Octets): boolean {
  for (let at = 0; at < length; at++) if (lowerCase[bytes[at] ?? 0] !== bytes[at]) return false;
  return true;
}

function minimumOf(soa: Buffer): number {
  return soa.readUInt32BE(soa.length - 4);
}
