import { describe, expect, test } from 'vitest';
import { answerWith, codeAnswer } from '../../src/contract/answer.ts';
import { EdnsOption } from '../../src/message/edns.ts';
import { readMessage } from '../../src/message/reader.ts';
import { Name } from '../../src/name.ts';
import { Class, Rcode, Type } from '../../src/numbers.ts';
import { Responder } from '../../src/server/responder.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { build, opt, query } from '../build.ts';
import { readReply } from '../read-reply.ts';
import { responderFor } from './responder-for.ts';

const zone = newZone(Name.parse('example.net'));

function option(code: number, data = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([0, code, 0, data.length]), data]);
}

function ask(...options: readonly Buffer[]): Buffer {
  return query('example.net', Type.SOA, { additionals: [opt({ rdata: Buffer.concat(options) })] });
}

/** The options of a reply, as `code: data`. */
function optionsOf(reply: unknown): Record<number, string> {
  const reading = readMessage(reply as Buffer);
  if (!reading.ok) throw new Error('malformed');
  const { edns, bytes } = reading.message;
  return Object.fromEntries(
    (edns?.options ?? []).map(({ code, offset, length }) => [
      code,
      bytes.toString('latin1', offset, offset + length),
    ]),
  );
}

describe('NSID', () => {
  test('is told to who asks, if the server has one', () => {
    const server = responderFor(zone, { serverId: 'ns1' });
    expect(optionsOf(server.answer(ask(option(EdnsOption.Nsid))))).toEqual({ 3: 'ns1' });
    expect(optionsOf(server.answer(ask()))).toEqual({});
    expect(optionsOf(responderFor(zone).answer(ask(option(EdnsOption.Nsid))))).toEqual({});
  });
});

describe('class CH', () => {
  const server = responderFor(zone, { serverId: 'ns1', version: 'one' });

  test.each([
    ['id.server', 'ns1'],
    ['hostname.bind', 'ns1'],
    ['version.server', 'one'],
    ['VERSION.BIND', 'one'],
  ])('%s is %s', (name, text) => {
    const reply = server.answer(query(name, Type.TXT, { class: 3 }));
    expect(readReply(reply)).toMatchObject({ rcode: 0, aa: true, counts: [1, 1, 0, 0] });
    expect(reply?.toString('latin1').endsWith(`${String.fromCharCode(text.length)}${text}`)).toBe(
      true,
    );
    expect(reply?.includes(Name.parse(name).wire)).toBe(true);
  });

  test.each([
    ['another name', query('example.net', Type.TXT, { class: 3 })],
    ['another type', query('version.bind', Type.A, { class: 3 })],
  ])('%s is REFUSED', (_, packet) => {
    expect(readReply(server.answer(packet)).rcode).toBe(Rcode.Refused);
  });

  test('what is not configured is REFUSED', () => {
    const shy = responderFor(zone, { serverId: 'ns1' });
    const packet = query('version.bind', Type.TXT, { class: 3 });
    expect(readReply(shy.answer(packet)).rcode).toBe(Rcode.Refused);
  });
});

describe('keepalive', () => {
  const responder = new Responder(zone);
  const { reactor } = responderFor(zone);
  void responder.start(reactor);
  const client = { kind: 'tcp', host: '192.0.2.1', port: 4000, family: 4 } as const;
  const packet = ask(option(EdnsOption.Keepalive));

  test.each(['tcp', 'tls'] as const)('is told over %s, in steps of 100 ms', (transport) => {
    const reply = responder.respond(packet, { transport, client, keepaliveMs: 10_099 });
    expect(optionsOf(reply)).toEqual({ 11: '\x00\x64' });
  });

  test.each(['udp', 'https'] as const)('is not told over %s', (transport) => {
    expect(optionsOf(responder.respond(packet, { transport, client }))).toEqual({});
  });

  test('is not told who does not ask', () => {
    const context = { transport: 'tcp', client, keepaliveMs: 10_000 } as const;
    expect(optionsOf(responder.respond(ask(), context))).toEqual({});
  });
});

describe('padding', () => {
  const server = responderFor(zone);
  const padded = ask(option(EdnsOption.Padding, Buffer.alloc(20)));

  test.each(['tls', 'https'] as const)(
    'fills a multiple of 468 over %s for who padded',
    (transport) => {
      expect(server.answer(padded, transport)).toHaveLength(468);
      expect(server.answer(ask(), transport)?.length).toBeLessThan(200);
    },
  );

  test.each(['udp', 'tcp'] as const)('is not sent over %s, where anybody can read', (transport) => {
    expect(optionsOf(server.answer(padded, transport))).toEqual({});
  });
});

describe('options of an answer', () => {
  const explained = responderFor(() =>
    answerWith(Rcode.ServFail, {
      errors: [{ code: 23, text: 'no network' }, { code: 22 }],
      options: [{ code: EdnsOption.Expire, data: Buffer.from([0, 0, 1, 0]) }],
    }),
  );

  test('go to who sent OPT, and to nobody else', () => {
    const reply = explained.answer(ask());
    expect(optionsOf(reply)).toEqual({ 15: '\x00\x16', 9: '\x00\x00\x01\x00' });
    expect(readReply(reply).rcode).toBe(Rcode.ServFail);
    expect(readReply(explained.answer(query('example.net'))).counts).toEqual([1, 0, 0, 0]);
  });

  test('codes above 15 are split between header and OPT', () => {
    const server = responderFor(() => codeAnswer(Rcode.BadCookie));
    const reply = server.answer(ask());
    expect(readReply(reply).rcode).toBe(Rcode.BadCookie);
    expect((reply?.[3] ?? 0) & 15).toBe(7);
  });

  test('codes above 15 are SERVFAIL for who sent no OPT: their low bits mean something else', () => {
    const heard: number[] = [];
    const server = responderFor(() => codeAnswer(16), {
      answered: ({ rcode }) => heard.push(rcode),
    });
    expect(readReply(server.answer(query('example.net'))).rcode).toBe(Rcode.ServFail);
    expect(readReply(server.answer(ask())).rcode).toBe(16);
    expect(heard).toEqual([Rcode.ServFail, 16]);
    expect(server.responder.counters.snapshot().rcodes).toEqual({ [Rcode.ServFail]: 1, 16: 1 });
  });
});

test('an answer that is shared keeps its replies apart for who asks differently', () => {
  const server = responderFor(zone);
  const packets = [
    query('example.net', Type.SOA),
    query('EXAMPLE.net', Type.SOA, { id: 1, flags: 0 }),
    query('example.net', Type.SOA, { additionals: [opt()] }),
    query('example.net', Type.SOA, { additionals: [opt({ dnssecOk: true })] }),
    query('example.net', Type.SOA, { class: 255 }),
    ask(option(EdnsOption.Nsid)),
  ];
  const first = packets.map((packet) => server.answer(packet)?.toString('hex'));
  for (let turn = 0; turn < 3; turn++) {
    expect(packets.map((packet) => server.answer(packet)?.toString('hex'))).toEqual(first);
  }
  expect(new Set(first).size).toBe(5);
  expect(server.responder.counters.snapshot().kept).toBeGreaterThan(5);
});

test('an answer that somebody shares among names and types is right for each of them', () => {
  const rrset = createRRset(Name.parse('example.net'), Type.A, { ttl: 60, values: ['192.0.2.1'] });
  const answer = answerWith(0, { answer: [{ rrset, owner: 'question' }], shared: true });
  const server = responderFor(() => answer);
  const asked = ['a', 'b', 'longer.example.net', 'A', '.'].flatMap((name) =>
    [Type.A, Type.ANY, Type.TXT].map((type) => query(name, type)),
  );
  for (let turn = 0; turn < 3; turn++) {
    for (const packet of asked) {
      const reply = server.answer(packet);
      expect(reply?.subarray(12, packet.length)).toEqual(packet.subarray(12));
      expect(readReply(reply).answer[0]).toMatch(/ 60 A 192\.0\.2\.1$/);
      expect(readReply(reply).counts).toEqual([1, 1, 0, 0]);
    }
  }
});

test('a copy of a shared answer is another answer', () => {
  const server = responderFor([
    async (asked, next) => {
      const outcome = await next(asked);
      return outcome.kind === 'answer' ? { ...outcome, rcode: Rcode.YXDomain } : outcome;
    },
    zone,
  ]);
  const plain = responderFor(zone);
  const packet = query('example.net', Type.SOA);
  for (let turn = 0; turn < 3; turn++) expect(readReply(plain.answer(packet)).rcode).toBe(0);
  return Promise.all(
    [1, 2, 3].map(async () => {
      const reply = await server.respond(packet);
      expect(readReply(reply as Buffer).rcode).toBe(Rcode.YXDomain);
    }),
  );
});

describe('hooks', () => {
  test('`answering` may give another answer, `answered` hears of the reply', () => {
    const heard: unknown[] = [];
    const server = responderFor(zone, {
      answering: (asked, answer) => (asked.type === Type.MX ? codeAnswer(Rcode.Refused) : answer),
      answered: ({ query: asked, rcode, bytes, truncated }) =>
        heard.push([asked.name.toString(), rcode, bytes, truncated]),
    });
    expect(readReply(server.answer(query('example.net', Type.MX))).rcode).toBe(Rcode.Refused);
    server.answer(query('nobody.example.net'));
    expect(heard).toEqual([
      ['example.net', Rcode.Refused, 29, false],
      ['nobody.example.net', Rcode.NXDomain, expect.any(Number), false],
    ]);
  });

  test('`answered` hears of every reply to what could be read, whoever said it', () => {
    const heard: string[] = [];
    const server = responderFor(zone, {
      serverId: 'ns1',
      answered: ({ query: asked, rcode }) => heard.push(`${asked.name} ${rcode}`),
    });
    server.answer(query('id.server', Type.TXT, { class: Class.CH }));
    server.answer(query('version.bind', Type.TXT, { class: Class.CH }));
    server.answer(query('example.net', 0));
    server.answer(query('example.net', 1, { additionals: [opt({ version: 1 })] }));
    server.answer(query('example.net', 1, { counts: [1, 1, 0, 0] }));
    expect(heard).toEqual(['id.server 0', 'version.bind 5', 'example.net 1', 'example.net 16']);
  });

  test('a throw is reported; in `answering` it is SERVFAIL, in `answered` it changes nothing', () => {
    const fail = (): never => {
      throw new Error('no disk');
    };
    const one = responderFor(zone, { answering: fail });
    expect(readReply(one.answer(query('example.net'))).rcode).toBe(Rcode.ServFail);
    expect(one.reports.problems).toHaveLength(1);
    const two = responderFor(zone, { answered: fail });
    expect(readReply(two.answer(query('example.net'))).rcode).toBe(Rcode.NoError);
    expect(two.reports.problems).toMatchObject([{ where: 'dns.answered' }]);
  });
});

test('a cookie alone is answered without a question', () => {
  const reply = responderFor(zone).answer(
    build({ additionals: [opt({ rdata: option(EdnsOption.Cookie, Buffer.alloc(8)) })] }),
  );
  expect(readReply(reply)).toMatchObject({ rcode: 0, counts: [0, 0, 0, 1] });
  expect(optionsOf(reply)[10]).toHaveLength(24);
});
