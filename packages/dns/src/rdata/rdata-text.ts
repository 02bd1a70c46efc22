// RDATA between octets and the presentation of zone files (RFC 1035 §5, RFC 3597 §5).
import { usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { formatType } from '../numbers.ts';
import { formatGeneric, isGeneric, readGeneric } from './generic-rdata.ts';
import { layoutOf } from './layout.ts';
import { MAX_RDATA_BYTES, Octets } from './octets.ts';
import { checkRdata, fieldEnds, type Rdata } from './rdata.ts';
import { TextProblem, Words } from './words.ts';

const words = new Words();
const scratch = new Octets();

/** How text is read. */
export interface RdataTextOptions {
  /** What relative names and `@` are relative to. @defaultValue every name is absolute, with or without a final dot */
  readonly origin?: Name | undefined;
  /**
   * The zone of a value as programs write it: a single label without a dot is relative to it, as is `@`, and every other name is
   * whole, with or without a final dot. Instead of `origin`.
   */
  readonly zone?: Name | undefined;
}

/**
 * The presentation of checked data, on one line. Names are relative to `origin` where they are below it; without one they
 * are absolute and end in a dot. A type without a presentation is written as `\# 4 C0000201`.
 */
export function rdataToText(type: number, rdata: Rdata, origin?: Name): string {
  const { wire } = rdata;
  const layout = layoutOf(type);
  const ends = layout === undefined ? undefined : fieldEnds(layout, wire);
  if (layout === undefined || ends === undefined) return formatGeneric(wire);
  const parts: string[] = [];
  let at = 0;
  for (const [index, { field }] of layout.fields.entries()) {
    const end = ends[index] ?? at;
    const text = field.print(wire, at, end, origin);
    if (text === undefined) return formatGeneric(wire);
    if (text !== '') parts.push(text);
    at = end;
  }
  // A record without any word of data is not understood everywhere.
  return parts.length === 0 ? formatGeneric(wire) : parts.join(' ');
}

/**
 * The data `text` presents, on one line or several in parentheses.
 * @throws UsageError `HAWSER_DNS_RDATA` with the column, counted in octets from 1
 */
export function rdataFromText(type: number, text: string, options: RdataTextOptions = {}): Rdata {
  const bytes = Buffer.from(text);
  try {
    words.origin = options.origin ?? options.zone;
    words.labelsOnly = options.origin === undefined;
    words.reading = `data of ${formatType(type)}`;
    const end = words.cut(bytes, 0, true);
    if (end < bytes.length) throw new TextProblem(end, 'Cannot read data on a second line');
    const wire = Buffer.from(composeRdata(type, words, scratch));
    return checkRdata(type, wire) ?? fail(words, type, 'it breaks the rules of its type');
  } catch (error) {
    if (!(error instanceof TextProblem)) throw error;
    throw usageError('HAWSER_DNS_RDATA', `${error.message} (column ${error.offset + 1})`);
  }
}

/**
 * The octets of the data that the words left over present, in `out` and good until that is used again. They keep the
 * rules of their type. Throws TextProblem.
 */
export function composeRdata(type: number, words: Words, out: Octets): Buffer {
  out.length = 0;
  const layout = layoutOf(type);
  let generic = false;
  if (words.more) {
    words.take();
    generic = isGeneric(words);
    if (!generic) words.untake();
  }
  if (generic) {
    readGeneric(words, out);
  } else if (layout === undefined) {
    words.reading = `data of ${formatType(type)}`;
    words.take();
    return words.fail('it is written as "\\#", its length and hexadecimal digits');
  } else {
    for (const { field, label } of layout.fields) {
      words.reading = label;
      field.parse(words, out);
    }
    if (words.more) {
      words.reading = `data of ${formatType(type)}`;
      words.finish();
    }
  }
  if (!out.fits) return fail(words, type, `it has at most ${MAX_RDATA_BYTES} octets`);
  const wire = out.bytes.subarray(0, out.length);
  if (layout !== undefined && fieldEnds(layout, wire) === undefined) {
    return fail(words, type, 'it breaks the rules of its type');
  }
  return wire;
}

function fail(words: Words, type: number, rule: string): never {
  words.reading = `data of ${formatType(type)}`;
  return words.fail(rule);
}
