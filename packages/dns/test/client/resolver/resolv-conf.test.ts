import { expect, test } from 'vitest';
import { HostsFile } from '../../../src/client/resolver/hosts-file.ts';
import { parseResolvConf } from '../../../src/client/resolver/resolv-conf.ts';

test('resolv.conf says whom to ask, and how', () => {
  const text = `
# a comment
; another
nameserver 192.0.2.1
nameserver 2001:db8::1   # behind it
nameserver fe80::1%eth0
nameserver 192.0.2.4
domain example.com
search example.net example.org
options ndots:2 timeout:3 attempts:4 rotate edns0 ndots:x
sortlist 130.155.160.0/255.255.240.0
`;
  expect(parseResolvConf(text)).toEqual({
    servers: ['192.0.2.1', '2001:db8::1', 'fe80::1%eth0'],
    search: ['example.net', 'example.org'],
    ndots: 2,
    timeoutMs: 3_000,
    attempts: 4,
    rotate: true,
  });
});

test('an empty resolv.conf means this machine', () => {
  expect(parseResolvConf('')).toEqual({
    servers: ['127.0.0.1'],
    search: [],
    ndots: 1,
    timeoutMs: 5_000,
    attempts: 2,
    rotate: false,
  });
});

test('values are kept within reason', () => {
  const { ndots, timeoutMs, attempts } = parseResolvConf('options ndots:99 timeout:0 attempts:100');
  expect({ ndots, timeoutMs, attempts }).toEqual({ ndots: 15, timeoutMs: 1_000, attempts: 5 });
});

test('a hosts file names addresses, and addresses names', () => {
  const hosts = new HostsFile(
    '192.0.2.1\tWWW www.example.net # x\r\n2001:DB8:0::1 www\nnonsense here\nfe80::1%lo0 link',
  );
  expect(hosts.addressesOf('www')).toEqual([
    { host: '192.0.2.1', family: 4 },
    { host: '2001:db8::1', family: 6 },
  ]);
  expect(hosts.addressesOf('link')).toEqual([{ host: 'fe80::1%lo0', family: 6 }]);
  expect(hosts.namesOf('192.0.2.1')).toEqual(['WWW', 'www.example.net']);
  expect(hosts.addressesOf('here')).toEqual([]);
});
