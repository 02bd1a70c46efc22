// dyndns2 as ddclient, inadyn and curl speak it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkIp, type Dyndns2Options, dyndns2, hashToken } from '@hawser/dns';
import { router } from '@hawser/http';
import { expect } from 'vitest';
import { UpdateServer } from './dns-update-server.ts';
import { output } from './dynamic-dns.ts';
import { interop } from './peer.ts';
import { type Ended, run } from './started.ts';

const token = 'correct-horse';

function start(options: Partial<Dyndns2Options> = {}): Promise<UpdateServer> {
  return UpdateServer.start({
    web: (zone) => {
      const update = dyndns2(zone, {
        accounts: [{ user: 'home', token: hashToken(token), hosts: ['*.lab.example.net'] }],
        ...options,
      });
      return router()
        .all('/nic/update', update)
        .all('/v3/update', update)
        .all('/update', update)
        .get('/ip', checkIp());
    },
  });
}

/** One run of ddclient with `lines` of configuration. */
function ddclient(server: UpdateServer, lines: readonly string[]): Promise<Ended> {
  const file = (name: string): string => join(server.folder, `ddclient.${name}`);
  writeFileSync(
    file('conf'),
    [
      'protocol=dyndns2',
      'ssl=no',
      `server=${server.url.slice('http://'.length)}`,
      'login=home',
      ...lines,
      '',
    ].join('\n'),
    { mode: 0o600 },
  );
  const files = ['-file', file('conf'), '-cache', file('cache'), '-pid', file('pid')];
  return run('ddclient', ['-daemon=0', '-noquiet', '-verbose', ...files]);
}

interop(
  'ddclient updates several hosts in one request, as one change',
  ['ddclient', 'dig'],
  async () => {
    await using server = await start();
    const lines = [
      `password='${token}'`,
      'use=ip, ip=192.0.2.99',
      'one.lab.example.net,two.lab.example.net',
    ];
    const { serial } = server.zone;
    const said = await ddclient(server, lines);
    expect(said.stdout + said.stderr).toContain('SUCCESS');
    expect(await server.dig('one.lab.example.net', '+short')).toBe('192.0.2.99\n');
    expect(await server.dig('two.lab.example.net', '+short')).toBe('192.0.2.99\n');
    expect(server.zone.serial).toBe(serial + 1);
    expect(server.reports.problems).toEqual([]);
  },
);

interop(
  'ddclient understands a wrong password, and a host that is not its own',
  ['ddclient'],
  async () => {
    await using server = await start();
    const wrong = await ddclient(server, [
      "password='guess'",
      'use=ip, ip=192.0.2.99',
      'one.lab.example.net',
    ]);
    expect(wrong.stdout + wrong.stderr).toMatch(/FAILED.*one\.lab\.example\.net/);
    const alien = await ddclient(server, [
      `password='${token}'`,
      'use=ip, ip=192.0.2.99',
      'one.example.net',
    ]);
    expect(alien.stdout + alien.stderr).toMatch(/FAILED.*one\.example\.net.*nohost/s);
    expect(server.zone.serial).toBe(1);
  },
);

interop(
  'inadyn updates hosts one by one, and takes nochg for success',
  ['inadyn', 'dig'],
  async () => {
    await using server = await start();
    const configuration = join(server.folder, 'inadyn.conf');
    writeFileSync(
      configuration,
      `period = 300
custom hawser {
  username = home
  password = ${token}
  ddns-server = "${server.url.slice('http://'.length)}"
  ddns-path = "/nic/update?hostname=%h&myip=%i"
  hostname = { "one.lab.example.net", "two.lab.example.net" }
  ssl = false
  checkip-command = "/bin/echo 192.0.2.77"
}
`,
      { mode: 0o600 },
    );
    const flags = [
      '-1',
      '-n',
      '--force',
      '-l',
      'debug',
      '-f',
      configuration,
      '--no-pidfile',
      '--cache-dir',
      server.folder,
    ];
    const first = await run('inadyn', flags);
    expect({ code: first.code, said: first.stderr }).toEqual({ code: 0, said: first.stderr });
    expect(await server.dig('one.lab.example.net', '+short')).toBe('192.0.2.77\n');
    expect(await server.dig('two.lab.example.net', '+short')).toBe('192.0.2.77\n');
    const { serial } = server.zone;
    expect((await run('inadyn', flags)).code).toBe(0);
    expect(server.zone.serial).toBe(serial);
  },
);

interop(
  'curl as a router: a prefix, both families, and its own address',
  ['curl', 'dig'],
  async () => {
    await using server = await start({ allowLoopback: true });
    const update = (query: string, path = '/nic/update'): Promise<string> =>
      output('curl', [
        '-sS',
        '-u',
        `home:${token}`,
        `${server.url}${path}?hostname=one.lab.example.net${query}`,
      ]);
    expect(await update('&myip=192.0.2.1,2001:db8:0:aa::7')).toBe(
      'good 192.0.2.1,2001:db8:0:aa::7\n',
    );
    expect(await update('&myipv6=2001:db8:1::/56', '/v3/update')).toBe('good 2001:db8:1:aa::7\n');
    expect(await server.dig('one.lab.example.net', 'AAAA', '+short')).toBe('2001:db8:1:aa::7\n');
    expect(await update('', '/update')).toBe('good 127.0.0.1\n');
    expect(await update('&offline=YES')).toBe('good\n');
    expect(server.zone.get('one.lab')).toBeUndefined();
    expect(await output('curl', ['-sS', `${server.url}/ip`])).toBe('127.0.0.1\n');
  },
);

interop(
  'an answer is never chunked, over HTTP/1.0 and 1.1, and Connection: close is kept',
  ['curl'],
  async () => {
    await using server = await start();
    for (const version of ['--http1.0', '--http1.1']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const said = await output('curl', [
        '-sSi',
        version,
        '-H',
        'Connection: close',
        '-u',
        'home:wrong',
        `${server.url}/nic/update?hostname=x`,
      ]);
      expect(said).toMatch(/^HTTP\/1\.[01] 401 /);
      expect(said).toMatch(/^content-length: 8\r$/im);
      expect(said).not.toMatch(/transfer-encoding/i);
      expect(said).toMatch(/^www-authenticate: Basic /im);
      expect(said.endsWith('\r\n\r\nbadauth\n')).toBe(true);
    }
  },
);
