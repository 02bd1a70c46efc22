import { spawnSync } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createNodeReactor } from '@hawser/core';
import {
  dnsClient,
  openSqlite,
  parseTsigKeyFile,
  tsigKey,
  update as updateZone,
  type ZoneTransfer,
} from '@hawser/dns';
import { dohExchange } from '@hawser/dns/http';
import { httpClient } from '@hawser/http';
import { describe, expect, test, vi } from 'vitest';
import { bundled, startBundled } from './interop/bundled.ts';
import { Conversation } from './interop/conversation.ts';
import { DynamicDns, Home, portNames } from './interop/dynamic-dns.ts';
import { type Ended, type StartOptions, start } from './interop/started.ts';

// What the dynamic DNS server does at its limits: each test has a process and a folder of its own.

vi.setConfig({ testTimeout: 60_000 });

const reactor = createNodeReactor();
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const anyPorts = portNames.flatMap((name) => [`--${name}-port`, '0']);

describe('the command line', () => {
  test('--help lists every flag with its variable, and nothing is started', async () => {
    const { code, stdout, stderr } = await attempt(['--help']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const listed = [...stdout.matchAll(/^ {2}--([\w-]+) /gm)].map(([, flag]) => flag);
    expect(listed).toEqual([
      'zone',
      'host',
      'database',
      'keys',
      'dns-port',
      'dot-port',
      'http-port',
      'https-port',
      'smtp-port',
      'ssh-port',
      'one-port',
      'user',
      'token',
      'api-token',
      'secondaries',
      'sign',
      'cert',
      'key',
      'help',
    ]);
    for (const flag of listed.slice(0, -1))
      expect(stdout).toContain(`HAWSER_${flag?.toUpperCase().replace('-', '_')} `);
  });

  test.for([
    ['an unknown flag', ['--colour'], '--colour'],
    ['a value without a flag', ['dyn.test'], 'dyn.test'],
    ['a port that is none', ['--http-port', '80a'], '--http-port'],
    ['a port that is too large', ['--dns-port', '65536'], '--dns-port'],
    ['a wish to sign that is none', ['--sign', 'perhaps'], '--sign'],
    ['a key without its certificate', ['--key', 'key.pem'], '--key'],
  ] as const)('%s ends with 64 and one line that names it', async ([, flags, name]) => {
    expect(await attempt(flags)).toEqual(failure(64, name));
  });

  test('a bad port in the environment is named by its flag', async () => {
    const env = { HAWSER_SSH_PORT: 'ssh' };
    expect(await attempt([], { env })).toEqual(failure(64, '--ssh-port'));
  });

  test('a certificate that is not there ends with 74 and one line that names it', async () => {
    using home = new Home();
    const missing = join(home.folder, 'missing.pem');
    const flags = ['--one-port', '0', '--cert', missing, '--key', missing];
    const ended = await attempt(['--database', home.database, ...anyPorts, ...flags]);
    expect(ended).toEqual(failure(74, missing));
  });
});

describe('a port that is taken', () => {
  test.for([...portNames, 'one'])(
    'the %s port: ends with 69 and one line, and the next start still shows the password',
    async (name) => {
      using home = new Home();
      const taken = createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const { port } = taken.address() as AddressInfo;
      const flags = ['--database', home.database, ...anyPorts, `--${name}-port`, `${port}`];
      // The process ends by itself, without process.exit: whatever it had opened is closed.
      expect(await attempt(flags)).toEqual(failure(69, `127.0.0.1:${port}`));
      taken.close();

      await using server = await DynamicDns.start(home);
      expect(home.password).not.toBe('');
      expect(await update(server, 'home', '192.0.2.7')).toBe('good 192.0.2.7\n');
    },
  );
});

describe('a database that cannot be used ends the start with 74 and one line that names it', () => {
  test('locked by another process', async () => {
    using home = new Home();
    const other = openSqlite(home.database);
    try {
      other.exec('BEGIN IMMEDIATE');
      const ended = await attempt(['--database', home.database, ...anyPorts]);
      expect(ended).toEqual(failure(74, home.database));
      expect(ended.stderr).toContain('another process has it locked');
      other.exec('ROLLBACK');
    } finally {
      other.close();
    }
    await using server = await DynamicDns.start(home);
    expect(await update(server, 'home', '192.0.2.7')).toBe('good 192.0.2.7\n');
  });

  test('no database at all, which is left as it was', async () => {
    using home = new Home();
    const text = 'Dear diary, this is not a database.\n'.repeat(100);
    writeFileSync(home.database, text);
    const ended = await attempt(['--database', home.database, ...anyPorts]);
    expect(ended).toEqual(failure(74, home.database));
    expect(readFileSync(home.database, 'utf8')).toBe(text);
  });

  test('in a folder that is a file', async () => {
    using home = new Home();
    const database = join(home.folder, 'file', 'zone.db');
    writeFileSync(join(home.folder, 'file'), '');
    const ended = await attempt(['--database', database, ...anyPorts]);
    expect(ended).toEqual(failure(74, database));
  });

  test('a folder itself', async () => {
    using home = new Home();
    mkdirSync(home.database);
    const ended = await attempt(['--database', home.database, ...anyPorts]);
    expect(ended).toEqual(failure(74, home.database));
  });

  // Permissions do not bind root, so as root the server is run as somebody else, who must be able to run node.
  test.skipIf(isRoot && !canRunNode(NOBODY))('read-only', async () => {
    using home = new Home();
    openSqlite(home.database).close();
    // Not every driver deletes the log.
    for (const each of readdirSync(home.folder)) chmodSync(join(home.folder, each), 0o444);
    chmodSync(home.folder, 0o755);
    const uid = isRoot ? NOBODY : undefined;
    const ended = await attempt(['--database', home.database, ...anyPorts], { uid });
    expect(ended).toEqual(failure(74, home.database));
    expect(ended.stderr).toContain('it cannot be written');
  });
});

describe('a disk that fails while it runs', () => {
  test('a database that is deleted: dnserr, the old answer stays, and the rest works', async () => {
    using home = new Home();
    await using server = await DynamicDns.start(home);
    expect(await update(server, 'home', '192.0.2.7')).toBe('good 192.0.2.7\n');
    rmSync(home.database);
    expect(await update(server, 'home', '192.0.2.8')).toBe('dnserr\n');
    expect(await update(server, 'other', '192.0.2.9')).toBe('dnserr\n');
    expect(await resolve(server, 'home')).toEqual(['192.0.2.7']);
    await expect(resolve(server, 'other')).rejects.toThrow('ENOTFOUND');
    expect(await update(server, 'home', '192.0.2.7')).toBe('nochg 192.0.2.7\n');
    const { code } = await server.started.kill();
    expect(code).toBe(0);
  });

  test.skipIf(process.platform === 'win32')(
    'a disk that is full: dnserr, and what was answered good is what a restart serves',
    async () => {
      using home = new Home();
      const { zone, database } = home;
      let last = '';
      {
        // Files may grow to 512 blocks of 512 or 1024 octets, depending on the shell; then writing fails with EFBIG.
        await using started = start('sh', [
          '-c',
          'ulimit -f 512; exec "$@"',
          'sh',
          process.execPath,
          await bundled('examples/dynamic-dns/main.ts'),
          ...anyPorts,
          '--one-port',
          '0',
          '--zone',
          zone,
          '--database',
          database,
          '--token',
          'full',
        ]);
        home.password = 'full';
        const server = await DynamicDns.running(started, home);
        let said = 'good';
        // Each time another host: one that changes all the time is stopped for that.
        for (let n = 0; n < 1000 && said.startsWith('good'); n++) {
          said = await update(server, `host${n}`, '192.0.2.7');
          if (said.startsWith('good')) last = `host${n}`;
        }
        expect(said).toBe('dnserr\n');
        expect(last).not.toBe('');
        expect(await resolve(server, last)).toEqual(['192.0.2.7']);
        expect(await update(server, last, '192.0.2.251')).toBe('dnserr\n');
        expect(await resolve(server, last)).toEqual(['192.0.2.7']);
        await started.kill('SIGKILL');
      }
      await using again = await DynamicDns.start(home, ['--token', 'full']);
      expect(await resolve(again, last)).toEqual(['192.0.2.7']);
      expect(await update(again, last, '192.0.2.251')).toBe('good 192.0.2.251\n');
    },
  );
});

describe('the password', () => {
  test.for(['1.0', '1.1'])(
    'a wrong one is answered 401 badauth with Content-Length on HTTP/%s',
    async (version) => {
      using home = new Home();
      await using server = await DynamicDns.start(home);
      for (const [password, status, body] of [
        ['wrong', '401', 'badauth\n'],
        [home.password, '200', `good 192.0.2.${version.at(-1)}\n`],
      ]) {
        const answer = await rawUpdate(server, { version, password: password ?? '' });
        const [head = '', text] = answer.split('\r\n\r\n');
        expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
        expect(head).toMatch(new RegExp(`^content-length: ${body?.length}$`, 'im'));
        expect(head).not.toMatch(/^transfer-encoding/im);
        expect(text).toBe(body);
      }
      await expect(resolve(server, 'home')).resolves.toEqual([`192.0.2.${version.at(-1)}`]);
    },
  );

  test('who guesses it is stopped, the right one as well, and nobody elsewhere', async () => {
    using home = new Home();
    await using server = await DynamicDns.start(home);
    const right = home.password;
    expect(await update(server, 'home', '192.0.2.7')).toBe('good 192.0.2.7\n');
    home.password = 'guess';
    const guesses = [];
    for (let count = 0; count < 25; count++)
      guesses.push(await update(server, 'home', '192.0.2.8'));
    expect(guesses.filter((said) => said === 'badauth\n')).toHaveLength(20);
    expect(guesses.filter((said) => said === 'abuse\n')).toHaveLength(5);
    home.password = right;
    expect(await update(server, 'home', '192.0.2.9')).toBe('abuse\n');
    expect(await resolve(server, 'home')).toEqual(['192.0.2.7']);
    const elsewhere = await updateFrom('127.0.0.2', server, 'home', '192.0.2.10');
    expect(elsewhere).toBe('good 192.0.2.10\n');
    const zone = await fetch(`http://127.0.0.1:${server.ports.http}/zone`);
    expect(await zone.text()).toContain('192.0.2.10');
  });

  test('a given one is used, by flag or by variable, the flag first, and never printed', async () => {
    for (const [flags, env, password] of [
      [['--token', 'by flag'], {}, 'by flag'],
      [[], { HAWSER_TOKEN: 'by variable' }, 'by variable'],
      [['--token', 'by flag'], { HAWSER_TOKEN: 'by variable' }, 'by flag'],
    ] as const) {
      using home = new Home();
      await using server = await DynamicDns.start(home, flags, { env });
      home.password = 'another';
      expect(await update(server, 'home', '192.0.2.7')).toBe('badauth\n');
      home.password = password;
      expect(await update(server, 'home', '192.0.2.7')).toBe('good 192.0.2.7\n');
      expect(server.started.stdout).not.toContain(password);
    }
  });

  test('one that was made is shown once, kept as a hash, and valid after a restart', async () => {
    using home = new Home();
    {
      await using server = await DynamicDns.start(home);
      expect(server.started.stdout.split(home.password)).toHaveLength(3);
      expect(await update(server, 'home', '192.0.2.7')).toBe('good 192.0.2.7\n');
      expect((await server.started.kill()).code).toBe(0);
    }
    expect(readFileSync(join(home.folder, 'update-token'), 'utf8')).not.toContain(home.password);
    await using again = await DynamicDns.start(home);
    expect(again.started.stdout).not.toContain('First run');
    expect(again.started.stdout).not.toContain(home.password);
    expect(again.started.stdout).toContain('dyn:PASSWORD');
    expect(await update(again, 'home', '192.0.2.7')).toBe('nochg 192.0.2.7\n');
  });
});

describe('who has the key', () => {
  test('changes and copies the zone, today and after a restart; nobody else does', async () => {
    using home = new Home();
    await using client = dnsClient({ reactor });
    for (const [times, address] of ['192.0.2.7', '192.0.2.8'].entries()) {
      await using server = await DynamicDns.start(home);
      expect(server.started.stdout.includes('First run')).toBe(times === 0);
      const where = `127.0.0.1:${server.ports.dns}`;
      expect(statSync(home.tsigKey).mode & 0o777).toBe(0o600);
      const [key] = parseTsigKeyFile(readFileSync(home.tsigKey, 'utf8'));
      await updateZone(home.zone, { client, server: where, key })
        .replace('lab', 'A', address)
        .send();
      expect(await resolve(server, 'lab')).toEqual([address]);
      expect((await copyOf(client.transfer(home.zone, where, { key }))).sort()).toEqual([
        'dyn.test',
        'dyn.test',
        'dyn.test',
        'dyn.test',
        'lab.dyn.test',
        'ns1.dyn.test',
      ]);
      const wrong = tsigKey('admin.dyn.test', 'hmac-sha256', 'c3RyYW5nZXI=');
      for (const [stranger, code] of [
        [undefined, 'HAWSER_DNS_SERVER'],
        [wrong, 'HAWSER_DNS_TSIG'],
      ] as const) {
        const own = { client, server: where, key: stranger };
        const change = updateZone(home.zone, own).delete('lab').send();
        await expect(change).rejects.toMatchObject({ code });
        await expect(copyOf(client.transfer(home.zone, where, own))).rejects.toMatchObject({
          code,
        });
      }
      const rules = updateZone(home.zone, { client, server: where, key }).add(
        'lab',
        'NS',
        'ns.test',
      );
      await expect(rules.send()).rejects.toThrow('REFUSED');
      expect((await server.started.kill()).code).toBe(0);
    }
  });
});

describe('a zone that is signed', () => {
  test('stays so over restarts, with one key, and is not served without', async () => {
    using home = new Home();
    await using client = dnsClient({ reactor });
    const seen: string[] = [];
    for (const start of [['--sign', 'on'], []]) {
      const options = start.length > 0 ? {} : { env: { HAWSER_SIGN: 'on' } };
      await using server = await DynamicDns.start(home, start, options);
      const [, ds = ''] =
        /^ {2}dyn\.test\. IN DS (\d+ 13 2 \w{64})$/m.exec(server.started.stdout) ?? [];
      seen.push(ds);
      expect(await update(server, 'home', `192.0.2.${seen.length}`)).toMatch(/^good /);
      const where = { servers: [`127.0.0.1:${server.ports.dns}`], dnssecOk: true };
      const { answer } = await client.query('home.dyn.test', 'A', where);
      expect(answer.map(({ type }) => type)).toEqual([1, 46]);
      const page = await (await fetch(`http://127.0.0.1:${server.ports.http}/zone`)).text();
      expect(page).toContain('home.dyn.test');
      expect(page).not.toContain('RRSIG');
      expect((await server.started.kill()).code).toBe(0);
    }
    expect(seen[0]).not.toBe('');
    expect(seen[1]).toBe(seen[0]);
    const flags = [`--database=${home.database}`, '--zone=dyn.test', ...anyPorts];
    expect(await attempt(flags)).toEqual(failure(64, '--sign'));
  });
});

describe('the record API', () => {
  test('takes the token of the first run, and that after a restart, and no password', async () => {
    using home = new Home();
    for (const status of [201, 200]) {
      await using server = await DynamicDns.start(home);
      const url = `http://127.0.0.1:${server.ports.http}/api/zones/dyn.test/records/www/TXT`;
      const put = (bearer: string) =>
        fetch(url, {
          method: 'PUT',
          headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
          body: JSON.stringify({ ttl: 60, values: [`"${status}"`] }),
        });
      expect((await put(home.password)).status).toBe(401);
      expect((await put(home.apiToken)).status).toBe(status);
      const resolver = resolverOf(server);
      expect(await resolver.resolveTxt('www.dyn.test')).toEqual([[`${status}`]]);
      await server.started.kill();
    }
    expect(readFileSync(join(home.folder, 'api-token'), 'utf8')).not.toContain(home.apiToken);
  });
});

test('an ACME client gets a name of its own, and puts texts there', async () => {
  using home = new Home();
  await using server = await DynamicDns.start(home);
  const web = `http://127.0.0.1:${server.ports.http}/acme`;
  const registered = await fetch(`${web}/register`, { method: 'POST' });
  const account = (await registered.json()) as Record<string, string>;
  expect(account['fulldomain']).toMatch(/\.acme\.dyn\.test$/);
  const txt = 'A'.repeat(43);
  const headers = {
    'x-api-user': account['username'] ?? '',
    'x-api-key': account['password'] ?? '',
  };
  const body = JSON.stringify({ subdomain: account['subdomain'], txt });
  expect((await fetch(`${web}/update`, { method: 'POST', headers, body })).status).toBe(200);
  expect(await resolverOf(server).resolveTxt(account['fulldomain'] ?? '')).toEqual([[txt]]);
});

test('DNS is spoken over TLS and HTTPS as well, and /metrics counts what was asked and answered', async () => {
  using home = new Home();
  await using server = await DynamicDns.start(home);
  expect(await update(server, 'home', '192.0.2.7')).toBe('good 192.0.2.7\n');
  const tls = { verify: false };
  await using browser = httpClient(reactor, { protocols: ['h2', 'http/1.1'], tls });
  await using client = dnsClient({ reactor, https: dohExchange(browser) });
  for (const [transport, port] of [
    ['tls', server.ports.dot],
    ['https', server.ports.https],
  ] as const) {
    const servers = [{ host: '127.0.0.1', port, transport, tls }];
    const { rcode, answer } = await client.query('home.dyn.test', 'A', { servers });
    expect([rcode, answer.length]).toEqual([0, 1]);
  }
  const metrics = await fetch(`http://127.0.0.1:${server.ports.http}/metrics`);
  expect(metrics.headers.get('content-type')).toContain('version=0.0.4');
  const text = await metrics.text();
  for (const line of [
    'hawser_dns_queries_total{transport="tls"} 1',
    'hawser_dns_queries_total{transport="https"} 1',
    'hawser_dns_zone_serial{zone="dyn.test"} 2',
    'hawser_http_responses_total{status="200"} 2',
  ])
    expect(text.split('\n')).toContain(line);
});

test('hundreds of requests that never end keep nobody waiting', async () => {
  using home = new Home();
  await using server = await DynamicDns.start(home);
  const slow = await Promise.all(
    Array.from({ length: 300 }, () => Conversation.open(server.ports.http)),
  );
  for (const [at, client] of slow.entries()) {
    const head = `POST /nic/update HTTP/1.1\r\nHost: a\r\nAuthorization: Basic `;
    const body = `${head}${btoa(`dyn:${home.password}`)}\r\nContent-Length: 100\r\n\r\nhostname=`;
    client.say(at % 2 === 0 ? head : body);
  }
  for (const last of [7, 8, 9]) {
    expect(await update(server, 'home', `192.0.2.${last}`)).toBe(`good 192.0.2.${last}\n`);
  }
  for (const client of slow) client[Symbol.dispose]();
  expect((await server.started.kill()).code).toBe(0);
});

test('a page that connects hears of what has changed since it was made', async () => {
  using home = new Home();
  await using server = await DynamicDns.start(home);
  const page = await fetch(`http://127.0.0.1:${server.ports.http}/`);
  const html = await page.text();
  expect(html).not.toContain('192.0.2.7');
  // Script and style of the page run, and no others.
  const [, nonce] =
    /'nonce-([\w-]{22})'/.exec(page.headers.get('content-security-policy') ?? '') ?? [];
  expect(html.split(`nonce="${nonce}"`)).toHaveLength(3);
  expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
  expect(await update(server, 'home', '192.0.2.7')).toBe('good 192.0.2.7\n');
  using live = await Conversation.open(server.ports.http);
  await live.ask(upgrade(server.ports.http), /^HTTP\/1\.1 101 [^]*?\r\n\r\n/);
  await live.waitFor(/"data":"192\.0\.2\.7"/);
});

test('Ctrl-C says goodbye to mail and WebSocket clients, and reports who finished', async () => {
  using home = new Home();
  await using server = await DynamicDns.start(home);
  using mail = await Conversation.open(server.ports.smtp);
  await mail.waitFor(/^220 .*\r\n/);
  await mail.ask('EHLO client.example.org\r\n', /^250 .*\r\n/m);
  using page = await Conversation.open(server.ports.http);
  await page.ask(upgrade(server.ports.http), /^HTTP\/1\.1 101 [^]*?\r\n\r\n/);
  expect(await update(server, 'home', '192.0.2.7')).toBe('good 192.0.2.7\n');
  await page.waitFor(/"data":"192\.0\.2\.7"/);

  const ended = server.started.kill('SIGINT');
  await mail.waitFor(/^421 .*\r\n/);
  expect(await mail.end()).toBe('');
  // A close frame (RFC 6455 §5.5.1) with 1001, going away; the client's is masked, here with zeros.
  // oxlint-disable-next-line no-control-regex -- a frame is octets
  await page.waitFor(/\x88[\x02-\x7d]\x03\xe9/);
  page.say('\x88\x82\0\0\0\0\x03\xe9');
  await page.end();

  const { code, stdout, stderr } = await ended;
  expect(stdout).toMatch(/^smtp: 1 finished, 0 aborted$/m);
  // The WebSocket counts where it came in; beside it there may be the kept connection of the update.
  expect(stdout).toMatch(/^http: [12] finished, 0 aborted$/m);
  expect(stdout).toMatch(/\nStopped\n$/);
  expect(stderr).toBe('');
  expect(code).toBe(0);
});
function canRunNode(uid: number): boolean {
  return spawnSync(process.execPath, ['--version'], { uid, gid: uid }).status === 0;
}

/** Starts the server and waits until it has ended. */
async function attempt(flags: readonly string[], options?: StartOptions): Promise<Ended> {
  await using started = await startBundled('examples/dynamic-dns/main.ts', flags, options);
  return await started.ended;
}

/** How a start ends that could not be: with `code`, and nothing said but one line that names what was wrong. */
function failure(code: number, about: string): Ended {
  const name = about.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const stderr: unknown = expect.stringMatching(new RegExp(`^[^\\n]*${name}[^\\n]*\\n$`));
  return { code, signal: null, stdout: '', stderr: stderr as string };
}

async function update(server: DynamicDns, label: string, address: string): Promise<string> {
  const { zone, password } = server.home;
  const query = `hostname=${label}.${zone}&myip=${address}`;
  const answer = await fetch(`http://127.0.0.1:${server.ports.http}/nic/update?${query}`, {
    headers: { authorization: `Basic ${btoa(`dyn:${password}`)}` },
  });
  return answer.text();
}

/** An update from another address of this machine. */
async function updateFrom(
  localAddress: string,
  { ports, home }: DynamicDns,
  label: string,
  address: string,
): Promise<string> {
  const request = get({
    host: '127.0.0.1',
    port: ports.http,
    localAddress,
    path: `/nic/update?hostname=${label}.${home.zone}&myip=${address}`,
    headers: { 'user-agent': 'router/1.0' },
    auth: `dyn:${home.password}`,
  });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return text(answer);
}

/** An update as the most modest router sends it; gives all it hears. */
async function rawUpdate(
  server: DynamicDns,
  { version, password }: { readonly version: string; readonly password: string },
): Promise<string> {
  using client = await Conversation.open(server.ports.http);
  client.say(
    [
      `GET /nic/update?hostname=home.dyn.test&myip=192.0.2.${version.at(-1)} HTTP/${version}`,
      'Host: 127.0.0.1',
      'User-Agent: router/1.0',
      'Connection: close',
      `Authorization: Basic ${btoa(`dyn:${password}`)}`,
      '\r\n',
    ].join('\r\n'),
  );
  await client.waitFor(/(?=HTTP[^]*\r\n\r\n.*\n)/);
  return client.end();
}

function upgrade(port: number): string {
  return [
    'GET /live HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '\r\n',
  ].join('\r\n');
}

async function resolve(server: DynamicDns, label: string): Promise<string[]> {
  return resolverOf(server).resolve4(`${label}.${server.home.zone}`);
}

function resolverOf({ ports }: DynamicDns): Resolver {
  const resolver = new Resolver({ timeout: 5000, tries: 2 });
  resolver.setServers([`127.0.0.1:${ports.dns}`]);
  return resolver;
}

/** The names in a transfer, one a record. */
async function copyOf(transfer: ZoneTransfer): Promise<string[]> {
  const names = [];
  for await (const records of transfer) names.push(...records.map(({ name }) => name.toString()));
  return names;
}
