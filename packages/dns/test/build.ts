// Messages made by hand, octet by octet, so that the reader is not tested with what the writer happens to write.
import { Name } from '../src/name.ts';

/** A record in wire form. `name` is text, or octets as they should stand. */
export interface RawRecord {
  readonly name?: string | Uint8Array;
  readonly type: number;
  readonly class?: number;
  readonly ttl?: number;
  readonly rdata?: Uint8Array;
  /** In place of the length of `rdata`. */
  readonly rdlength?: number;
}

export interface RawMessage {
  readonly id?: number;
  readonly flags?: number;
  readonly questions?: readonly { name?: string | Uint8Array; type?: number; class?: number }[];
  readonly answers?: readonly RawRecord[];
  readonly authorities?: readonly RawRecord[];
  readonly additionals?: readonly RawRecord[];
  /** In place of the real counts. */
  readonly counts?: readonly [number, number, number, number];
}

export function build(message: RawMessage): Buffer {
  const {
    id = 0x1234,
    flags = 0x0100,
    questions = [],
    answers = [],
    authorities = [],
    additionals = [],
  } = message;
  const counts = message.counts ?? [
    questions.length,
    answers.length,
    authorities.length,
    additionals.length,
  ];
  return Buffer.concat([
    uint16(id),
    uint16(flags),
    ...counts.map(uint16),
    ...questions.flatMap((each) => [
      nameBytes(each.name ?? 'example.net'),
      uint16(each.type ?? 1),
      uint16(each.class ?? 1),
    ]),
    ...[...answers, ...authorities, ...additionals].map(record),
  ]);
}

/** A query for one name, as a client would send it. */
export function query(
  name: string,
  type = 1,
  more: Partial<RawMessage> & { class?: number } = {},
): Buffer {
  return build({ questions: [{ name, type, class: more.class ?? 1 }], ...more });
}

export function opt(
  options: { size?: number; version?: number; dnssecOk?: boolean; rdata?: Uint8Array } = {},
): RawRecord {
  const { size = 1232, version = 0, dnssecOk = false, rdata } = options;
  return {
    name: '.',
    type: 41,
    class: size,
    ttl: (version << 16) | (dnssecOk ? 0x8000 : 0),
    ...(rdata && { rdata }),
  };
}

/** A TCP frame. */
export function framed(message: Uint8Array): Buffer {
  return Buffer.concat([uint16(message.length), message]);
}

export function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function record(raw: RawRecord): Buffer {
  const { name = 'example.net', type, class: klass = 1, ttl = 0, rdata = Buffer.alloc(0) } = raw;
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(klass, 2);
  fixed.writeUInt32BE(ttl >>> 0, 4);
  fixed.writeUInt16BE(raw.rdlength ?? rdata.length, 8);
  return Buffer.concat([nameBytes(name), fixed, rdata]);
}

function nameBytes(name: string | Uint8Array): Uint8Array {
  return typeof name === 'string' ? Name.parse(name).wire : name;
}
