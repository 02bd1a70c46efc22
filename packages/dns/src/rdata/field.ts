// What RDATA is made of. A record type is a list of fields; a field knows its octets, its text and its value.
import type { Name } from '../name.ts';
import type { Octets } from './octets.ts';
import { TextProblem, Words } from './words.ts';

/** A name in RDATA, where it is and what may be done with it. */
export interface NameRule {
  /** The writer may compress it (RFC 3597 §4: only types of RFC 1035). */
  readonly compress: boolean;
  /** Peers may send it compressed (RFC 3597 §4). */
  readonly expand: boolean;
  /** Its canonical form is in lower case (RFC 4034 §6.2, RFC 6840 §5.1). */
  readonly fold: boolean;
  /** It is what the record points to, and its addresses are worth adding to an answer. */
  readonly target: boolean;
}

/** The value of a field as a program writes and reads it. */
export type FieldValue = string | number | readonly string[] | Uint8Array | object;

/** One part of the data of a type. Offsets are into the whole RDATA, as a field may depend on those before it. */
export interface Field {
  /** Where the field that begins at `at` ends, or -1 if the octets are not one. Looks at no octet outside `wire`. */
  end(wire: Buffer, at: number): number;
  /** Its presentation, or undefined if it has none and the record must be written as RFC 3597 §5 says. */
  print(wire: Buffer, at: number, end: number, origin: Name | undefined): string | undefined;
  /** Reads its words. Throws TextProblem. */
  parse(words: Words, out: Octets): void;
  /** Its value; by default its presentation. Undefined if a value cannot hold it. */
  toValue?(wire: Buffer, at: number, end: number): FieldValue | undefined;
  /** Writes a value, or says false. By default a string is parsed as text. A single label is a name in `zone`. */
  fromValue?(value: unknown, out: Octets, zone?: Name): boolean;
  readonly name?: NameRule;
  /** A string of a program is the text itself, and not its presentation: nobody expects "v=spf1 -all" to be two strings. */
  readonly raw?: true;
  /** Used where a structured value leaves it out. */
  readonly fallback?: FieldValue;
}

const single = new Words();

/** Writes the field that `text` presents, or says false. Names in it are whole, but for a single label in `zone`. */
export function parseField(field: Field, text: string, out: Octets, zone?: Name): boolean {
  try {
    single.origin = zone;
    single.labelsOnly = true;
    single.cut(Buffer.from(text), 0, true);
    field.parse(single, out);
    single.finish();
    return true;
  } catch (error) {
    if (error instanceof TextProblem) return false;
    throw error;
  }
}

/** True for an integer of 0 to `max`. */
export function isCount(value: unknown, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
}
