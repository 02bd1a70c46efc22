import { describe, expect, test } from 'vitest';
import { StoreError } from '../../src/errors.ts';
import { dynamicZone } from '../../src/store/dynamic-zone.ts';
import { memory } from '../../src/store/memory-store.ts';
import { hashToken } from '../../src/update/account.ts';
import { type Dyndns2Context, dyndns2 } from '../../src/update/dyndns2.ts';

const basic = (user: string, token: string) =>
  `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;
const known = { authorization: basic('alice', 'secret'), 'user-agent': 'ddclient/3.10.0' };

async function setUp() {
  const commits: number[] = [];
  const store = memory();
  let failing = false;
  const zone = await dynamicZone('example.net', {
    store: {
      list: () => store.list(),
      load: (origin) => store.load(origin),
      journal: (origin, serial) => store.journal(origin, serial),
      close: () => store.close(),
      commit: async (changeSet) => {
        if (failing) throw new StoreError('HAWSER_STORE_IO', 'disk full');
        commits.push(changeSet.to);
        await store.commit(changeSet);
      },
    },
  });
  await zone.set('bob', 'A', '192.0.2.99');
  await zone.set('alias', 'CNAME', 'bob.example.net');
  commits.length = 0;
  const problems: unknown[] = [];
  const handler = dyndns2({
    zone,
    accounts: [
      {
        user: 'alice',
        token: 'secret',
        hosts: ['home.example.net', 'alias.example.net', '*.lab.example.net'],
      },
      { user: 'home.example.net', token: hashToken('hashed'), hosts: ['home.example.net'] },
      { user: 'root', token: 'all', hosts: ['*'] },
    ],
    onProblem: (error) => problems.push(error),
  });
  const peer: Dyndns2Context = {
    peer: { kind: 'tcp', host: '198.51.100.4', port: 999, family: 4 },
  };
  const ask = async (query: string, init: RequestInit = {}, context = peer) => {
    const response = await handler(
      new Request(`http://localhost/nic/update?${query}`, { headers: known, ...init }),
      context,
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
  return { zone, commits, problems, ask, fail: () => void (failing = true) };
}

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
    const { ask, commits } = await setUp();
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
    const { ask, zone } = await setUp();
    const headers = { ...known, authorization: basic('home.example.net', 'hashed') };
    expect((await ask('myip=192.0.2.7', { headers })).lines).toEqual(['good 192.0.2.7']);
    expect(zone.get('home', 'A')).toEqual(['192.0.2.7']);
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
    const { ask } = await setUp();
    expect(await ask(query)).toEqual({ status: 200, lines, challenge: null });
  });

  test('20 hosts are one change', async () => {
    const { ask, commits, zone } = await setUp();
    const hosts = Array.from({ length: 20 }, (_, index) => `h${index}.lab.example.net`);
    expect((await ask(`hostname=${hosts}&myip=192.0.2.7`)).lines).toEqual(
      hosts.map(() => 'good 192.0.2.7'),
    );
    expect(commits).toHaveLength(1);
    expect(zone.get('h19.lab')).toEqual({ ttl: 60, A: ['192.0.2.7'] });
  });

  test('the same again is nochg and no write', async () => {
    const { ask, commits } = await setUp();
    await ask('hostname=home.example.net&myip=192.0.2.7');
    expect((await ask('hostname=home.example.net&myip=192.0.2.7')).lines).toEqual([
      'nochg 192.0.2.7',
    ]);
    expect(commits).toHaveLength(1);
  });

  test('only the family that is named is touched; offline removes both', async () => {
    const { ask, zone } = await setUp();
    await ask('hostname=home.example.net&myip=192.0.2.7,2001:db8::7');
    await ask('hostname=home.example.net&myip=192.0.2.8');
    expect(zone.get('home')).toEqual({ ttl: 60, A: ['192.0.2.8'], AAAA: ['2001:db8::7'] });
    expect((await ask('hostname=home.example.net&offline=YES')).lines).toEqual(['good']);
    expect(zone.get('home')).toBeUndefined();
  });

  test('POST with a form does the same', async () => {
    const { ask } = await setUp();
    const body = 'hostname=home.example.net&myip=192.0.2.7';
    const headers = {
      ...known,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(body.length),
    };
    expect((await ask('', { method: 'POST', headers, body })).lines).toEqual(['good 192.0.2.7']);
  });

  test('no user agent, or another method, is badagent', async () => {
    const { ask } = await setUp();
    const query = 'hostname=home.example.net';
    expect((await ask(query, { headers: { authorization: known.authorization } })).lines).toEqual([
      'badagent',
    ]);
    expect((await ask(query, { method: 'DELETE' })).lines).toEqual(['badagent']);
    expect((await ask(query, { method: 'HEAD' })).lines).toEqual(['badagent']);
  });

  test('a disk error is dnserr for what should have changed, and the old address stays', async () => {
    const { ask, zone, fail, problems } = await setUp();
    await ask('hostname=home.example.net&myip=192.0.2.7');
    fail();
    const reply = await ask(
      'hostname=home.example.net,x.lab.example.net,bob.example.net&myip=192.0.2.8',
    );
    expect(reply.lines).toEqual(['dnserr', 'dnserr', 'nohost']);
    expect([zone.get('home', 'A'), zone.get('x.lab')]).toEqual([['192.0.2.7'], undefined]);
    expect((await ask('hostname=home.example.net&myip=192.0.2.7')).lines).toEqual([
      'nochg 192.0.2.7',
    ]);
    expect(problems).toMatchObject([{ code: 'HAWSER_STORE_IO' }]);
  });

  test('* is every name below the zone, not the zone', async () => {
    const { ask } = await setUp();
    const headers = { ...known, authorization: basic('root', 'all') };
    const reply = await ask('hostname=new.example.net,a.b.example.net,example.net&myip=192.0.2.7', {
      headers,
    });
    expect(reply.lines).toEqual(['good 192.0.2.7', 'good 192.0.2.7', 'nohost']);
  });
});
