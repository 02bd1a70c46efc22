// UPDATE messages of nsupdate and knsupdate, signed with every algorithm, and what becomes of the zone.
import { type TsigAlgorithmName, tsigKey } from '@hawser/dns';
import { describe, expect } from 'vitest';
import { UpdateServer } from './dns-update-server.ts';
import { interop } from './peer.ts';

const algorithms: readonly TsigAlgorithmName[] = [
  'hmac-md5',
  'hmac-sha1',
  'hmac-sha224',
  'hmac-sha256',
  'hmac-sha384',
  'hmac-sha512',
];
const secret = Buffer.alloc(64, 'a secret of sixty-four octets').toString('base64');
const keys = algorithms.map((name) => tsigKey(`${name}.key`, name, secret, { md5: true }));
const everything = [{ key: '*', names: '*', types: ['*'] }];
const withKey = (algorithm: string): string[] => ['-y', `${algorithm}:${algorithm}.key:${secret}`];

const start = () => UpdateServer.start({ keys, updates: { policy: everything } });

describe('nsupdate', () => {
  for (const algorithm of algorithms) {
    interop(`signs with ${algorithm}, over UDP and TCP`, ['nsupdate'], async () => {
      await using server = await start();
      const one = await server.nsupdate(
        ['update add one.example.net 60 A 192.0.2.1'],
        ...withKey(algorithm),
      );
      expect(one).toMatchObject({ code: 0, stderr: '' });
      const two = await server.nsupdate(
        ['update add two.example.net 60 A 192.0.2.2'],
        '-v',
        ...withKey(algorithm),
      );
      expect(two).toMatchObject({ code: 0, stderr: '' });
      expect([server.zone.get('one', 'A'), server.zone.get('two', 'A')]).toEqual([
        ['192.0.2.1'],
        ['192.0.2.2'],
      ]);
      expect(server.updates.map(({ key, rcode }) => [key, rcode])).toEqual([
        [`${algorithm}.key`, 0],
        [`${algorithm}.key`, 0],
      ]);
      expect(server.reports.problems).toEqual([]);
    });
  }

  interop('finds the zone by itself, and dig sees the change', ['nsupdate', 'dig'], async () => {
    await using server = await start();
    const { serial } = server.zone;
    const done = await server.nsupdate(
      ['update add a.b.example.net 60 TXT "two words" more'],
      ...withKey('hmac-sha256'),
    );
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(await server.dig('a.b.example.net', 'TXT', '+short')).toBe('"two words" "more"\n');
    expect(await server.dig('example.net', 'SOA', '+short')).toContain(` ${serial + 1} `);
  });

  interop('is told why a prerequisite does not hold', ['nsupdate'], async () => {
    await using server = await start();
    await server.zone.set('www', 'A', ['192.0.2.1', '192.0.2.2']);
    const add = 'update add new.example.net 60 A 192.0.2.9';
    const tries: readonly (readonly [string, string | undefined])[] = [
      ['prereq nxdomain www.example.net', 'YXDOMAIN'],
      ['prereq yxdomain nobody.example.net', 'NXDOMAIN'],
      ['prereq nxrrset www.example.net A', 'YXRRSET'],
      ['prereq yxrrset www.example.net AAAA', 'NXRRSET'],
      ['prereq yxrrset www.example.net A 192.0.2.1', 'NXRRSET'],
      ['prereq yxdomain example.org', 'NOTZONE'],
      ['prereq nxdomain new.example.net', undefined],
    ];
    for (const [prerequisite, code] of tries) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const ended = await server.nsupdate(
        ['zone example.net', prerequisite, add],
        ...withKey('hmac-sha256'),
      );
      const said = code === undefined ? '' : `update failed: ${code}\n`;
      expect({ prerequisite, code: ended.code, said: ended.stderr }).toEqual({
        prerequisite,
        code: code === undefined ? 0 : 2,
        said,
      });
    }
    expect(server.zone.get('new', 'A')).toEqual(['192.0.2.9']);
  });

  interop(
    'deletes records, RRsets and names, in its order with additions',
    ['nsupdate'],
    async () => {
      await using server = await start();
      await server.zone.change([
        { name: 'www', type: 'A', values: ['192.0.2.1', '192.0.2.2'] },
        { name: 'www', type: 'TXT', values: 'x' },
        { name: 'mail', type: 'MX', values: '10 www.example.net' },
        { name: 'old', type: 'A', values: '192.0.2.3' },
      ]);
      const lines = [
        'update delete www.example.net A 192.0.2.1',
        'update delete www.example.net TXT',
        'update delete old.example.net',
        'update add old.example.net 60 CNAME www.example.net.',
        'update delete mail.example.net MX 10 WWW.example.net.',
        // Ignored, as nobody may take these away.
        'update delete example.net NS',
        'update delete example.net SOA',
      ];
      expect(await server.nsupdate(lines, ...withKey('hmac-sha256'))).toMatchObject({
        code: 0,
        stderr: '',
      });
      expect(server.zone.get('www')).toEqual({ ttl: 60, A: ['192.0.2.2'] });
      expect(server.zone.get('old')).toEqual({ ttl: 60, CNAME: 'www.example.net' });
      expect([server.zone.get('mail'), server.zone.get('@', 'NS')]).toEqual([
        undefined,
        ['ns1.example.net'],
      ]);
    },
  );

  interop('sends 500 records at once over TCP', ['nsupdate'], async () => {
    await using server = await start();
    const lines = Array.from(
      { length: 500 },
      (_, index) => `update add h${index}.example.net 60 AAAA 2001:db8::${index.toString(16)}`,
    );
    expect(
      await server.nsupdate(['zone example.net', ...lines], ...withKey('hmac-sha256')),
    ).toMatchObject({ code: 0, stderr: '' });
    expect([server.zone.get('h499', 'AAAA'), server.zone.serial]).toEqual([['2001:db8::1f3'], 2]);
  });

  interop('adds what has a text form of its own', ['nsupdate', 'dig'], async () => {
    await using server = await start();
    const records = [
      'x.example.net. 60 SRV 1 2 443 www.example.net.',
      'x.example.net. 60 CAA 128 issue "ca.example.org; validationmethods=dns-01"',
      'x.example.net. 60 SSHFP 4 2 E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855',
      'x.example.net. 60 HTTPS 1 . alpn="h2,h3" ipv4hint=192.0.2.1',
      'x.example.net. 60 LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m',
      'x.example.net. 60 TYPE65280 \\# 3 010203',
      'a\\.b.example.net. 60 TXT "one label"',
      '*.w.example.net. 60 A 192.0.2.1',
    ];
    const lines = records.map((record) => `update add ${record}`);
    expect(
      await server.nsupdate(['zone example.net', ...lines], ...withKey('hmac-sha256')),
    ).toMatchObject({ code: 0, stderr: '' });
    expect(await server.dig('x.example.net', 'LOC', '+short')).toContain('52 22 23.000 N');
    expect(await server.dig('x.example.net', 'HTTPS', '+short')).toContain('alpn="h2,h3"');
    expect(await server.dig('a\\.b.example.net', 'TXT', '+short')).toBe('"one label"\n');
    expect(await server.dig('deep.w.example.net', '+short')).toBe('192.0.2.1\n');
    const gone = records.map((record) => `update delete ${record.replace(' 60 ', ' ')}`);
    expect(
      await server.nsupdate(['zone example.net', ...gone], ...withKey('hmac-sha256')),
    ).toMatchObject({ code: 0, stderr: '' });
    expect(server.zone.list().map(({ type }) => type)).toEqual(['NS', 'SOA']);
  });

  interop(
    'is refused what its key may not, and nothing of the update is made',
    ['nsupdate'],
    async () => {
      const policy = [
        { key: 'hmac-sha256.key', names: '_acme-challenge.*', types: ['TXT'], maxRecords: 2 },
        { key: 'hmac-sha512.key', names: '*.lab.example.net' },
      ];
      await using server = await UpdateServer.start({ keys, updates: { policy } });
      const acme = (...lines: string[]) =>
        server.nsupdate(['zone example.net', ...lines], ...withKey('hmac-sha256'));
      const challenge = 'update add _acme-challenge.www.example.net 60 TXT';
      expect(
        await acme(`${challenge} one`, 'update add www.example.net 60 A 192.0.2.1'),
      ).toMatchObject({
        code: 2,
        stderr: 'update failed: REFUSED\n',
      });
      expect(
        await acme('update add _acme-challenge.www.example.net 60 CAA 0 issue "x"'),
      ).toMatchObject({ code: 2 });
      expect(await acme('update add _acme-challenge\\.www.example.net 60 TXT x')).toMatchObject({
        code: 2,
      });
      expect(
        await acme(`${challenge} one`, `${challenge} two`, `${challenge} three`),
      ).toMatchObject({ code: 2 });
      const other = ['zone example.net', `${challenge} one`];
      expect(await server.nsupdate(other, ...withKey('hmac-sha512'))).toMatchObject({ code: 2 });
      expect(await server.nsupdate(other, ...withKey('hmac-sha1'))).toMatchObject({ code: 2 });
      expect(await server.nsupdate(other)).toMatchObject({
        code: 2,
        stderr: 'update failed: REFUSED\n',
      });
      expect(server.zone.serial).toBe(1);
      expect(await acme(`${challenge} one`, `${challenge} two`)).toMatchObject({
        code: 0,
        stderr: '',
      });
      expect(server.zone.get('_acme-challenge.www', 'TXT')).toEqual(['one', 'two']);
    },
  );

  interop('with a wrong key, or for a zone of others, is NOTAUTH', ['nsupdate'], async () => {
    await using server = await start();
    const add = ['zone example.net', 'update add x.example.net 60 A 192.0.2.1'];
    const unknown = await server.nsupdate(add, '-y', `hmac-sha256:nobody:${secret}`);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('BADKEY')]);
    const wrong = await server.nsupdate(
      add,
      '-y',
      `hmac-sha256:hmac-sha256.key:${Buffer.alloc(32).toString('base64')}`,
    );
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('BADSIG')]);
    const zone = ['zone example.org', 'update add x.example.org 60 A 192.0.2.1'];
    expect(await server.nsupdate(zone, ...withKey('hmac-sha256'))).toMatchObject({
      code: 2,
      stderr: 'update failed: NOTAUTH\n',
    });
    expect(server.zone.serial).toBe(1);
  });

  interop('without a key from where that is allowed', ['nsupdate'], async () => {
    const policy = [{ unsigned: true, names: '*.lab.example.net', types: ['A'] }];
    await using server = await UpdateServer.start({
      updates: { policy, allowUnsigned: ['127.0.0.0/8'] },
    });
    expect(await server.nsupdate(['update add x.lab.example.net 60 A 192.0.2.1'])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await server.nsupdate(['update add x.example.net 60 A 192.0.2.1'])).toMatchObject({
      code: 2,
    });
    expect(server.zone.get('x.lab', 'A')).toEqual(['192.0.2.1']);
  });
});

describe('knsupdate', () => {
  interop('adds and deletes with prerequisites, over UDP and TCP', ['knsupdate'], async () => {
    await using server = await start();
    const signed = withKey('hmac-sha256');
    const first = await server.knsupdate(
      [
        'zone example.net',
        'origin example.net',
        'prereq nxdomain www',
        'add www 60 A 192.0.2.1',
        'add www 60 A 192.0.2.2',
      ],
      ...signed,
    );
    expect([first.code, server.zone.get('www', 'A')]).toEqual([0, ['192.0.2.1', '192.0.2.2']]);
    const again = await server.knsupdate(
      ['zone example.net', 'origin example.net', 'prereq nxdomain www', 'add www 60 A 192.0.2.3'],
      ...signed,
    );
    expect([again.code, `${again.stdout}${again.stderr}`]).toEqual([
      1,
      expect.stringContaining('YXDOMAIN'),
    ]);
    const tcp = await server.knsupdate(
      [
        'zone example.net',
        'origin example.net',
        'prereq yxrrset www A',
        'del www A 192.0.2.1',
        'add new 60 MX 10 www',
      ],
      '-v',
      ...signed,
    );
    expect([tcp.code, server.zone.get('www', 'A')]).toEqual([0, ['192.0.2.2']]);
    expect(server.zone.get('new', 'MX')).toEqual([{ preference: 10, exchange: 'www.example.net' }]);
    const gone = await server.knsupdate(
      ['zone example.net', 'origin example.net', 'del www'],
      ...signed,
    );
    expect([gone.code, server.zone.get('www')]).toEqual([0, undefined]);
  });

  interop('without its key is refused', ['knsupdate'], async () => {
    await using server = await start();
    const ended = await server.knsupdate([
      'zone example.net',
      'origin example.net',
      'add www 60 A 192.0.2.1',
    ]);
    expect([ended.code, `${ended.stdout}${ended.stderr}`]).toEqual([
      1,
      expect.stringContaining('REFUSED'),
    ]);
    expect(server.zone.serial).toBe(1);
  });
});
