import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test, vi } from 'vitest';
import { StoreError } from '../../../src/errors.ts';
import { MemoryBucket } from '../../../src/store/memory-bucket.ts';
import { dynamicZone } from '../../../src/store/open-dynamic-zone.ts';
import { AbuseGuard, type AbuseNotice } from '../../../src/update/dyndns2/abuse-guard.ts';
import { checkIp } from '../../../src/update/dyndns2/check-ip.ts';
import { type Dyndns2Options, dyndns2 } from '../../../src/update/dyndns2/dyndns2.ts';
import type { HttpUpdateContext } from '../../../src/update/http/http-context.ts';
import { hashToken } from '../../../src/update/http/token.ts';
import { TestZone } from '../message/update-scene.ts';

const basic = (user: string, token: string) =>
  `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;
const known = { authorization: basic('alice', 'secret'), 'user-agent': 'ddclient/3.10.0' };
const peerAt = (host: string): HttpUpdateContext['peer'] => ({
  kind: 'tcp',
  host,
  port: 999,
  family: host.includes(':') ? 6 : 4,
});

function setUp(options: Partial<Dyndns2Options> = {}) {
  const zone = new TestZone(['bob 60 A 192.0.2.99', 'alias 60 CNAME bob']);
  const reactor = createTestReactor();
  const handler = dyndns2(zone, {
    accounts: [
      {
        user: 'alice',
        token: 'secret',
        hosts: ['home.example.net', 'alias.example.net', '*.lab.example.net'],
        types: ['A', 'AAAA', 'TXT'],
      },
      { user: 'home.example.net', token: hashToken('hashed'), hosts: ['home.example.net'] },
      { user: 'root', token: 'all', hosts: ['*'] },
    ],
    ...options,
  });
  const ask = async (
    query: string,
    init: RequestInit = {},
    peer: string | undefined = '198.51.100.4',
  ) => {
    const response = await handler(
      new Request(`http://localhost/nic/update?${query}`, { headers: known, ...init }),
      { reactor, peer: peer === undefined ? undefined : peerAt(peer) },
    );
    const body = await response.text();
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(body)));
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    return {
      status: response.status,
      lines: body.trimEnd().split('\n'),
      challenge: response.headers.get('www-authenticate'),
    };
  };
  return {
    zone,
    reactor,
    ask,
    commits: zone.commits,
    get: (name: string) => zone.lines(name).map((line) => line.slice(name.length + 1)),
    fail: () => void (zone.failure = new StoreError('HAWSER_STORE_IO', 'disk full')),
  };
}

test('a host that has more strikes than a limit that was lowered is blocked by the next one', async () => {
  const bucket = new MemoryBucket();
  const notices: AbuseNotice[] = [];
  const abuse = new AbuseGuard({ bucket, blockAfter: 10, onAbuse: (each) => notices.push(each) });
  const { ask, reactor } = setUp({ abuse });
  await bucket.put(
    'home.example.net',
    Buffer.from(JSON.stringify({ strikes: 20, weekStart: reactor.clock.epoch() })),
  );
  const lines: (string | undefined)[] = [];
  for (let times = 0; times < 4; times++) {
    const answer = await ask('hostname=home.example.net&myip=192.0.2.7');
    lines.push(answer.lines[0]);
  }
  expect(lines).toEqual(['good 192.0.2.7', 'nochg 192.0.2.7', 'abuse', 'abuse']);
  expect(notices).toEqual([{ kind: 'blocked', host: 'home.example.net', strikes: 21 }]);
});

test.each([
  ['myip=192.0.2.1', 'nochg 192.0.2.1', 1],
  ['myip=192.0.2.1,192.0.2.2', 'good 192.0.2.1,192.0.2.2', 2],
])(
  'a host that was to go by itself stays when its router says it is there: %s',
  async (query, line, count) => {
    const reactor = createTestReactor();
    const zone = await dynamicZone('example.net', { reactor });
    zone.started(reactor);
    await zone.set('home', 'A', '192.0.2.1', { leaseSeconds: 3600 });
    const handler = dyndns2(zone, {
      accounts: [{ user: 'alice', token: 'secret', hosts: ['home.example.net'] }],
    });
    const url = `http://localhost/nic/update?hostname=home.example.net&${query}`;
    const answer = await handler(new Request(url, { headers: known }), { reactor });
    expect(await answer.text()).toBe(`${line}\n`);
    expect(zone.leases()).toEqual([]);
    await reactor.clock.elapse(2 * 3_600_000);
    expect(zone.get('home', 'A')).toHaveLength(count);
    await zone.stopped();
  },
);

describe('credentials', () => {
  test.each([
    ['none', {}],
    ['a wrong token', { authorization: basic('alice', 'secreT') }],
    ['no token', { authorization: basic('alice', '') }],
    ['a wrong user', { authorization: basic('mallory', 'secret') }],
    ['no user', { authorization: basic('', '') }],
    [
      'a hash in place of its token',
      { authorization: basic('home.example.net', hashToken('hashed')) },
    ],
    ['another scheme', { authorization: 'Bearer secret' }],
    ['no base64', { authorization: 'Basic !!!' }],
    ['no colon', { authorization: `Basic ${Buffer.from('alice').toString('base64')}` }],
  ])('%s: 401 badauth, and nothing happens', async (_, headers) => {
    const { ask, commits } = setUp();
    const reply = await ask('hostname=home.example.net&myip=192.0.2.7', {
      headers: { 'user-agent': 'x', ...headers },
    });
    expect(reply).toEqual({
      status: 401,
      lines: ['badauth'],
      challenge: expect.stringMatching(/^Basic realm=/),
    });
    expect(commits).toEqual([]);
  });

  test('a token may be kept as a hash, and a user that is a host needs no hostname', async () => {
    const { ask, get } = setUp();
    const headers = { ...known, authorization: basic('home.example.net', 'hashed') };
    expect((await ask('myip=192.0.2.7', { headers })).lines).toEqual(['good 192.0.2.7']);
    expect(get('home')).toEqual(['60 A 192.0.2.7']);
  });
});

describe('replies', () => {
  test.each([
    ['one address', 'hostname=home.example.net&myip=192.0.2.7', ['good 192.0.2.7']],
    [
      'ddclient 3',
      'system=dyndns&hostname=home.example.net,x.lab.example.net&myip=192.0.2.7',
      ['good 192.0.2.7', 'good 192.0.2.7'],
    ],
    [
      'both families',
      'hostname=home.example.net&myip=192.0.2.7,2001:DB8:0::7',
      ['good 192.0.2.7,2001:db8::7'],
    ],
    [
      'myipv6',
      'hostname=home.example.net&myip=192.0.2.7&myipv6=2001:db8::7',
      ['good 192.0.2.7,2001:db8::7'],
    ],
    ['no address: the peer', 'hostname=home.example.net', ['good 198.51.100.4']],
    ['an empty address: the peer', 'hostname=home.example.net&myip=', ['good 198.51.100.4']],
    ['a mapped address', 'hostname=home.example.net&myip=::ffff:192.0.2.7', ['good 192.0.2.7']],
    ['other spelling', 'hostname=HOME.Example.net.&myip=192.0.2.7', ['good 192.0.2.7']],
    ['no host', 'myip=192.0.2.7', ['notfqdn']],
    ['a host without a dot', 'hostname=home&myip=192.0.2.7', ['notfqdn']],
    [
      'a host that is no name',
      'hostname=a..b.net,ho%20me.example.net&myip=192.0.2.7',
      ['notfqdn', 'notfqdn'],
    ],
    ['a host of somebody else', 'hostname=bob.example.net&myip=192.0.2.7', ['nohost']],
    ['a host nobody has', 'hostname=nobody.example.net&myip=192.0.2.7', ['nohost']],
    ['a host elsewhere', 'hostname=home.example.org&myip=192.0.2.7', ['nohost']],
    ['the top of a tree of hosts', 'hostname=lab.example.net&myip=192.0.2.7', ['nohost']],
    [
      'some of each',
      'hostname=home,home.example.net,bob.example.net&myip=192.0.2.7',
      ['notfqdn', 'good 192.0.2.7', 'nohost'],
    ],
    [
      '21 hosts',
      `hostname=${Array.from({ length: 21 }, (_, index) => `h${index}.lab.example.net`)}&myip=192.0.2.7`,
      ['numhost'],
    ],
    ['no address', 'hostname=home.example.net&myip=example.org', ['dnserr']],
    ['0.0.0.0', 'hostname=home.example.net&myip=0.0.0.0', ['dnserr']],
    ['multicast', 'hostname=home.example.net&myip=ff02::1', ['dnserr']],
    [
      'too many addresses',
      `hostname=home.example.net&myip=${Array.from({ length: 9 }, (_, index) => `192.0.2.${index}`)}`,
      ['dnserr'],
    ],
    ['an alias', 'hostname=alias.example.net&myip=192.0.2.7', ['dnserr']],
  ])('%s', async (_, query, lines) => {
    const { ask } = setUp();
    expect(await ask(query)).toEqual({ status: 200, lines, challenge: null });
  });

  test('20 hosts are one change', async () => {
    const { ask, commits, get } = setUp();
    const hosts = Array.from({ length: 20 }, (_, index) => `h${index}.lab.example.net`);
    expect((await ask(`hostname=${hosts}&myip=192.0.2.7`)).lines).toEqual(
      hosts.map(() => 'good 192.0.2.7'),
    );
    expect(commits).toHaveLength(1);
    expect(get('h19.lab')).toEqual(['60 A 192.0.2.7']);
  });

  test('the same again is nochg and no write', async () => {
    const { ask, commits } = setUp();
    await ask('hostname=home.example.net&myip=192.0.2.7');
    expect((await ask('hostname=home.example.net&myip=192.0.2.7')).lines).toEqual([
      'nochg 192.0.2.7',
    ]);
    expect(commits).toHaveLength(1);
  });

  test('only the family that is named is touched; offline removes both', async () => {
    const { ask, get } = setUp();
    await ask('hostname=home.example.net&myip=192.0.2.7,2001:db8::7');
    await ask('hostname=home.example.net&myip=192.0.2.8');
    expect(get('home')).toEqual(['60 A 192.0.2.8', '60 AAAA 2001:db8::7']);
    expect((await ask('hostname=home.example.net&offline=YES')).lines).toEqual(['good']);
    expect(get('home')).toEqual([]);
  });

  test('POST with a form does the same', async () => {
    const { ask } = setUp();
    const body = 'hostname=home.example.net&myip=192.0.2.7';
    const headers = {
      ...known,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(body.length),
    };
    expect((await ask('', { method: 'POST', headers, body })).lines).toEqual(['good 192.0.2.7']);
  });

  test('no user agent, or another method, is badagent', async () => {
    const { ask } = setUp();
    const query = 'hostname=home.example.net';
    expect((await ask(query, { headers: { authorization: known.authorization } })).lines).toEqual([
      'badagent',
    ]);
    expect((await ask(query, { method: 'DELETE' })).lines).toEqual(['badagent']);
    expect((await ask(query, { method: 'HEAD' })).lines).toEqual(['badagent']);
  });

  test('a disk error is dnserr for what should have changed, and the old address stays', async () => {
    const { ask, get, fail, reactor } = setUp();
    await ask('hostname=home.example.net&myip=192.0.2.7');
    fail();
    const reply = await ask(
      'hostname=home.example.net,x.lab.example.net,bob.example.net&myip=192.0.2.8',
    );
    expect(reply.lines).toEqual(['dnserr', 'dnserr', 'nohost']);
    expect([get('home'), get('x.lab')]).toEqual([['60 A 192.0.2.7'], []]);
    expect((await ask('hostname=home.example.net&myip=192.0.2.7')).lines).toEqual([
      'nochg 192.0.2.7',
    ]);
    expect(reactor.reports.problems).toMatchObject([{ error: { code: 'HAWSER_STORE_IO' } }]);
    reactor.reports.problems.length = 0;
  });

  test('* is every name below the zone, not the zone', async () => {
    const { ask } = setUp();
    const headers = { ...known, authorization: basic('root', 'all') };
    const reply = await ask('hostname=new.example.net,a.b.example.net,example.net&myip=192.0.2.7', {
      headers,
    });
    expect(reply.lines).toEqual(['good 192.0.2.7', 'good 192.0.2.7', 'nohost']);
  });
});

describe('addresses', () => {
  const home = 'hostname=home.example.net';
  const first = `${home}&myip=192.0.2.1,2001:db8:0:aa::7`;
  test.each<[string, string, string[], string[], Partial<Dyndns2Options>?]>([
    [
      'myipv4',
      `${home}&myipv4=192.0.2.7`,
      ['good 192.0.2.7'],
      ['60 A 192.0.2.7', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'myipv4 with the other family',
      `${home}&myipv4=2001:db8::7`,
      ['dnserr'],
      ['60 A 192.0.2.1', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'myipv6 with the other family',
      `${home}&myipv6=192.0.2.7`,
      ['dnserr'],
      ['60 A 192.0.2.1', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'ipv6',
      `${home}&ipv6=2001:db8::7`,
      ['good 2001:db8::7'],
      ['60 A 192.0.2.1', '60 AAAA 2001:db8::7'],
    ],
    [
      'ip',
      `${home}&ip=192.0.2.7`,
      ['good 192.0.2.7'],
      ['60 A 192.0.2.7', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'a prefix keeps the bits of the host',
      `${home}&myipv6=2001:db8:ffff:ee00::/56`,
      ['good 2001:db8:ffff:eeaa::7'],
      ['60 A 192.0.2.1', '60 AAAA 2001:db8:ffff:eeaa::7'],
    ],
    [
      'a prefix that ends within an octet',
      `${home}&myipv6=2001:db8:0:f0::/60`,
      ['good 2001:db8:0:fa::7'],
      ['60 A 192.0.2.1', '60 AAAA 2001:db8:0:fa::7'],
    ],
    [
      'a prefix of IPv4',
      `${home}&myip=198.51.100.0/24`,
      ['good 198.51.100.1'],
      ['60 A 198.51.100.1', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'the prefix that it has',
      `${home}&myipv6=2001:db8::/56`,
      ['nochg 2001:db8:0:aa::7'],
      ['60 A 192.0.2.1', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'a prefix and an address',
      `${home}&myip=192.0.2.7&myipv6=2001:db8:1::/56`,
      ['good 192.0.2.7,2001:db8:1:aa::7'],
      ['60 A 192.0.2.7', '60 AAAA 2001:db8:1:aa::7'],
    ],
    [
      'a prefix as long as an address is one',
      `${home}&myipv6=2001:db8::7/128`,
      ['good 2001:db8::7'],
      ['60 A 192.0.2.1', '60 AAAA 2001:db8::7'],
    ],
    [
      'a prefix that is too long',
      `${home}&myipv6=2001:db8::/129`,
      ['dnserr'],
      ['60 A 192.0.2.1', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'two prefixes',
      `${home}&myipv6=2001:db8::/56,2001:db8:1::/56`,
      ['dnserr'],
      ['60 A 192.0.2.1', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'a prefix of length 0',
      `${home}&myipv6=::/0`,
      ['dnserr'],
      ['60 A 192.0.2.1', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'preserve',
      `${home}&myip=192.0.2.7&myipv6=preserve`,
      ['good 192.0.2.7'],
      ['60 A 192.0.2.7', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'preserve everything',
      `${home}&myip=preserve`,
      ['nochg'],
      ['60 A 192.0.2.1', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'an empty myipv6 says nothing',
      `${home}&myip=192.0.2.7&myipv6=`,
      ['good 192.0.2.7'],
      ['60 A 192.0.2.7', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'an empty myipv6 deletes where that is wanted',
      `${home}&myip=192.0.2.7&myipv6=`,
      ['good 192.0.2.7'],
      ['60 A 192.0.2.7'],
      { emptyDeletes: true },
    ],
    [
      'an empty myip deletes where that is wanted',
      `${home}&myip=&myipv6=2001:db8::7`,
      ['good 2001:db8::7'],
      ['60 AAAA 2001:db8::7'],
      { emptyDeletes: true },
    ],
    [
      'an empty myip without a wish is not the peer then',
      `${home}&myip=`,
      ['good'],
      ['60 AAAA 2001:db8:0:aa::7'],
      { emptyDeletes: true },
    ],
    [
      'loopback',
      `${home}&myip=127.0.0.1`,
      ['dnserr'],
      ['60 A 192.0.2.1', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'loopback of IPv6',
      `${home}&myip=::1`,
      ['dnserr'],
      ['60 A 192.0.2.1', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'loopback where it is allowed',
      `${home}&myip=127.0.0.1,::1`,
      ['good 127.0.0.1,::1'],
      ['60 A 127.0.0.1', '60 AAAA ::1'],
      { allowLoopback: true },
    ],
    [
      'link-local',
      `${home}&myip=fe80::1`,
      ['dnserr'],
      ['60 A 192.0.2.1', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'one good and one bad',
      `${home}&myip=192.0.2.7,x`,
      ['dnserr'],
      ['60 A 192.0.2.1', '60 AAAA 2001:db8:0:aa::7'],
    ],
    [
      'wildcard, mx, backmx and system are ignored',
      `${home}&myip=192.0.2.7&wildcard=ON&mx=a.b&backmx=YES&system=dyndns`,
      ['good 192.0.2.7'],
      ['60 A 192.0.2.7', '60 AAAA 2001:db8:0:aa::7'],
    ],
  ])('%s', async (_, query, lines, held, options) => {
    const { ask, get } = setUp(options);
    await ask(first);
    expect((await ask(query)).lines).toEqual(lines);
    expect(get('home')).toEqual(held);
  });

  test.each([
    ['127.0.0.0/8', '192.0.2.1'],
    ['224.0.0.0/4', '192.0.2.1'],
    ['0.0.0.0/8', '192.0.2.1'],
    ['ff02::/16', '2001:db8::1'],
    ['fe80::/10', '2001:db8::1'],
    ['::/127', '2001:db8::1'],
  ])('a prefix that is not for hosts is dnserr: %s', async (prefix, held) => {
    const { ask } = setUp();
    const get = (address: string) => ask(`hostname=home.example.net&myip=${address}`);
    expect((await get(held)).lines).toEqual([`good ${held}`]);
    expect((await get(prefix)).lines).toEqual(['dnserr']);
    expect((await get(held)).lines).toEqual([`nochg ${held}`]);
  });

  test.each(['cross-site', 'same-site'])(
    'a browser that a page of somebody else (%s) makes ask changes nothing',
    async (site) => {
      const { ask, zone } = setUp();
      const headers = { ...known, 'sec-fetch-site': site };
      const { lines } = await ask('hostname=home.example.net&myip=192.0.2.1', { headers });
      expect(lines).toEqual(['badagent']);
      expect(zone.lines('home')).toEqual([]);
    },
  );

  test.each(['none', 'same-origin'])('a browser in which somebody asks (%s) may', async (site) => {
    const { ask } = setUp();
    const headers = { ...known, 'sec-fetch-site': site };
    const { lines } = await ask('hostname=home.example.net&myip=192.0.2.1', { headers });
    expect(lines).toEqual(['good 192.0.2.1']);
  });

  test('a prefix without an address to keep is dnserr', async () => {
    const { ask } = setUp();
    expect((await ask(`${home}&myipv6=2001:db8::/56`)).lines).toEqual(['dnserr']);
  });

  test('without a wish the address of the peer, and only its family', async () => {
    const { ask, get } = setUp();
    await ask(first);
    expect((await ask(home, {}, '2001:db8::99')).lines).toEqual(['good 2001:db8::99']);
    expect(get('home')).toEqual(['60 A 192.0.2.1', '60 AAAA 2001:db8::99']);
  });

  test('without a wish and without a peer that has one: dnserr', async () => {
    const { ask } = setUp();
    const response = await dyndns2(new TestZone(), {
      accounts: [{ user: 'alice', token: 'secret', hosts: ['*'] }],
    })(new Request(`http://localhost/?${home}`, { headers: known }), {
      reactor: createTestReactor(),
      peer: { kind: 'unix', path: '' },
    });
    expect(await response.text()).toBe('dnserr\n');
    expect((await ask(home, {}, '127.0.0.1')).lines).toEqual(['dnserr']);
  });

  test.each<[string, string, string]>([
    ['no field', '', '198.51.100.4'],
    ['the hop that the proxy names', '192.0.2.55', '192.0.2.55'],
    ['not what the client wrote before', '192.0.2.66, 192.0.2.55', '192.0.2.55'],
    ['through a second proxy', '192.0.2.66, 192.0.2.55, 198.51.100.5', '192.0.2.55'],
    ['with its port', '192.0.2.55:4711', '192.0.2.55'],
    ['of IPv6 with its port', '[2001:db8::55]:4711', '2001:db8::55'],
    ['of IPv6 in brackets', '[2001:db8::55]', '2001:db8::55'],
    ['of IPv6 that looks like one with a port', '2001:db8::55:4711', '2001:db8::55:4711'],
    ['through a second proxy with its port', '192.0.2.55:1, 198.51.100.5:2', '192.0.2.55'],
    ['behind 31 more proxies', `192.0.2.55${', 198.51.100.5'.repeat(31)}`, '192.0.2.55'],
    ['but no more are looked at', `192.0.2.55${', 198.51.100.5'.repeat(32)}`, '198.51.100.5'],
    ['nonsense', 'unknown', '198.51.100.4'],
    ['nonsense with a port', '192.0.2.55:x', '198.51.100.4'],
  ])('behind a trusted proxy: %s', async (_, forwarded, address) => {
    const { ask } = setUp({ trustedProxies: { from: ['198.51.100.0/24'] } });
    const headers = { ...known, 'x-forwarded-for': forwarded };
    const { lines } = await ask(home, { headers });
    expect(lines).toEqual([`good ${address}`]);
  });

  test('a proxy that is not trusted is the client', async () => {
    const { ask } = setUp();
    const headers = { ...known, 'x-forwarded-for': '192.0.2.55' };
    expect((await ask(home, { headers })).lines).toEqual(['good 198.51.100.4']);
  });

  test('all hosts or none: one that cannot be changed leaves the others as they were', async () => {
    const { ask, get, commits } = setUp();
    await ask('hostname=y.lab.example.net&myip=192.0.2.7');
    commits.length = 0;
    const reply = await ask(
      'hostname=home.example.net,alias.example.net,y.lab.example.net,bob.example.net&myip=192.0.2.7',
    );
    expect(reply.lines).toEqual(['dnserr', 'dnserr', 'nochg 192.0.2.7', 'nohost']);
    expect([get('home'), commits]).toEqual([[], []]);
  });
});

describe('txt', () => {
  const host = 'hostname=_acme-challenge.home.example.net';

  test('adds to what there is, with an end, and drops the oldest', async () => {
    const { ask, get, zone, reactor } = setUp({ maxTexts: 2 });
    for (const text of ['one', 'two', 'three']) {
      // oxlint-disable-next-line no-await-in-loop -- in this order
      expect((await ask(`${host}&txt=${text}`)).lines).toEqual(['good']);
    }
    expect(get('_acme-challenge.home')).toEqual(['60 TXT "three"', '60 TXT "two"']);
    expect(zone.leases.map(({ expires }) => (expires ?? 0) - reactor.clock.epoch())).toEqual([
      3_600_000, 3_600_000, 3_600_000,
    ]);
  });

  test('one that is there already stays as long as a new one', async () => {
    const { ask, zone, reactor } = setUp();
    await ask(`${host}&txt=one`);
    reactor.clock.advance(3_500_000);
    await ask(`${host}&txt=one`);
    const [first, again] = zone.leases.map(({ expires = 0 }) => expires);
    expect((again ?? 0) - (first ?? 0)).toBe(3_500_000);
    expect(zone.commits).toHaveLength(1);
  });

  test('the same again is nochg, and an empty one deletes', async () => {
    const { ask, get } = setUp();
    await ask(`${host}&txt=one`);
    expect((await ask(`${host}&txt=one`)).lines).toEqual(['nochg']);
    expect((await ask(`${host}&txt=`)).lines).toEqual(['good']);
    expect(get('_acme-challenge.home')).toEqual([]);
  });

  test('leaves addresses alone', async () => {
    const { ask, zone } = setUp();
    await ask(`${host}&txt=one&myip=192.0.2.7`);
    expect(zone.lines('_acme-challenge.home')).toEqual(['_acme-challenge.home 60 TXT "one"']);
  });

  test.each<[string, string, Record<string, string>, string]>([
    ['another host', 'hostname=home.example.net&txt=x', known, 'nohost'],
    [
      'a challenge of somebody else',
      'hostname=_acme-challenge.bob.example.net&txt=x',
      known,
      'nohost',
    ],
    [
      'an account that may not',
      `${host}&txt=x`,
      { ...known, authorization: basic('home.example.net', 'hashed') },
      'nohost',
    ],
    ['a text that is too long', `${host}&txt=${'x'.repeat(256)}`, known, 'dnserr'],
  ])('%s', async (_, query, headers, line) => {
    const { ask, commits } = setUp();
    expect((await ask(query, { headers })).lines).toEqual([line]);
    expect(commits).toEqual([]);
  });
});

describe('credentials in the query', () => {
  const query = 'hostname=home.example.net&myip=192.0.2.7&username=alice&password=secret';
  const headers = { 'user-agent': 'router' };

  test('count only where that is wanted', async () => {
    expect((await setUp().ask(query, { headers })).lines).toEqual(['badauth']);
    const { ask } = setUp({ queryCredentials: true });
    expect((await ask(query, { headers })).lines).toEqual(['good 192.0.2.7']);
    expect((await ask(query.replace('secret', 'wrong'), { headers })).status).toBe(401);
  });

  test('do not count beside those of the header', async () => {
    const { ask } = setUp({ queryCredentials: true });
    const wrong = { ...headers, authorization: basic('alice', 'wrong') };
    expect((await ask(query, { headers: wrong })).status).toBe(401);
  });
});

describe('abuse', () => {
  const home = 'hostname=home.example.net&myip=192.0.2.7';
  const often = { hostRate: { burst: 1000, perMinute: 1000 } };

  test('needless updates warn, then block, until somebody resets', async () => {
    const notices: AbuseNotice[] = [];
    const bucket = new MemoryBucket();
    const options = { ...often, warnAfter: 2, blockAfter: 4, bucket };
    const abuse = new AbuseGuard({ ...options, onAbuse: (notice) => notices.push(notice) });
    const { ask, commits } = setUp({ abuse });
    await ask(home);
    const lines: string[] = [];
    for (let round = 0; round < 6; round++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      lines.push(...(await ask(home)).lines);
    }
    expect(lines).toEqual([
      ...Array.from({ length: 4 }, () => 'nochg 192.0.2.7'),
      'abuse',
      'abuse',
    ]);
    expect(notices).toEqual([
      { kind: 'warned', host: 'home.example.net', strikes: 2 },
      { kind: 'blocked', host: 'home.example.net', strikes: 4 },
    ]);
    expect(commits).toHaveLength(1);
    // Another process knows.
    const { ask: askLater } = setUp({ abuse: new AbuseGuard(options) });
    expect((await askLater(home)).lines).toEqual(['abuse']);
    expect((await ask(`${home}&hostname=home.example.net`)).lines).toEqual(['abuse']);
    await abuse.reset('HOME.example.net');
    expect((await ask(home)).lines).toEqual(['nochg 192.0.2.7']);
    expect((await setUp({ abuse: new AbuseGuard(options) }).ask(home)).lines).toEqual([
      'good 192.0.2.7',
    ]);
  });

  test('nothing is written for an update that changes nothing', async () => {
    const bucket = new MemoryBucket();
    const { ask, commits } = setUp({ abuse: new AbuseGuard({ ...often, bucket }) });
    await ask(home);
    for (let round = 0; round < 10; round++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await ask(home);
    }
    expect([commits.length, await bucket.list()]).toEqual([1, []]);
  });

  test('a needless update after 28 days is none', async () => {
    const notices: AbuseNotice[] = [];
    const abuse = new AbuseGuard({
      ...often,
      warnAfter: 1,
      onAbuse: (notice) => notices.push(notice),
    });
    const { ask, reactor } = setUp({ abuse });
    await ask(home);
    reactor.clock.advance(28 * 86_400_000);
    await ask(home);
    expect(notices).toEqual([]);
    reactor.clock.advance(1000);
    await ask(home);
    expect(notices).toHaveLength(1);
  });

  test('strikes are counted by the week', async () => {
    const abuse = new AbuseGuard({ ...often, blockAfter: 2 });
    const { ask, reactor } = setUp({ abuse });
    await ask(home);
    for (let week = 0; week < 3; week++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await ask(home)).lines).toEqual(['nochg 192.0.2.7']);
      reactor.clock.advance(7 * 86_400_000);
    }
  });

  test('what is read late does not undo what was counted meanwhile', async () => {
    const notices: AbuseNotice[] = [];
    const bucket = new MemoryBucket();
    let found = (): void => undefined;
    const late = new Promise<undefined>((resolve) => (found = () => resolve(undefined)));
    vi.spyOn(bucket, 'get').mockReturnValueOnce(late);
    const onAbuse = (notice: AbuseNotice) => notices.push(notice);
    const abuse = new AbuseGuard({ ...often, bucket, warnAfter: 3, onAbuse });
    const { ask } = setUp({ abuse });
    const first = ask(home);
    expect((await ask(home)).lines).toEqual(['good 192.0.2.7']);
    await ask(home);
    await ask(home);
    found();
    expect((await first).lines).toEqual(['nochg 192.0.2.7']);
    expect(notices).toMatchObject([{ kind: 'warned', strikes: 3 }]);
  });

  test('of more hosts than it remembers the one heard of first is forgotten', async () => {
    const notices: AbuseNotice[] = [];
    const abuse = new AbuseGuard({
      ...often,
      maxHosts: 2,
      warnAfter: 2,
      onAbuse: (notice) => notices.push(notice),
    });
    const { ask } = setUp({ abuse });
    const of = (host: string) => ask(`hostname=${host}.lab.example.net&myip=192.0.2.7`);
    for (const host of ['a', 'a', 'b', 'c', 'a', 'a']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await of(host);
    }
    // It came back as one without a strike, whose next needless update is taken for a sign of life.
    expect(notices).toEqual([]);
  });

  test('a host that is updated too fast is abuse for a while, others are not', async () => {
    const abuse = new AbuseGuard({ hostRate: { burst: 2, perMinute: 1 } });
    const { ask, reactor } = setUp({ abuse });
    const both = 'hostname=home.example.net,x.lab.example.net&myip=192.0.2.';
    await ask(`${home}`);
    await ask(`${home}`);
    expect((await ask(`${both}8`)).lines).toEqual(['abuse', 'good 192.0.2.8']);
    reactor.clock.advance(60_000);
    expect((await ask(`${both}9`)).lines).toEqual(['good 192.0.2.9', 'good 192.0.2.9']);
  });

  test('after many wrong tokens from an address even the right one is not looked at, for a while', async () => {
    const abuse = new AbuseGuard({ failureRate: { burst: 3, perMinute: 1 } });
    const { ask, reactor } = setUp({ abuse });
    const headers = { ...known, authorization: basic('alice', 'guess') };
    for (let round = 0; round < 3; round++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await ask(home, { headers })).status).toBe(401);
    }
    expect((await ask(home, { headers })).lines).toEqual(['abuse']);
    expect((await ask(home)).lines).toEqual(['abuse']);
    expect((await ask(home, {}, '198.51.100.5')).lines).toEqual(['good 192.0.2.7']);
    reactor.clock.advance(60_000);
    expect((await ask(home)).lines).toEqual(['nochg 192.0.2.7']);
  });

  test('the addresses of one /64 count together', async () => {
    const abuse = new AbuseGuard({ failureRate: { burst: 1, perMinute: 1 } });
    const { ask } = setUp({ abuse });
    const headers = { ...known, authorization: basic('alice', 'guess') };
    await ask(home, { headers }, '2001:db8::1');
    expect((await ask(home, {}, '2001:db8::2')).lines).toEqual(['abuse']);
    expect((await ask(home, {}, '2001:db8:0:1::2')).lines).toEqual(['good 192.0.2.7']);
  });
});

describe('911 and badagent', () => {
  const home = 'hostname=home.example.net&myip=192.0.2.7';

  test('maintenance is 911, before anything else', async () => {
    const { ask, commits } = setUp({ maintenance: () => true });
    expect(await ask(home, { headers: {} })).toMatchObject({ status: 200, lines: ['911'] });
    expect(commits).toEqual([]);
  });

  test('more at the same time than allowed are 911', async () => {
    const { ask } = setUp({ maxInFlight: 2 });
    const replies = await Promise.all([ask(home), ask(home), ask(home)]);
    expect(replies.map(({ lines }) => lines[0])).toEqual([
      'good 192.0.2.7',
      'nochg 192.0.2.7',
      '911',
    ]);
    expect((await ask(home)).lines).toEqual(['nochg 192.0.2.7']);
  });

  test('strangers who do not end their request take no place from others', async () => {
    const { ask } = setUp({ maxInFlight: 1 });
    const hanging = new ReadableStream({ pull: () => new Promise(() => undefined) });
    const headers = { ...known, 'content-type': 'application/x-www-form-urlencoded' };
    void ask('', { method: 'POST', headers, body: hanging, duplex: 'half' } as RequestInit);
    expect((await ask(home)).lines).toEqual(['good 192.0.2.7']);
  });

  test('an agent that is blocked, every time', async () => {
    const { ask } = setUp({ blockedAgents: [/ddclient/gi] });
    expect((await ask(home)).lines).toEqual(['badagent']);
    expect((await ask(home)).lines).toEqual(['badagent']);
  });

  test('a query or a form that is too long is badagent', async () => {
    const { ask } = setUp();
    expect((await ask(`${home}&x=${'x'.repeat(4096)}`)).lines).toEqual(['badagent']);
  });
});

describe('checkIp', () => {
  const ask = async (host: string | undefined, init: RequestInit = {}) => {
    const peer = host === undefined ? ({ kind: 'unix', path: '' } as const) : peerAt(host);
    const handler = checkIp({ trustedProxies: { from: ['198.51.100.1'] } });
    return handler(new Request('http://localhost/ip', init), {
      reactor: createTestReactor(),
      peer,
    });
  };

  test('tells the address of the client, as the proxy says', async () => {
    expect(await (await ask('192.0.2.7')).text()).toBe('192.0.2.7\n');
    expect(await (await ask('2001:db8::7')).text()).toBe('2001:db8::7\n');
    const headers = { 'x-forwarded-for': '192.0.2.8' };
    expect(await (await ask('198.51.100.1', { headers })).text()).toBe('192.0.2.8\n');
    expect(await (await ask(undefined)).text()).toBe('unknown\n');
  });

  test('only to those who read', async () => {
    const response = await ask('192.0.2.7', { method: 'POST' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

test.each<[string, Partial<Dyndns2Options>, string]>([
  [
    'two accounts of one user',
    { accounts: [1, 2].map((n) => ({ user: 'a', token: `${n}`, hosts: ['*'] })) },
    'two have the same user',
  ],
  ['no token', { accounts: [{ user: 'a', token: '', hosts: ['*'] }] }, 'needs a token'],
  ['a user with a colon', { accounts: [{ user: 'a:b', token: 'x', hosts: ['*'] }] }, '":"'],
  [
    'another type',
    { accounts: [{ user: 'a', token: 'x', hosts: ['*'], types: ['MX'] }] },
    'only A, AAAA and TXT',
  ],
  ['no hosts at once', { maxHosts: 0 }, 'maxHosts'],
  ['a network that is none', { trustedProxies: { from: ['proxy'] } }, 'trustedProxies'],
])('%s is refused at once', (_, options, message) => {
  expect(() => setUp(options)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(message) }),
  );
});
