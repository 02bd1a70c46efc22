import { describe, expect, test } from 'vitest';
import { optionIn } from '../../src/message/edns.ts';
import { readMessage } from '../../src/message/reader.ts';
import { Name } from '../../src/name.ts';
import { Class, Rcode, Type } from '../../src/numbers.ts';
import { ServerCookies } from '../../src/server/cookies.ts';
import { sipHash24 } from '../../src/server/siphash.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { opt, query } from '../build.ts';
import { readReply } from '../read-reply.ts';
import { responderFor } from './responder-for.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const at = (host: string) =>
  ({ kind: 'udp', host, port: 4000, family: host.includes(':') ? 6 : 4 }) as const;

test('SipHash-2-4 gives the results of its authors', () => {
  const key = Buffer.from(Array.from({ length: 16 }, (_, index) => index));
  const data = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, index) => index));
  expect(sipHash24(key, data(0)).toString('hex')).toBe('310e0edd47db6f72');
  expect(sipHash24(key, data(1)).toString('hex')).toBe('fd67dc93c539f874');
  expect(sipHash24(key, data(8)).toString('hex')).toBe('6224939a79f5f593');
  expect(sipHash24(key, data(15)).toString('hex')).toBe('e545be4961ca29a1');
});

describe('server cookies', () => {
  const secret = hex('e5e973e5a6b2a43f48e7dc849e37bfcf');

  test('are what RFC 9018 §A.1 says', () => {
    const { proven, reply } = new ServerCookies([secret]).check(
      hex('2464c4abcf10c957'),
      at('198.51.100.100'),
      1559731985,
    );
    expect(proven).toBe(false);
    expect(reply.toString('hex')).toBe('2464c4abcf10c957010000005cf79f111f8130c3eee29480');
  });

  test('RFC 9018 §A.2: one older than half an hour is good, and a new one is made', () => {
    const { proven, reply } = new ServerCookies([secret]).check(
      hex('2464c4abcf10c957010000005cf79f111f8130c3eee29480'),
      at('198.51.100.100'),
      1559734385,
    );
    expect(proven).toBe(true);
    expect(reply.toString('hex')).toBe('2464c4abcf10c957010000005cf7a871d4a564a1442aca77');
  });

  test('RFC 9018 §A.4: a cookie of the old secret is good, and one of the new is made', () => {
    const { proven, reply } = new ServerCookies([
      hex('445536bcd2513298075a5d379663c962'),
      hex('dd3bdf9344b678b185a6f5cb60fca715'),
    ]).check(
      hex('22681ab97d52c298010000005cf7c57926556bd0934c72f8'),
      at('2001:db8:220:1:59de:d0f4:8769:82b8'),
      1559741961,
    );
    expect(proven).toBe(true);
    expect(reply.toString('hex')).toBe('22681ab97d52c298010000005cf7c609a6bb79d16625507a');
  });

  const cookies = new ServerCookies([secret]);
  const client = hex('2464c4abcf10c957');
  const made = cookies.check(client, at('198.51.100.100'), 10_000).reply;
  const proven = (now: number, cookie = made, host = '198.51.100.100'): boolean =>
    cookies.check(cookie, at(host), now).proven;

  test('are good for an hour, and for five minutes before their time', () => {
    expect([10_000 + 3600, 10_000 + 3601].map((now) => proven(now))).toEqual([true, false]);
    expect([10_000 - 300, 10_000 - 301].map((now) => proven(now))).toEqual([true, false]);
  });

  test('are the same again within half an hour', () => {
    expect(cookies.check(made, at('198.51.100.100'), 10_000 + 1800).reply).toEqual(made);
    expect(cookies.check(made, at('198.51.100.100'), 10_000 + 1801).reply).not.toEqual(made);
  });

  test('are good for one address, one client cookie, version 1 and nothing else', () => {
    expect(proven(10_000, made, '198.51.100.101')).toBe(false);
    for (let index = 0; index < made.length; index++) {
      const other = Buffer.from(made);
      other[index] = (other[index] ?? 0) ^ 1;
      expect(proven(10_000, other)).toBe(false);
    }
    expect(proven(10_000, Buffer.concat([made, hex('00')]))).toBe(false);
    expect(proven(10_000, client)).toBe(false);
  });

  test.each([[[]], [[secret, secret, secret]], [[Buffer.alloc(15)]]])(
    'cannot be made with the secrets %j',
    (secrets) => {
      expect(() => new ServerCookies(secrets)).toThrow(
        expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
      );
    },
  );
});

describe('a query with a cookie', () => {
  const zone = newZone(Name.parse('example.net'));
  const option = (cookie: Buffer): Buffer =>
    Buffer.concat([hex('000a'), Buffer.from([0, cookie.length]), cookie]);
  const ask = (cookie?: Buffer): Buffer =>
    query('example.net', Type.SOA, {
      additionals: cookie === undefined ? [] : [opt({ rdata: option(cookie) })],
    });
  const cookieIn = (reply: Buffer | undefined): Buffer => {
    const reading = readMessage(reply ?? Buffer.alloc(0));
    return (
      (reading.ok && optionIn(reading.message.bytes, reading.message.edns, 10)) || Buffer.alloc(0)
    );
  };
  const client = hex('0102030405060708');

  test('is answered with one of the server, which proves the address', () => {
    const seen: boolean[] = [];
    const server = responderFor([
      (asked, next) => {
        seen.push(asked.addressProven);
        return next(asked);
      },
      zone,
    ]);
    const cookie = cookieIn(server.answer(ask(client)));
    expect(cookie).toHaveLength(24);
    expect(cookieIn(server.answer(ask(cookie)))).toEqual(cookie);
    server.answer(ask(cookie), 'udp', '192.0.2.98');
    server.answer(ask());
    server.answer(ask(), 'tcp');
    expect(seen).toEqual([false, true, false, false, true]);
    expect(server.responder.counters.snapshot().cookies).toEqual({ verified: 1, failed: 1 });
  });

  test.each([0, 7, 9, 15, 41])('of %i octets is FORMERR', (length) => {
    const server = responderFor(zone);
    expect(readReply(server.answer(ask(Buffer.alloc(length)))).rcode).toBe(Rcode.FormErr);
  });

  test('that is bad is answered as ever, unless cookies are required: then BADCOOKIE and a new one', () => {
    const lax = responderFor(zone);
    expect(readReply(lax.answer(ask(client))).rcode).toBe(Rcode.NoError);
    const strict = responderFor(zone, { cookies: { required: true } });
    const reply = strict.answer(ask(client));
    expect(readReply(reply)).toMatchObject({ rcode: Rcode.BadCookie, answer: [] });
    expect(readReply(strict.answer(ask(cookieIn(reply)))).answer).toHaveLength(1);
    expect(readReply(strict.answer(ask(client), 'tcp')).answer).toHaveLength(1);
  });

  test('where they are required, who has none is sent to TCP', () => {
    const strict = responderFor(zone, { cookies: { required: true } });
    expect(readReply(strict.answer(ask()))).toMatchObject({ rcode: 0, tc: true, answer: [] });
    expect(readReply(strict.answer(ask(), 'tcp')).answer).toHaveLength(1);
    const named = responderFor(zone, { cookies: { required: true }, version: '1' });
    const version = query('version.bind', Type.TXT, { class: Class.CH });
    expect(readReply(named.answer(version))).toMatchObject({ rcode: 0, tc: true, answer: [] });
  });

  test('gets none from a server that knows none', () => {
    const server = responderFor(zone, { cookies: false });
    expect(cookieIn(server.answer(ask(client)))).toHaveLength(0);
  });

  test('two servers with one secret take each other’s', () => {
    const secrets = [Buffer.alloc(16, 5)];
    const one = responderFor(zone, { cookies: { secrets } });
    const other = responderFor(zone, { cookies: { secrets, required: true } });
    expect(readReply(other.answer(ask(cookieIn(one.answer(ask(client)))))).rcode).toBe(0);
  });
});
