// What becomes of signed requests (RFC 8945): each test of the table is named after its row.
import { describe, expect, test } from 'vitest';
import { codeAnswer, type Outcome } from '../../src/contract/answer.ts';
import type { DnsHandler } from '../../src/contract/handler.ts';
import { EdnsOption } from '../../src/message/edns.ts';
import { readMessage } from '../../src/message/reader.ts';
import { Name } from '../../src/name.ts';
import { Opcode, Rcode, Type } from '../../src/numbers.ts';
import type { ResponderOptions } from '../../src/server/responder-options.ts';
import { tsigKey } from '../../src/tsig/key.ts';
import { signTsigRequest } from '../../src/tsig/sign.ts';
import { readTsig } from '../../src/tsig/tsig-record.ts';
import { verifyTsigResponse } from '../../src/tsig/verify-response.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { Zone } from '../../src/zone/zone.ts';
import { build, opt, query } from '../build.ts';
import { readReply } from '../read-reply.ts';
import { responderFor } from './responder-for.ts';

const origin = Name.parse('example.net');
const zone = Zone.of(origin, [
  ...newZone(origin).rrsets(),
  createRRset(Name.parse('www.example.net'), Type.A, { ttl: 60, values: ['192.0.2.1'] }),
  createRRset(Name.parse('many.example.net'), Type.A, {
    ttl: 60,
    values: Array.from({ length: 28 }, (_, index) => `192.0.2.${index}`),
  }),
]);
const key = tsigKey('k', 'hmac-sha256', Buffer.alloc(32, 7));
const other = tsigKey('other', 'hmac-sha256', Buffer.alloc(32, 8));
const forged = tsigKey('k', 'hmac-sha256', Buffer.alloc(32, 9));

function serve(handlers: readonly DnsHandler[] = [], options: ResponderOptions = {}) {
  const server = responderFor([...handlers, zone], { keys: [key], ...options });
  const nowSeconds = server.reactor.clock.epoch() / 1000;
  return { ...server, nowSeconds };
}

const plain = query('www.example.net', Type.A, { id: 9 });

/** The TSIG record a reply ends with. */
function tsigIn(reply: Buffer | undefined) {
  const reading = readMessage(reply ?? Buffer.alloc(0));
  if (!reading.ok) throw new Error('malformed');
  const { signatureOffset } = reading.message;
  return signatureOffset === undefined
    ? undefined
    : readTsig(reading.message.bytes, signatureOffset);
}

function readEdnsOf(reply: Buffer | undefined) {
  const reading = readMessage(reply ?? Buffer.alloc(0));
  if (!reading.ok || reading.message.edns === undefined) throw new Error('there is no OPT');
  return reading.message.edns;
}

describe('a signed request', () => {
  test('whose TSIG is malformed is FORMERR without TSIG', () => {
    const packet = query('www.example.net', 1, { additionals: [{ type: Type.TSIG, class: 255 }] });
    const reply = serve().answer(packet);
    expect(readReply(reply).rcode).toBe(Rcode.FormErr);
    expect(tsigIn(reply)).toBeUndefined();
  });

  test('whose TSIG is not last is FORMERR without TSIG', () => {
    const packet = query('www.example.net', 1, {
      additionals: [{ type: Type.TSIG, class: 255 }, opt()],
    });
    expect(readReply(serve().answer(packet)).rcode).toBe(Rcode.FormErr);
  });

  test('of an unknown key is NOTAUTH with BADKEY and an empty MAC', () => {
    const server = serve();
    const reply = server.answer(signTsigRequest(plain, { key: other, ...server }).bytes);
    expect(readReply(reply)).toMatchObject({ rcode: Rcode.NotAuth, answer: [] });
    expect(tsigIn(reply)).toMatchObject({ error: 17, mac: Buffer.alloc(0) });
  });

  test.each([
    ['whose key is unknown', other],
    ['whose MAC differs', forged],
  ])('%s and that brings a cookie gets one back (RFC 7873 §5.2)', (_, signer) => {
    const server = serve();
    const cookie = Buffer.from([0, EdnsOption.Cookie, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
    const packet = query('www.example.net', Type.A, { additionals: [opt({ rdata: cookie })] });
    const reply = server.answer(signTsigRequest(packet, { key: signer, ...server }).bytes);
    expect(readReply(reply).rcode).toBe(Rcode.NotAuth);
    const { options } = readEdnsOf(reply);
    expect(options).toMatchObject([{ code: EdnsOption.Cookie, length: 24 }]);
  });

  test('whose MAC differs is NOTAUTH with BADSIG and an empty MAC', () => {
    const server = serve();
    const reply = server.answer(signTsigRequest(plain, { key: forged, ...server }).bytes);
    expect(readReply(reply)).toMatchObject({ rcode: Rcode.NotAuth, answer: [] });
    expect(tsigIn(reply)).toMatchObject({ error: 16, mac: Buffer.alloc(0) });
    expect(server.responder.counters.snapshot().signatures).toEqual({ verified: 0, failed: 1 });
  });

  test('of another time is NOTAUTH with BADTIME, the client’s time and ours, and signed', () => {
    const server = serve();
    const nowSeconds = server.nowSeconds - 1000;
    const reply = server.answer(signTsigRequest(plain, { key, nowSeconds }).bytes);
    expect(readReply(reply)).toMatchObject({ rcode: Rcode.NotAuth, answer: [] });
    const tsig = tsigIn(reply);
    expect(tsig).toMatchObject({ error: 18, time: Math.floor(nowSeconds) });
    expect(tsig?.other.readUIntBE(0, 6)).toBe(Math.floor(server.nowSeconds));
    expect(tsig?.mac).toHaveLength(32);
  });

  test.each([
    ['an answer', plain, Rcode.NoError],
    ['NXDOMAIN', query('nobody.example.net'), Rcode.NXDomain],
    ['REFUSED', query('example.org'), Rcode.Refused],
    ['FORMERR', query('example.net', Type.OPT), Rcode.FormErr],
    ['BADVERS', query('example.net', 1, { additionals: [opt({ version: 1 })] }), 16],
  ])('that is good gets %s with a good signature', (_, packet, rcode) => {
    const server = serve();
    const request = signTsigRequest(packet, { key, ...server });
    const reply = server.answer(request.bytes);
    expect(readReply(reply).rcode).toBe(rcode);
    const reading = readMessage(reply ?? Buffer.alloc(0));
    if (!reading.ok) throw new Error('malformed');
    const outcome = verifyTsigResponse(reading.message, {
      key,
      requestMac: request.mac,
      nowSeconds: server.nowSeconds,
    });
    expect(outcome.kind).toBe('verified');
  });

  test('tells handlers the name of its key', () => {
    const seen: (string | undefined)[] = [];
    const server = serve([
      (asked, next) => {
        seen.push(asked.tsigKey?.toString());
        return next(asked);
      },
    ]);
    server.answer(signTsigRequest(plain, { key, ...server }).bytes);
    server.answer(signTsigRequest(plain, { key: forged, ...server }).bytes);
    server.answer(plain);
    expect(seen).toEqual(['k', undefined]);
  });

  test('gets a reply that fits with its signature, or TC', () => {
    const server = serve();
    const ask = (packet: Buffer) =>
      server.answer(signTsigRequest(packet, { key, ...server }).bytes);
    const packet = query('many.example.net');
    expect(readReply(server.answer(packet)).tc).toBe(false);
    const reply = ask(packet);
    expect(readReply(reply)).toMatchObject({ tc: true, answer: [] });
    expect(reply?.length).toBeLessThanOrEqual(512);
    expect(tsigIn(reply)?.mac).toHaveLength(32);
  });
});

describe('a signed update over UDP', () => {
  const update = build({ flags: 0x2800, questions: [{ name: 'example.net', type: Type.SOA }] });

  function counting() {
    let done = 0;
    const finish: (() => void)[] = [];
    const server = serve([
      (asked, next) => {
        if (asked.opcode !== Opcode.Update) return next(asked);
        done++;
        return new Promise((resolve) => finish.push(() => resolve(codeAnswer(Rcode.NoError))));
      },
    ]);
    return { server, finish, done: () => done };
  }

  test('that comes again is done once, and gets the same reply', async () => {
    const { server, finish, done } = counting();
    const { bytes } = signTsigRequest(update, { key, ...server });
    const first = server.respond(bytes);
    expect(server.respond(bytes)).toBeUndefined();
    finish[0]?.();
    const reply = await first;
    expect(server.respond(bytes)).toEqual(reply);
    expect(done()).toBe(1);
    // A forwarder between has its own ids.
    const forwarded = Buffer.from(bytes).fill(0xab, 0, 2);
    expect((server.respond(forwarded) as Buffer).readUInt16BE(0)).toBe(0xabab);
    expect(done()).toBe(1);
  });

  test('that failed is done when it comes again', async () => {
    let done = 0;
    const server = serve([
      (asked, next) => {
        if (asked.opcode !== Opcode.Update) return next(asked);
        return codeAnswer(done++ === 0 ? Rcode.ServFail : Rcode.NoError);
      },
    ]);
    const { bytes } = signTsigRequest(update, { key, ...server });
    const codes = [1, 2, 3].map(() => ((server.respond(bytes) as Buffer)[3] ?? 0) & 15);
    expect(codes).toEqual([Rcode.ServFail, Rcode.NoError, Rcode.NoError]);
    expect(done).toBe(2);
  });

  test('that was overheard is not done again over TCP either', async () => {
    const { server, finish, done } = counting();
    const { bytes } = signTsigRequest(update, { key, ...server });
    const first = server.respond(bytes, 'tcp');
    finish[0]?.();
    const reply = await first;
    expect(server.respond(bytes, 'udp')).toEqual(reply);
    expect(server.respond(bytes, 'tcp')).toEqual(reply);
    expect(done()).toBe(1);
  });

  test.each(['tls', 'https'] as const)('over %s is done each time: nobody overhears', (way) => {
    const { server, done } = counting();
    const { bytes } = signTsigRequest(update, { key, ...server });
    void server.respond(bytes, way);
    void server.respond(bytes, way);
    expect(done()).toBe(2);
  });
});

describe('an update that is signed with a key of others', () => {
  const update = build({ flags: 0x2800, questions: [{ name: 'example.net', type: Type.SOA }] });
  const answered = (said: () => Promise<Buffer | Outcome>): DnsHandler => ({
    handle: () => {
      throw new Error('a handler saw it');
    },
    forwardUnchanged: said,
  });
  const ask = (server: ReturnType<typeof serve>, transport: 'udp' | 'tcp' = 'udp') =>
    server.respond(signTsigRequest(update, { key: other, ...server }).bytes, transport);
  const long = Buffer.concat([update, Buffer.alloc(600)]).fill(0xa8, 2, 3);

  test('gets what the handler that passes it on gives, with its own id', async () => {
    const reply = Buffer.from(long).fill(0xee, 0, 2);
    const server = serve([answered(async () => reply)]);
    const got = (await ask(server, 'tcp')) as Buffer;
    expect(got.subarray(2)).toEqual(reply.subarray(2));
    expect(got.subarray(0, 2)).toEqual(update.subarray(0, 2));
  });

  test('gets TC for a reply that is too long for UDP', async () => {
    const reply = (await ask(serve([answered(async () => long)]))) as Buffer;
    expect(readReply(reply)).toMatchObject({ tc: true, counts: [1, 0, 0, 0] });
  });

  test('gets SERVFAIL without TSIG if that fails, which is reported', async () => {
    const server = serve([answered(async () => Promise.reject(new Error('no network')))]);
    const reply = (await ask(server)) as Buffer;
    expect(readReply(reply)).toMatchObject({ rcode: Rcode.ServFail, counts: [1, 0, 0, 0] });
    expect(server.reports.problems).toMatchObject([{ where: 'dns.respond' }]);
  });

  test('is no way around the rate limit', async () => {
    const short = Buffer.from(update).fill(0xa8, 2, 3);
    const rateLimit = { repliesPerSecond: 2, slip: 0 };
    const server = serve([answered(async () => short)], { rateLimit });
    const replies = await Promise.all(Array.from({ length: 5 }, async () => ask(server)));
    expect(replies.filter((reply) => reply !== undefined)).toHaveLength(2);
  });
});
