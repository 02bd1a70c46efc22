import { describe, expect, test } from 'vitest';
import type { Authority } from '../../src/contract/handler.ts';
import { Name } from '../../src/name.ts';
import { Rcode, Type } from '../../src/numbers.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { Zone } from '../../src/zone/zone.ts';
import { build, opt, query, type RawMessage } from '../build.ts';
import { readReply } from '../read-reply.ts';
import { oneMessage } from './one-message.ts';
import { responderFor } from './responder-for.ts';

const origin = Name.parse('example.net');
const many = Array.from({ length: 100 }, (_, index) => `192.0.2.${index}`);
const zone = Zone.of(origin, [
  ...newZone(origin).rrsets(),
  createRRset(Name.parse('www.example.net'), Type.A, { ttl: 60, values: ['192.0.2.1'] }),
  createRRset(Name.parse('many.example.net'), Type.A, { ttl: 60, values: many }),
  createRRset(Name.parse('ten.example.net'), Type.A, { ttl: 60, values: many.slice(0, 30) }),
  createRRset(origin, Type.MX, {
    ttl: 60,
    values: Array.from({ length: 25 }, (_, index) => `10 m${index}.example.net`),
  }),
  ...Array.from({ length: 25 }, (_, index) =>
    createRRset(Name.parse(`m${index}.example.net`), Type.A, { ttl: 60, values: many.slice(0, 4) }),
  ),
  createRRset(Name.parse('sub.example.net'), Type.NS, {
    ttl: 60,
    values: Array.from({ length: 12 }, (_, index) => `server-number-${index}.sub.example.net`),
  }),
  ...Array.from({ length: 12 }, (_, index) =>
    createRRset(Name.parse(`server-number-${index}.sub.example.net`), Type.A, {
      ttl: 60,
      values: many.slice(0, 4),
    }),
  ),
]);
const responder = responderFor([zone]);
const cookie = Buffer.from('000a00080102030405060708', 'hex');
const question = { name: 'www.example.net' };
const soaQuestion = { name: 'example.net', type: Type.SOA };

describe('silence', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['11 octets', query('www.example.net').subarray(0, 11)],
    ['a response', query('www.example.net', 1, { flags: 0x8400 })],
    [
      'a response with impossible counts',
      build({ flags: 0x8000, counts: [65535, 65535, 65535, 65535] }),
    ],
  ])('is the reply to %s', (_, bytes) => {
    expect(responder.answer(bytes)).toBeUndefined();
  });
});

describe('twelve octets', () => {
  test.each<[string, Buffer, number, number]>([
    ['all counts 65535', build({ counts: [65535, 65535, 65535, 65535] }), Rcode.FormErr, 0x8101],
    ['a question that is not there', build({ counts: [1, 0, 0, 0] }), Rcode.FormErr, 0x8101],
    [
      'records that are not there',
      build({ questions: [question], counts: [1, 0, 0, 9] }),
      Rcode.FormErr,
      0x8101,
    ],
    [
      'more than 4096 octets over UDP',
      Buffer.concat([query('www.example.net'), Buffer.alloc(4096)]),
      Rcode.FormErr,
      0x8101,
    ],
    ['two questions', build({ questions: [question, question] }), Rcode.FormErr, 0x8101],
    ['no question', build({}), Rcode.FormErr, 0x8101],
    [
      'a forward pointer',
      build({ questions: [{ name: Buffer.from([0xc0, 0x20]) }] }),
      Rcode.FormErr,
      0x8101,
    ],
    [
      'a pointer into the header',
      build({ questions: [{ name: Buffer.from([0xc0, 0x00]) }] }),
      Rcode.FormErr,
      0x8101,
    ],
    [
      'a label of 64',
      build({ questions: [{ name: Buffer.from([64, ...Buffer.alloc(64, 97), 0]) }] }),
      Rcode.FormErr,
      0x8101,
    ],
    [
      'a name of 256',
      build({
        questions: [{ name: Buffer.from(`${'\x3f'.padEnd(64, 'x').repeat(4)}\0`, 'latin1') }],
      }),
      Rcode.FormErr,
      0x8101,
    ],
    ['IQUERY', query('www.example.net', 1, { flags: 0x0900 }), Rcode.NotImp, 0x8804],
    ['STATUS', query('www.example.net', 1, { flags: 0x1100 }), Rcode.NotImp, 0x9004],
    ['opcode 15', query('www.example.net', 1, { flags: 0x7b70 }), Rcode.NotImp, 0xf804],
  ])('answer %s', (_, bytes, rcode, flags) => {
    const reply = responder.answer(bytes);
    expect(reply).toHaveLength(12);
    expect(readReply(reply)).toMatchObject({ id: 0x1234, rcode, flags, counts: [0, 0, 0, 0] });
  });
});

describe('a question without an answer', () => {
  test.each<[string, RawMessage, number]>([
    ['two OPT', { questions: [question], additionals: [opt(), opt()] }, Rcode.FormErr],
    ['OPT in the answer section', { questions: [question], answers: [opt()] }, Rcode.FormErr],
    [
      'OPT with an owner',
      { questions: [question], additionals: [{ ...opt(), name: 'x' }] },
      Rcode.FormErr,
    ],
    [
      'OPT whose length is too long',
      { questions: [question], additionals: [{ ...opt(), rdlength: 4 }] },
      Rcode.FormErr,
    ],
    [
      'an option past the end of OPT',
      { questions: [question], additionals: [opt({ rdata: Buffer.from([0, 3, 0, 9, 1]) })] },
      Rcode.FormErr,
    ],
    [
      'half an option',
      { questions: [question], additionals: [opt({ rdata: Buffer.from([0, 3, 0]) })] },
      Rcode.FormErr,
    ],
    [
      'a cookie of 7',
      {
        questions: [question],
        additionals: [opt({ rdata: Buffer.from('000a000701020304050607', 'hex') })],
      },
      Rcode.FormErr,
    ],
    [
      'TSIG before the end',
      { questions: [question], additionals: [{ type: 250, class: 255 }, opt()] },
      Rcode.FormErr,
    ],
    [
      'TSIG in the answer section',
      { questions: [question], answers: [{ type: 250, class: 255 }] },
      Rcode.FormErr,
    ],
    [
      'TSIG without data',
      { questions: [question], additionals: [{ type: 250, class: 255 }] },
      Rcode.FormErr,
    ],
    [
      'a record past the end',
      { questions: [question], answers: [{ type: 1, rdlength: 40 }] },
      Rcode.FormErr,
    ],
    [
      'class CH',
      { questions: [{ name: 'version.bind', type: Type.TXT, class: 3 }] },
      Rcode.Refused,
    ],
    ['class NONE', { questions: [{ ...question, class: 254 }] }, Rcode.Refused],
    ['a name that is not ours', { questions: [{ name: 'example.org' }] }, Rcode.Refused],
    ['the root', { questions: [{ name: '.' }] }, Rcode.Refused],
    ['type 0', { questions: [{ ...question, type: 0 }] }, Rcode.FormErr],
    ['type OPT', { questions: [{ ...question, type: 41 }] }, Rcode.FormErr],
    ['type TSIG', { questions: [{ ...question, type: 250 }] }, Rcode.FormErr],
    ['type TKEY', { questions: [{ ...question, type: 249 }] }, Rcode.FormErr],
    ['type MAILA', { questions: [{ ...question, type: 254 }] }, Rcode.NotImp],
    ['type MAILB', { questions: [{ ...question, type: 253 }] }, Rcode.NotImp],
    ['AXFR on UDP', { questions: [{ name: 'example.net', type: 252 }] }, Rcode.FormErr],
    ['UPDATE of our zone', { flags: 0x2800, questions: [soaQuestion] }, Rcode.Refused],
    [
      'UPDATE of another zone',
      { flags: 0x2800, questions: [{ name: 'example.org', type: Type.SOA }] },
      Rcode.NotAuth,
    ],
    ...[3, 254, 255].flatMap((klass): [string, RawMessage, number][] => [
      [
        `UPDATE of our zone in class ${klass}`,
        { flags: 0x2800, questions: [{ ...soaQuestion, class: klass }] },
        Rcode.NotAuth,
      ],
      [
        `NOTIFY of our zone in class ${klass}`,
        { flags: 0x2000, questions: [{ ...soaQuestion, class: klass }] },
        Rcode.NotAuth,
      ],
    ]),
    ['UPDATE whose zone is no SOA', { flags: 0x2800, questions: [question] }, Rcode.FormErr],
    ['NOTIFY of our zone', { flags: 0x2000, questions: [soaQuestion] }, Rcode.Refused],
    [
      'NOTIFY of another zone',
      { flags: 0x2000, questions: [{ name: 'example.org', type: Type.SOA }] },
      Rcode.NotAuth,
    ],
  ])('%s', (_, message, rcode) => {
    const reply = readReply(responder.answer(build(message)));
    const opcode = (message.flags ?? 0) & 0x7800;
    const rd = message.flags === undefined ? 0x0100 : 0;
    expect(reply.flags).toBe(0x8000 | opcode | rd | rcode);
    expect(reply).toMatchObject({ rcode, answer: [], authority: [], additional: [] });
    expect(reply.counts[0]).toBe(1);
  });

  test('AXFR on TCP is refused', () => {
    expect(readReply(responder.answer(query('example.net', Type.AXFR), 'tcp')).rcode).toBe(
      Rcode.Refused,
    );
  });
});

describe('EDNS', () => {
  test('OPT comes back only if it was sent, with our size, version 0 and DO', () => {
    expect(readReply(responder.answer(query('www.example.net'))).edns).toBeUndefined();
    const reply = responder.answer(
      query('www.example.net', 1, { additionals: [opt({ size: 4096, dnssecOk: true })] }),
    );
    expect(readReply(reply).edns).toEqual({ udpSize: 1232, version: 0, dnssecOk: true });
  });

  test('version 1 is BADVERS with version 0', () => {
    const reply = readReply(
      responder.answer(query('www.example.net', 1, { additionals: [opt({ version: 1 })] })),
    );
    expect(reply).toMatchObject({
      rcode: Rcode.BadVers,
      aa: false,
      answer: [],
      edns: { version: 0 },
    });
  });

  test('a cookie without a question is NOERROR with OPT', () => {
    const reply = readReply(responder.answer(build({ additionals: [opt({ rdata: cookie })] })));
    expect(reply).toMatchObject({ rcode: 0, counts: [0, 0, 0, 1], edns: { version: 0 } });
    expect(readReply(responder.answer(build({ additionals: [opt()] }))).rcode).toBe(Rcode.FormErr);
  });

  test('unknown options and flags are not repeated', () => {
    const rdata = Buffer.from('fde90003010203', 'hex');
    const reply = responder.answer(
      query('www.example.net', 1, { additionals: [{ ...opt({ rdata }), ttl: 0x7fff }] }),
    );
    expect(reply?.subarray(-11).toString('hex')).toBe('00002904d0000000000000');
  });
});

test('trailing octets and records before the question mark are tolerated', () => {
  const tail = Buffer.concat([query('www.example.net'), Buffer.from('rubbish')]);
  expect(readReply(responder.answer(tail)).answer).toHaveLength(1);
  const ixfrLike = query('www.example.net', 1, {
    authorities: [{ type: 6, rdata: Buffer.alloc(3) }],
    answers: [{ type: 99 }],
  });
  expect(readReply(responder.answer(ixfrLike)).answer).toHaveLength(1);
});

test('AD, CD, RA, Z and AA of the question do not come back, RD does', () => {
  expect(readReply(responder.answer(query('www.example.net', 1, { flags: 0x07f0 }))).flags).toBe(
    0x8500,
  );
});

test('class ANY is answered without AA', () => {
  const reply = readReply(responder.answer(query('www.example.net', 1, { class: 255 })));
  expect(reply).toMatchObject({ rcode: 0, aa: false, answer: ['www.example.net 60 A 192.0.2.1'] });
});

describe('size', () => {
  const ask = (
    name: string,
    type: number,
    size: number | undefined,
    transport: 'udp' | 'tcp' = 'udp',
  ) => {
    const additionals = size === undefined ? [] : [opt({ size })];
    const reply = responder.answer(query(name, type, { additionals }), transport);
    return { bytes: reply?.length ?? 0, ...readReply(reply) };
  };

  test.each([
    ['512 without EDNS', undefined, 512],
    ['512 for less than 512', 100, 512],
    ['1232 for more', 65535, 1232],
  ])('UDP replies have at most %s', (_, size, limit) => {
    const reply = ask('many.example.net', Type.A, size);
    expect(reply).toMatchObject({
      tc: true,
      aa: true,
      rcode: 0,
      answer: [],
      authority: [],
      additional: [],
    });
    expect(reply.counts.slice(0, 3)).toEqual([1, 0, 0]);
    expect(reply.bytes).toBeLessThan(limit);
  });

  test('what fits exactly is not truncated, one octet less is', () => {
    // Header 12, question 21, 30 addresses of 16, OPT 11.
    const exact = 12 + 21 + 30 * 16 + 11;
    expect(ask('ten.example.net', Type.A, exact)).toMatchObject({ tc: false, bytes: exact });
    expect(ask('ten.example.net', Type.A, exact - 1)).toMatchObject({
      tc: true,
      bytes: 12 + 21 + 11,
    });
    expect(ask('ten.example.net', Type.A, undefined).tc).toBe(true);
  });

  test('TCP carries all', () => {
    expect(ask('many.example.net', Type.A, undefined, 'tcp')).toMatchObject({
      tc: false,
      counts: [1, 100, 0, 0],
    });
  });

  test('addresses that are only useful are left out without TC, whole RRsets at a time', () => {
    const reply = ask('example.net', Type.MX, 1232);
    expect(reply.tc).toBe(false);
    expect(reply.answer).toHaveLength(25);
    expect(reply.additional.length).toBeGreaterThan(0);
    expect(reply.additional.length).toBeLessThan(100);
    expect(reply.additional.length % 4).toBe(0);
    expect(reply.bytes).toBeLessThanOrEqual(1232);
  });

  test('glue that does not fit is TC', () => {
    expect(ask('x.sub.example.net', Type.A, 700)).toMatchObject({
      tc: true,
      aa: false,
      answer: [],
      authority: [],
    });
    expect(ask('x.sub.example.net', Type.A, 1232)).toMatchObject({ tc: false, aa: false });
    expect(ask('x.sub.example.net', Type.A, 1232).additional).toHaveLength(48);
  });
});

describe('a fault of ours', () => {
  const broken = (handle: Authority['handle']) => responderFor([{ origin, handle }]);

  test('a throw is SERVFAIL with the question, and reported', () => {
    const server = broken(() => {
      throw new Error('the database is gone');
    });
    const packet = query('www.example.net', Type.A, { additionals: [opt()] });
    expect(readReply(server.answer(packet))).toMatchObject({
      rcode: Rcode.ServFail,
      aa: false,
      counts: [1, 0, 0, 1],
    });
    expect(server.reports.problems).toMatchObject([
      { where: 'dns.respond', error: { message: 'the database is gone' } },
    ]);
  });

  test('a rejection is SERVFAIL with the question, and reported', async () => {
    const server = broken(() => Promise.reject(new Error('the database is gone')));
    const reply = readReply(oneMessage(await server.respond(query('www.example.net'))));
    expect(reply).toMatchObject({ rcode: Rcode.ServFail, counts: [1, 0, 0, 0] });
    expect(server.reports.problems).toHaveLength(1);
  });
});

test('two zones of one origin, or none, cannot be served', () => {
  expect(() => responderFor([zone, zone])).toThrow('Cannot serve zones');
  expect(() => responderFor([])).toThrow('Cannot serve zones');
});
