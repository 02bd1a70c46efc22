// The packets on which servers differ, and what is right: each test is named after its packet.
import { describe, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { Rcode, Type } from '../../src/numbers.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { Zone } from '../../src/zone/zone.ts';
import { build, opt, query, type RawMessage } from '../build.ts';
import { type ReadReply, readReply } from '../read-reply.ts';
import { responderFor } from './responder-for.ts';

const origin = Name.parse('example.net');
const zone = Zone.of(origin, [
  ...newZone(origin).rrsets(),
  createRRset(Name.parse('www.example.net'), Type.A, { ttl: 60, values: ['192.0.2.1'] }),
  createRRset(Name.parse('many.example.net'), Type.A, {
    ttl: 60,
    values: Array.from({ length: 100 }, (_, index) => `192.0.2.${index}`),
  }),
]);

/** What a reply must be; `drop` is none. */
interface Expected extends Partial<ReadReply> {
  /** Octets of the whole reply. */
  readonly length?: number;
}

const question = { name: 'www.example.net' };
const soa = { name: 'example.net', type: Type.SOA };
const cookie = opt({ rdata: Buffer.from('000a00080102030405060708', 'hex') });
const asked = (message: RawMessage): Buffer => build({ questions: [question], ...message });
const none: readonly string[] = [];
const refusal = (rcode: number): Expected => ({ rcode, aa: false, answer: none, authority: none });
const header = (rcode: number): Expected => ({ rcode, length: 12, counts: [0, 0, 0, 0] });
const updateFlags = 0x2800;
const notifyFlags = 0x2000;

const table: readonly (readonly [string, Buffer, 'drop' | Expected])[] = [
  ['2 questions', build({ questions: [question, question] }), header(Rcode.FormErr)],
  ['0 questions', build({}), header(Rcode.FormErr)],
  [
    '0 questions with a cookie',
    build({ additionals: [cookie] }),
    {
      rcode: Rcode.NoError,
      counts: [0, 0, 0, 1],
      edns: { udpSize: 1232, version: 0, dnssecOk: false },
    },
  ],
  ['QR set', query('www.example.net', 1, { flags: 0x8100 }), 'drop'],
  ['11 octets', query('www.example.net').subarray(0, 11), 'drop'],
  ['opcode 15', asked({ flags: 0x7900 }), { ...header(Rcode.NotImp), flags: 0xf804 }],
  ['opcode STATUS', asked({ flags: 0x1100 }), { ...header(Rcode.NotImp), flags: 0x9004 }],
  ['opcode IQUERY', asked({ flags: 0x0900 }), { ...header(Rcode.NotImp), flags: 0x8804 }],
  ['UPDATE, not allowed', build({ flags: updateFlags, questions: [soa] }), refusal(Rcode.Refused)],
  [
    'UPDATE of a zone that is not ours',
    build({ flags: updateFlags, questions: [{ ...soa, name: 'example.org' }] }),
    refusal(Rcode.NotAuth),
  ],
  [
    'NOTIFY to the primary',
    build({ flags: notifyFlags, questions: [soa] }),
    refusal(Rcode.Refused),
  ],
  [
    'NOTIFY of a zone that is not ours',
    build({ flags: notifyFlags, questions: [{ ...soa, name: 'example.org' }] }),
    refusal(Rcode.NotAuth),
  ],
  ['class CH', query('version.bind', Type.TXT, { class: 3 }), refusal(Rcode.Refused)],
  ['class NONE', query('www.example.net', 1, { class: 254 }), refusal(Rcode.Refused)],
  [
    'class ANY',
    query('www.example.net', 1, { class: 255 }),
    { rcode: Rcode.NoError, aa: false, answer: ['www.example.net 60 A 192.0.2.1'] },
  ],
  ['name not ours', query('www.example.org'), refusal(Rcode.Refused)],
  ['2 OPT', asked({ additionals: [opt(), opt()] }), refusal(Rcode.FormErr)],
  ['OPT in the answer section', asked({ answers: [opt()] }), refusal(Rcode.FormErr)],
  [
    'OPT with a bad length',
    asked({ additionals: [{ ...opt(), rdlength: 4 }] }),
    refusal(Rcode.FormErr),
  ],
  [
    'OPT owner not the root',
    asked({ additionals: [{ ...opt(), name: 'x' }] }),
    refusal(Rcode.FormErr),
  ],
  [
    'OPT version 1',
    asked({ additionals: [opt({ version: 1 })] }),
    { ...refusal(Rcode.BadVers), edns: { udpSize: 1232, version: 0, dnssecOk: false } },
  ],
  [
    'forward pointer',
    build({ questions: [{ name: Buffer.from([0xc0, 0x20]) }] }),
    header(Rcode.FormErr),
  ],
  [
    'label of 64',
    build({ questions: [{ name: Buffer.from([64, ...Buffer.alloc(64, 97), 0]) }] }),
    header(Rcode.FormErr),
  ],
  ['header only, one question counted', build({ counts: [1, 0, 0, 0] }), header(Rcode.FormErr)],
  [
    'header only, all counts 65535',
    build({ counts: [65_535, 65_535, 65_535, 65_535] }),
    header(Rcode.FormErr),
  ],
  [
    'RRset of 100 A for 1232 octets of UDP',
    query('many.example.net', 1, { additionals: [opt({ size: 1232 })] }),
    { rcode: Rcode.NoError, tc: true, aa: true, answer: none, length: 12 + 22 + 11 },
  ],
];

describe('odd packets', () => {
  const server = responderFor(zone);

  const dropped = table.filter(([, , expected]) => expected === 'drop');
  const answered = table.flatMap(([name, packet, expected]) =>
    expected === 'drop' ? [] : [[name, packet, expected] as const],
  );

  test.each(dropped)('%s', (_, packet) => {
    expect(server.answer(packet)).toBeUndefined();
  });

  test.each(answered)('%s', (_, packet, expected) => {
    const reply = server.answer(packet);
    const { length = reply?.length, ...fields } = expected;
    expect(readReply(reply)).toMatchObject(fields);
    expect(reply).toHaveLength(length ?? 0);
    expect(server.reports.problems).toEqual([]);
  });

  test.each(answered.filter(([, , { rcode }]) => rcode === Rcode.FormErr))(
    '%s: FORMERR is limited like any other reply',
    (_, packet) => {
      const limited = responderFor(zone, { rateLimit: { repliesPerSecond: 5, slip: 0 } });
      const replies = Array.from({ length: 20 }, () => limited.answer(packet));
      expect(replies.filter((reply) => reply !== undefined)).toHaveLength(5);
    },
  );
});

describe('the order of intake', () => {
  const server = responderFor(zone);
  const rcodeOf = (packet: Buffer): number => readReply(server.answer(packet)).rcode;

  test('2: counts that cannot be are FORMERR before the opcode is looked at', () => {
    expect(rcodeOf(build({ flags: 0x7800, counts: [0, 9, 9, 9] }))).toBe(Rcode.FormErr);
  });

  test('3: an unknown opcode is NOTIMP before the question is looked at', () => {
    expect(rcodeOf(build({ flags: 0x7800, questions: [question, question] }))).toBe(Rcode.NotImp);
  });

  test('4: records in answer and authority are ignored, but walked', () => {
    expect(rcodeOf(asked({ answers: [{ type: 1, rdata: Buffer.alloc(4) }] }))).toBe(Rcode.NoError);
    expect(rcodeOf(asked({ authorities: [{ type: 1, rdlength: 400 }] }))).toBe(Rcode.FormErr);
  });

  test('5: options must tile the data of OPT', () => {
    const rdata = Buffer.from([0, 3, 0, 9, 1]);
    expect(rcodeOf(asked({ additionals: [opt({ rdata })] }))).toBe(Rcode.FormErr);
  });

  test('5: octets after the message are ignored', () => {
    expect(rcodeOf(Buffer.concat([asked({}), Buffer.from('rubbish')]))).toBe(Rcode.NoError);
  });

  test('6: OPT comes back only to who sent one, with our size, DO copied, Z and unknown options not', () => {
    expect(readReply(server.answer(asked({}))).edns).toBeUndefined();
    const unknown = opt({
      size: 4096,
      dnssecOk: true,
      rdata: Buffer.from('fde90003010203', 'hex'),
    });
    const reply = server.answer(asked({ additionals: [{ ...unknown, ttl: 0xbfff }] }));
    expect(reply?.subarray(-11).toString('hex')).toBe('00002904d0000080000000');
  });

  test('6: AD, CD, RA and Z do not come back, RD does', () => {
    expect(readReply(server.answer(asked({ flags: 0x07f0 }))).flags).toBe(0x8500);
  });

  test.each([
    ['0', 0, Rcode.FormErr],
    ['OPT', Type.OPT, Rcode.FormErr],
    ['TSIG', Type.TSIG, Rcode.FormErr],
    ['TKEY', Type.TKEY, Rcode.FormErr],
    ['MAILA', Type.MAILA, Rcode.NotImp],
    ['MAILB', Type.MAILB, Rcode.NotImp],
    ['AXFR', Type.AXFR, Rcode.FormErr],
  ])('7: type %s over UDP', (_, type, rcode) => {
    expect(rcodeOf(query('example.net', type))).toBe(rcode);
  });

  test('8: a signature is verified before the zone is looked for', () => {
    const tsig = Buffer.concat([
      Name.parse('hmac-sha256').wire,
      Buffer.from('000000000000012c0020', 'hex'),
      Buffer.alloc(32),
      Buffer.from('123400000000', 'hex'),
    ]);
    const packet = query('example.org', 1, {
      additionals: [{ name: 'nobody', type: Type.TSIG, class: 255, rdata: tsig }],
    });
    expect(rcodeOf(packet)).toBe(Rcode.NotAuth);
  });

  test('8: what a handler throws is SERVFAIL', () => {
    const broken = responderFor(() => {
      throw new Error('the database is gone');
    });
    expect(readReply(broken.answer(asked({}))).rcode).toBe(Rcode.ServFail);
  });
});
