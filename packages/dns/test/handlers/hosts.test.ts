import { describe, expect, test } from 'vitest';
import { hosts } from '../../src/handlers/hosts.ts';
import { refuse } from '../../src/handlers/respond.ts';
import { Opcode, Rcode, Type } from '../../src/numbers.ts';
import { query } from '../build.ts';
import { readReply } from '../read-reply.ts';
import { asking } from './asking.ts';

const text = `
127.0.0.1  localhost
::1        localhost ip6-localhost
192.0.2.1  router.lan  Router   # the box in the corner
192.0.2.2\tprinter.lan
192.0.2.3  printer.lan\r
2001:db8::9 six.lan
fe80::1%eth0 local.lan
nonsense here
192.0.2.300 bad.lan
192.0.2.9 bad..lan ${'x'.repeat(70)}.lan good.lan
`;

test('a reply repeats the question it answers, also where another one has the same answer', async () => {
  const { send } = await asking(hosts(text));
  for (const type of [Type.A, Type.ANY, Type.A, Type.ANY]) {
    const asked = query('router.lan', type);
    const reply = await send(asked);
    expect(reply?.subarray(12, asked.length)).toEqual(asked.subarray(12));
    expect(readReply(reply).answer).toEqual(['router.lan 60 A 192.0.2.1']);
  }
});

describe('a hosts file', () => {
  test.each([
    ['an address', 'router.lan', ['router.lan 60 A 192.0.2.1']],
    ['another name of it, in any case', 'ROUTER', ['ROUTER 60 A 192.0.2.1']],
    [
      'several addresses',
      'printer.lan',
      ['printer.lan 60 A 192.0.2.2', 'printer.lan 60 A 192.0.2.3'],
    ],
    ['an IPv6 address', 'six.lan AAAA', ['six.lan 60 AAAA 2001:db8::9']],
    ['both kinds', 'localhost AAAA', ['localhost 60 AAAA ::1']],
    ['anything', 'six.lan ANY', ['six.lan 60 AAAA 2001:db8::9']],
    ['a name beside ones that are none', 'good.lan', ['good.lan 60 A 192.0.2.9']],
    [
      'names of an address',
      '1.2.0.192.in-addr.arpa PTR',
      ['1.2.0.192.in-addr.arpa 60 PTR router.lan', '1.2.0.192.in-addr.arpa 60 PTR Router.'],
    ],
    ['no IPv6 address', 'router.lan AAAA', []],
    ['no IPv4 address', 'six.lan A', []],
  ])('answers %s', async (_, question, answer) => {
    const { ask } = await asking([hosts(text), refuse()]);
    expect(await ask(question)).toMatchObject({
      rcode: Rcode.NoError,
      aa: true,
      answer,
      authority: [],
    });
  });

  test('answers for an IPv6 address by name', async () => {
    const { ask } = await asking([hosts(text), refuse()]);
    const name = `9.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`;
    expect((await ask(`${name} PTR`)).answer).toEqual([`${name} 60 PTR six.lan`]);
  });

  test.each([
    ['another name', 'nobody.lan A'],
    ['a name below', 'x.router.lan A'],
    ['another type', 'router.lan MX'],
    ['an address with a zone', 'local.lan AAAA'],
    ['a line that makes no sense', 'bad.lan A'],
    ['the address of a name for addresses', '1.2.0.192.in-addr.arpa A'],
  ])('leaves %s to the next handler', async (_, question) => {
    const { ask } = await asking([hosts(text), refuse()]);
    expect((await ask(question)).rcode).toBe(Rcode.Refused);
  });

  test('leaves other kinds of message to the next handler', async () => {
    const { send } = await asking([hosts(text), refuse()]);
    const notify = query('router.lan', 1, { flags: Opcode.Notify << 11 });
    expect(readReply(await send(notify)).rcode).toBe(Rcode.Refused);
  });

  test('may be a map in code', async () => {
    const map = { 'router.lan': ['192.0.2.1', 'fd00::1'], 'nas.lan.': '192.0.2.2' };
    const { ask } = await asking([hosts(map, { ttl: 5 }), refuse()]);
    expect((await ask('router.lan AAAA')).answer).toEqual(['router.lan 5 AAAA fd00::1']);
    expect((await ask('nas.lan')).answer).toEqual(['nas.lan 5 A 192.0.2.2']);
  });

  test.each<[string, () => unknown]>([
    ['a bad address in code', () => hosts({ 'router.lan': '192.0.2.300' })],
    ['a bad name in code', () => hosts({ 'a..b': '192.0.2.1' })],
    ['a name with a blank', () => hosts({ 'a b': '192.0.2.1' })],
    ['no name', () => hosts({ '': '192.0.2.1' })],
    ['a bad TTL', () => hosts(text, { ttl: -1 })],
    ['a bad interval', () => hosts(text, { pollMs: 0 })],
  ])('does not take %s', (_, make) => {
    expect(make).toThrow(expect.objectContaining({ name: 'UsageError' }));
  });
});
