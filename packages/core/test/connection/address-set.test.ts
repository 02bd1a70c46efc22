import { BlockList, isIP } from 'node:net';
import { expect, test } from 'vitest';
import { AddressSet } from '../../src/connection/address-set.ts';
import { formatIp } from '../../src/connection/ip-address.ts';
import type { Address } from '../../src/contract/address.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';

const at = (host: string): Address => ({
  kind: 'tcp',
  host,
  port: 1,
  family: isIP(host) === 6 ? 6 : 4,
});

test('random networks and addresses are judged as by net.BlockList', () => {
  const random = new SeededRandom(11);
  let inside = 0;
  for (let round = 0; round < 300; round++) {
    const set = new AddressSet();
    const list = new BlockList();
    // Few different bits, so that addresses meet networks.
    const bytes = (length: number): Buffer => {
      const made = Buffer.alloc(length);
      for (let each = 0; each < length; each++)
        made[each] = random.below(4) === 0 ? random.below(256) : 0x20;
      return made;
    };
    // One family a round: to net.BlockList, IPv6 networks such as ::/1 hold IPv4 addresses as well.
    const length = round % 2 === 0 ? 4 : 16;
    for (let rule = 0; rule < 6; rule++) {
      const host = formatIp(bytes(length));
      // Not /0, which is another network to net.BlockList.
      const bits = 1 + random.below(length * 8);
      set.add(`${host}/${bits}`);
      list.addSubnet(host, bits, length === 4 ? 'ipv4' : 'ipv6');
    }
    for (let probe = 0; probe < 20; probe++) {
      const host = formatIp(bytes(length));
      const expected = list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
      if (expected) inside += 1;
      expect([host, set.has(at(host))]).toEqual([host, expected]);
    }
  }
  expect(inside).toBeGreaterThan(500);
});

test('a mapped address is the IPv4 one, in both directions', () => {
  const ipv4 = new AddressSet(['10.0.0.0/8']);
  expect(ipv4.has(at('::ffff:10.1.2.3'))).toBe(true);
  const mapped = new AddressSet(['::ffff:10.0.0.0/104']);
  expect(mapped.has(at('10.1.2.3'))).toBe(true);
  expect(mapped.has(at('11.1.2.3'))).toBe(false);
});

test('everything of one family', () => {
  const set = new AddressSet(['0.0.0.0/0']);
  expect([set.has(at('1.2.3.4')), set.has(at('::1'))]).toEqual([true, false]);
  expect(new AddressSet(['::/0']).has(at('2001:db8::1'))).toBe(true);
});

test('other kinds of peers are in the set by their word alone', () => {
  const unix = { kind: 'unix', path: '/run/x' } as const;
  const memory = { kind: 'memory', name: 'x' } as const;
  expect(new AddressSet(['0.0.0.0/0', '::/0']).has(unix)).toBe(false);
  const set = new AddressSet(['unix']);
  expect([set.has(unix), set.has(memory)]).toEqual([true, false]);
  set.delete('unix');
  expect(set.has(unix)).toBe(false);
});

test('an entry is taken out in the size it was added', () => {
  const set = new AddressSet(['10.0.0.0/8', '10.1.0.0/16', '10.1.0.0/16']);
  set.delete('10.1.0.0/16');
  expect(set.has(at('10.1.2.3'))).toBe(true);
  set.delete('10.0.0.0/8');
  expect(set.has(at('10.1.2.3'))).toBe(false);
  set.delete('10.9.0.0/16');
});

test.each([
  '',
  'localhost',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/',
  '10.0.0/8',
  '::/129',
  '::1/1.5',
  '::ffff:10.0.0.0/8',
  'tcp',
])('"%s" is a mistake that is named', (entry) => {
  expect(() => new AddressSet([entry])).toThrow(`Cannot use "${entry}"`);
});
