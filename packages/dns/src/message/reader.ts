// Reads a message without believing it: everything is checked against the bounds, nothing is allocated by a count, and
// no content throws. A plain query costs its question and its OPT; records are looked at again only when asked for.
import { foldedKey, type Name, plainNameEnd } from '../name.ts';
import { Class, Rcode, Type } from '../numbers.ts';
import { type Edns, readEdns } from './edns.ts';
import { countsFit, HEADER_BYTES, type Header, readHeader } from './header.ts';
import { type NameBudget, nameBudget, readName, skipName } from './packet-name.ts';

/** Octets between the name and the RDATA of a record. */
const FIXED_BYTES = 10;

/** The question of a message. Its name begins at octet 12 and cannot be compressed, as nothing is before it. */
export interface Question {
  /** {@link Name.key} of the name asked for. */
  readonly key: string;
  /** Where the name ends and its type begins. */
  readonly nameEnd: number;
  /** Where the question ends. */
  readonly end: number;
  readonly type: number;
  readonly class: number;
}

/** The sections that hold records, in their order on the wire. */
export type Section = 'answer' | 'authority' | 'additional';

/** A record in place: bounds that were checked, and numbers. */
export interface RecordView {
  readonly section: Section;
  readonly nameOffset: number;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly rdataOffset: number;
  readonly rdataLength: number;
}

/** A message that keeps every rule of the format. */
export interface Message {
  readonly bytes: Buffer;
  readonly header: Header;
  readonly question: Question | undefined;
  readonly edns: Edns | undefined;
  /** Where a TSIG or SIG(0) record begins, if the message is signed. */
  readonly signatureOffset: number | undefined;
  /** Where the records begin. */
  readonly recordsOffset: number;
  /** Spent by every name that is read, so read each once. */
  readonly budget: NameBudget;
}

/** A {@link Message}, or the response code it deserves. Without a header there is nobody to answer. */
export type Reading =
  | { readonly ok: true; readonly message: Message }
  | {
      readonly ok: false;
      readonly rcode: number;
      readonly header: Header | undefined;
      /** The question, if the mistake came after it. */
      readonly question: Question | undefined;
    };

/** Reads one whole message. Trailing octets are ignored. Never throws; `bytes` is kept, not copied. */
export function readMessage(bytes: Buffer): Reading {
  const header = readHeader(bytes);
  if (header === undefined || !countsFit(header, bytes.length) || header.questions > 1) {
    return { ok: false, rcode: Rcode.FormErr, header, question: undefined };
  }
  const question = header.questions === 1 ? readQuestion(bytes) : undefined;
  if (header.questions === 1 && question === undefined) {
    return { ok: false, rcode: Rcode.FormErr, header, question };
  }
  const recordsOffset = question?.end ?? HEADER_BYTES;
  const records = header.answers + header.authorities + header.additionals;
  const message = {
    bytes,
    header,
    question,
    edns: undefined as Edns | undefined,
    signatureOffset: undefined as number | undefined,
    recordsOffset,
    budget: nameBudget(bytes.length),
  };
  if (records > 0 && !walkRecords(message))
    return { ok: false, rcode: Rcode.FormErr, header, question };
  return { ok: true, message };
}

/** The records of `message`, or of one section, OPT and signatures included. */
export function* recordsOf(
  message: Message,
  only?: Section,
): Generator<RecordView, void, undefined> {
  const { bytes, header } = message;
  let nameOffset = message.recordsOffset;
  for (const [section, count] of sections(header)) {
    for (let index = 0; index < count; index++) {
      const fixed = skipName(bytes, nameOffset);
      const rdataLength = bytes.readUInt16BE(fixed + 8);
      const rdataOffset = fixed + FIXED_BYTES;
      if (only === undefined || only === section) {
        yield {
          section,
          nameOffset,
          type: bytes.readUInt16BE(fixed),
          class: bytes.readUInt16BE(fixed + 2),
          ttl: bytes.readUInt32BE(fixed + 4),
          rdataOffset,
          rdataLength,
        };
      }
      nameOffset = rdataOffset + rdataLength;
    }
  }
}

/** The name at `offset`, or undefined if it is malformed or the message has spent what its names may cost. */
export function nameAt(message: Message, offset: number): Name | undefined {
  return readName(message.bytes, offset, message.budget);
}

function sections(header: Header): readonly [Section, number][] {
  return [
    ['answer', header.answers],
    ['authority', header.authorities],
    ['additional', header.additionals],
  ];
}

function readQuestion(bytes: Buffer): Question | undefined {
  const nameEnd = plainNameEnd(bytes, HEADER_BYTES);
  if (nameEnd < 0 || nameEnd + 4 > bytes.length) return undefined;
  return {
    key: foldedKey(bytes, HEADER_BYTES, nameEnd),
    nameEnd,
    end: nameEnd + 4,
    type: bytes.readUInt16BE(nameEnd),
    class: bytes.readUInt16BE(nameEnd + 2),
  };
}

interface Walk {
  readonly bytes: Buffer;
  readonly header: Header;
  readonly recordsOffset: number;
  edns: Edns | undefined;
  signatureOffset: number | undefined;
}

/** Checks every record by its RDLENGTH and picks out OPT and signature. False is FORMERR. */
function walkRecords(walk: Walk): boolean {
  const { bytes, header } = walk;
  const firstAdditional = header.answers + header.authorities;
  const count = firstAdditional + header.additionals;
  let at = walk.recordsOffset;
  for (let index = 0; index < count; index++) {
    const fixed = skipName(bytes, at);
    if (fixed < 0 || fixed + FIXED_BYTES > bytes.length) return false;
    const rdataLength = bytes.readUInt16BE(fixed + 8);
    const end = fixed + FIXED_BYTES + rdataLength;
    if (end > bytes.length) return false;
    const type = bytes.readUInt16BE(fixed);
    if (type === Type.OPT) {
      // One, with the root as its owner, in the additional section (RFC 6891 §6.1.1).
      if (walk.edns !== undefined || index < firstAdditional || bytes[at] !== 0) return false;
      walk.edns = readEdns(bytes, fixed + 2, rdataLength);
      if (walk.edns === undefined) return false;
    } else if (isSignature(bytes, type, fixed, rdataLength)) {
      // Last of the additional section (RFC 8945 §5.1, RFC 2931 §3.1).
      if (index < firstAdditional || index !== count - 1) return false;
      walk.signatureOffset = at;
    }
    at = end;
  }
  return true;
}

function isSignature(bytes: Buffer, type: number, fixed: number, rdataLength: number): boolean {
  if (type === Type.TSIG) return true;
  // A SIG that covers type 0 signs the message; any other is an ordinary, ancient record.
  return (
    type === Type.SIG &&
    bytes.readUInt16BE(fixed + 2) === Class.ANY &&
    rdataLength >= 2 &&
    bytes.readUInt16BE(fixed + FIXED_BYTES) === 0
  );
}
