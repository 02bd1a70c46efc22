// Messages that are nearly right, thrown at everything that reads what strangers send.
import { SeededRandom } from '@hawser/core/testing';
import { buildMessage } from '../../src/message/build-message.ts';
import { fromDnsPacket } from '../../src/message/dns-packet/from-dns-packet.ts';
import { toDnsPacket } from '../../src/message/dns-packet/to-dns-packet.ts';
import { optionIn } from '../../src/message/edns.ts';
import { ednsCodecs } from '../../src/message/edns-option.ts';
import { parseMessage } from '../../src/message/parse-message.ts';
import { nameAt, readMessage, recordsOf } from '../../src/message/reader.ts';
import { type DnsRecord, readRecord } from '../../src/message/record.ts';
import { MessageWriter } from '../../src/message/writer.ts';
import { Type } from '../../src/numbers.ts';
import { tsigKey } from '../../src/tsig/key.ts';
import { Keyring } from '../../src/tsig/keyring.ts';
import { signTsigRequest, signTsigResponse } from '../../src/tsig/sign.ts';
import { TsigStreamVerifier } from '../../src/tsig/tsig-stream.ts';
import { verifyTsig } from '../../src/tsig/verify.ts';
import { verifyTsigResponse } from '../../src/tsig/verify-response.ts';
import { build, opt, type RawRecord } from '../build.ts';
import { worstMessages } from './worst-messages.ts';

/** What came of it. */
export interface FuzzResult {
  readonly parsed: number;
  readonly malformed: number;
  readonly verified: number;
  readonly records: number;
  /** The longest any message took, in milliseconds. Says something only on an idle machine. */
  readonly worstMs: number;
}

const nowSeconds = 1_800_000_000;
const key = tsigKey('key.example', 'hmac-sha256', Buffer.alloc(32, 7));
const keyring = new Keyring([key]);
const writer = new MessageWriter();

/**
 * Mutates `count` messages and reads each in every way.
 * @throws whatever breaks a promise: an exception of a reader, a reading that depends on octets outside of the message, a
 * message that is not the same after it was written again
 */
export function fuzzMessages(count: number, seed: number, now: () => number = () => 0): FuzzResult {
  const random = new SeededRandom(seed);
  const below = (limit: number): number => Math.floor(random.float() * limit);
  const corpus = corpusOf(below);
  const result = { parsed: 0, malformed: 0, verified: 0, records: 0, worstMs: 0 };
  // Twice in larger memory with different octets around: who reads beyond a message sees the difference.
  const arenas = [0x00, 0xff].map((octet) => Buffer.alloc(70_000, octet));
  for (let index = 0; index < count; index++) {
    const bytes = mutated(corpus[below(corpus.length)] ?? Buffer.alloc(0), { corpus, below });
    const [first, second] = arenas.map((arena) => {
      arena.fill(arena[0] ?? 0, 100 + bytes.length, 100 + bytes.length + 300);
      bytes.copy(arena, 100);
      const message = arena.subarray(100, 100 + bytes.length);
      const start = now();
      const seen = readAll(message);
      result.worstMs = Math.max(result.worstMs, now() - start);
      if (!message.equals(bytes)) throw new Error(`a reader wrote: ${bytes.toString('hex')}`);
      return seen;
    });
    if (first === undefined || first.text !== second?.text) {
      throw new Error(`read beyond the message: ${bytes.toString('hex')}`);
    }
    result.parsed += first.parsed ? 1 : 0;
    result.malformed += first.parsed ? 0 : 1;
    result.verified += first.verified ? 1 : 0;
    result.records += first.records;
  }
  return result;
}

/** Reads `bytes` in every way there is; `text` is all that was seen. */
function readAll(bytes: Buffer): {
  text: string;
  parsed: boolean;
  verified: boolean;
  records: number;
} {
  const seen: string[] = [];
  const reading = readMessage(bytes);
  let verified = false;
  let records = 0;
  if (reading.ok) {
    const { message } = reading;
    for (const view of recordsOf(message)) {
      records++;
      const name = nameAt(message, view.nameOffset);
      const record = readRecord(message, view);
      seen.push(`${name} ${view.type} ${record?.rdata?.wire.toString('latin1')}`);
    }
    for (const codec of Object.values(ednsCodecs)) {
      const data = optionIn(bytes, message.edns, codec.code);
      if (data !== undefined) seen.push(JSON.stringify(codec.decode(data)) ?? '-');
    }
    const outcome = verifyTsig(message, { keyring, nowSeconds });
    verified = outcome.kind === 'verified';
    seen.push(
      outcome.kind,
      signTsigResponse(bytes.subarray(0, 12), outcome, { nowSeconds }).toString('latin1'),
    );
    const response = { key, requestMac: Buffer.alloc(32), nowSeconds };
    seen.push(verifyTsigResponse(message, response).kind);
    const stream = new TsigStreamVerifier(response);
    for (let turn = 0; turn < 3; turn++) seen.push(stream.take(message, nowSeconds).kind);
    rewrite(bytes, reading.message);
  }
  const parsed = parseMessage(bytes);
  if ('error' in parsed)
    return { text: `${seen.join()} ${parsed.error}`, parsed: false, verified, records };
  const packet = toDnsPacket(parsed);
  seen.push(JSON.stringify(packet));
  const again = buildMessage(parsed);
  sameMessage(parseMessage(again), parsed, again);
  if ((parsed.edns?.version ?? 0) === 0 && parsed.question?.type !== 0 && !hasType0(parsed)) {
    sameMessage(parseMessage(buildMessage(fromDnsPacket(packet))), parsed, bytes);
  }
  return { text: seen.join(), parsed: true, verified, records };
}

type Parsed = Exclude<ReturnType<typeof parseMessage>, { error: string }>;

/** The shape of dns-packet has no type 0 and no meta types among records. */
function hasType0(message: Parsed): boolean {
  return [...message.answer, ...message.authority, ...message.additional].some(
    ({ type, rdata }) =>
      type === 0 || (rdata !== undefined && (type === Type.OPT || (type >= 128 && type < 256))),
  );
}

function sameMessage(found: ReturnType<typeof parseMessage>, wanted: Parsed, bytes: Buffer): void {
  if (textOf(found) !== textOf(wanted))
    throw new Error(`not the same again: ${bytes.toString('hex')}`);
}

function textOf(message: ReturnType<typeof parseMessage>): string {
  if ('error' in message) return message.error;
  const { id, flags, opcode, rcode, question, answer, authority, additional, edns } = message;
  const lines = [answer, authority, additional].map((records) => records.map(lineOf));
  const rest = edns && { ...edns, version: 0 };
  return JSON.stringify([
    id,
    flags,
    opcode,
    rcode,
    question?.name.key,
    question?.type,
    lines,
    rest,
  ]);
}

function lineOf({ name, type, class: klass, ttl, rdata }: DnsRecord): unknown[] {
  // Compression may change the case of a name.
  return [name.key, type, klass, ttl, rdata?.wire.toString('latin1').toLowerCase()];
}

/** Records that have their places in a message. */
const special: ReadonlySet<number> = new Set([Type.OPT, Type.TSIG, Type.SIG]);

/** Writes a reply to the question with whatever records the message has, into little room. */
function rewrite(bytes: Buffer, message: Parameters<typeof readRecord>[0]): void {
  const { header, question } = message;
  writer.begin({
    id: header.id,
    flags: 0x8000,
    maxBytes: 512,
    reserveBytes: 100,
    edns: { udpSize: 1232, padToBytes: 128 },
  });
  if (question !== undefined) writer.question(bytes, question);
  const kept: DnsRecord[] = [];
  for (const view of recordsOf(message)) {
    const record = readRecord(message, view);
    if (record === undefined || special.has(record.type)) continue;
    // Some do not fit: what was written of them must not be pointed to.
    if (writer.record('answer', record)) kept.push(record);
  }
  const reply = writer.finish(0);
  if (reply.length > 412) throw new Error(`a reply of ${reply.length} octets`);
  const again = parseMessage(reply);
  if (
    'error' in again ||
    JSON.stringify(again.answer.map(lineOf)) !== JSON.stringify(kept.map(lineOf))
  ) {
    throw new Error(`another reply than was written: ${reply.toString('hex')}`);
  }
}

interface Material {
  readonly corpus: readonly Buffer[];
  readonly below: (limit: number) => number;
}

/** One to four changes: octets, 16-bit numbers, pointers, parts cut out, doubled, or taken from another message. */
function mutated(original: Buffer, { corpus, below }: Material): Buffer {
  let bytes = Buffer.from(original);
  for (let left = below(4); left >= 0; left--) {
    const at = below(bytes.length);
    switch (below(9)) {
      case 0:
        bytes[at] = below(256);
        break;
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 2:
        bytes[at] = [0, 1, 0x3f, 0x40, 0x7f, 0xc0, 0xff][below(7)] ?? 0;
        break;
      case 3:
        if (at + 2 <= bytes.length) bytes.writeUInt16BE(below(0x10000), at);
        break;
      case 4:
        if (at + 2 <= bytes.length) bytes.writeUInt16BE(0xc000 | below(bytes.length + 4), at);
        break;
      case 5:
        bytes = bytes.subarray(0, at);
        break;
      case 6:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(below(at + 1))]);
        break;
      case 7: {
        const other = corpus[below(corpus.length)] ?? bytes;
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(below(other.length))]);
        break;
      }
      default:
        // The counts: what records are there is worth reading.
        bytes[4 + below(8)] = below(4);
    }
    if (bytes.length === 0) return bytes;
  }
  return bytes.subarray(0, 4096);
}

/** Data of every type that has a shape, with names whole and compressed. */
const shapes: [number, string][] = [
  [1, 'c0000201'],
  [2, 'c00c'],
  [5, '0161c00c'],
  [6, 'c00c 01 61c00c 00000001000000020000000300000004 00000005'.replaceAll(' ', '')],
  [11, 'c000020106ff80'],
  [12, 'c00c'],
  [13, '0356415804556e6978'],
  [14, 'c00cc00c'],
  [15, '000ac00c'],
  [16, '0568656c6c6f00'],
  [17, 'c00cc00c'],
  [18, '0001c00c'],
  [24, '000105020000000a5f0000005e0000000001c00caabb'],
  [26, '000ac00cc00c'],
  [28, '20010db8000000000000000000000001'],
  [29, '0012161389171d5870be15f08098 8d2a'.replaceAll(' ', '')],
  [30, 'c00c4002'],
  [33, '000100020003c00c'],
  [35, '00010002017300036162 63c00c'.replaceAll(' ', '')],
  [37, '00010002030405'],
  [42, '000118 03c00002'.replaceAll(' ', '')],
  [43, '00010d02' + '11'.repeat(32)],
  [44, '0402' + '22'.repeat(32)],
  [45, '0a0102c0000201' + '33'.repeat(8)],
  [46, '00010d020000000a5f0000005e0000000001076578616d706c6500aabb'],
  [47, '076578616d706c6500000140'],
  [48, '01010 30d'.replaceAll(' ', '') + '44'.repeat(64)],
  [50, '01000005041122334414' + '55'.repeat(20) + '000140'],
  [51, '010000050411223344'],
  [52, '030101' + '66'.repeat(32)],
  [55, '0402000 81111'.replaceAll(' ', '') + '77'.repeat(9)],
  [61, '9901'],
  [62, '0000000100030001 40'.replaceAll(' ', '')],
  [63, '000000010101' + '88'.repeat(48)],
  [64, '0001076578616d706c6500000100030268320003000201bb'],
  [65, '000100000100030268330004 0004c0000201'.replaceAll(' ', '')],
  [99, '0568656c6c6f'],
  [104, '00010014000020130ab0'],
  [108, '00005e005301'],
  [256, '000a0001' + '687474703a2f2f61'],
  [257, '0005697373756563612e6578616d706c65'],
  [260, '0a03076578616d706c6500'],
  [65_280, 'c00cc00c'],
];

function corpusOf(below: (limit: number) => number): Buffer[] {
  const records: RawRecord[] = shapes.map(([type, data]) => ({
    name: Buffer.of(0xc0, 12),
    type,
    ttl: 60,
    rdata: Buffer.from(data, 'hex'),
  }));
  const options = Buffer.from(
    '000300036e7331000800070001180 0c00002000a000801020304050607080000b000200640000c000400000000000f0004001768690002000400000e10'.replaceAll(
      ' ',
      '',
    ),
    'hex',
  );
  const some = (): RawRecord[] =>
    Array.from({ length: below(5) }, () => records[below(records.length)] as RawRecord);
  const singles = records.map((record) =>
    build({ flags: 0x8400, questions: [{}], answers: [record] }),
  );
  const mixed = Array.from({ length: 200 }, () =>
    build({
      flags: below(0x10000),
      questions: below(9) === 0 ? [] : [{ name: 'WwW.example.net', type: below(300) }],
      answers: some(),
      authorities: some(),
      additionals: [
        ...some(),
        ...(below(2) ? [opt({ size: 1232, rdata: below(2) ? options : Buffer.alloc(0) })] : []),
      ],
    }),
  );
  const update = build({
    flags: 0x2800,
    questions: [{ type: 6 }],
    answers: [{ name: Buffer.of(0xc0, 12), type: 255, class: 255 }],
    authorities: [
      { name: Buffer.of(1, 97, 0xc0, 12), type: 1, class: 254, rdata: Buffer.alloc(4) },
      ...records.slice(0, 3),
    ],
  });
  const plain = [...singles, ...mixed, update];
  const signed = plain.map((message) => signTsigRequest(message, { key, nowSeconds }).bytes);
  const worst = Object.values(worstMessages(600));
  return [...plain, ...signed, ...worst];
}
