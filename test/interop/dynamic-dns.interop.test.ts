import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { DynamicDns, Home, output } from './dynamic-dns.ts';
import { interop, peer } from './peer.ts';
import { type Ended, run } from './started.ts';

interop(
  'dig sees an update by curl over UDP and TCP, and kill -9 loses nothing',
  ['dig', 'curl'],
  async () => {
    using home = new Home();
    {
      await using server = await DynamicDns.start(home);
      const missing = await server.dig('home.dyn.test');
      expect(missing).toContain('status: NXDOMAIN');
      expect(missing).toMatch(/AUTHORITY SECTION:\ndyn\.test\.\s+60\s+IN\s+SOA\s/);

      expect(await server.update('home.dyn.test', '192.0.2.7')).toBe('good 192.0.2.7\n');
      for (const flags of [['+notcp'], ['+tcp']]) {
        const found = await server.dig('home.dyn.test', ...flags);
        expect(found).toMatch(/flags: qr aa/);
        expect(found).toMatch(/^home\.dyn\.test\.\s+60\s+IN\s+A\s+192\.0\.2\.7$/m);
      }
      await server.started.kill('SIGKILL');
    }
    await using again = await DynamicDns.start(home);
    expect(again.started.stdout).not.toContain('First run');
    expect(await again.dig('home.dyn.test', '+short')).toBe('192.0.2.7\n');
    expect(await again.update('home.dyn.test', '192.0.2.7')).toBe('nochg 192.0.2.7\n');
  },
);

interop('ddclient updates a host, and ssh lists it', ['dig', 'ddclient', 'ssh'], async () => {
  using home = new Home();
  await using server = await DynamicDns.start(home);
  const configuration = join(home.folder, 'ddclient.conf');
  writeFileSync(
    configuration,
    [
      'protocol=dyndns2',
      'ssl=no',
      'use=ip, ip=192.0.2.99',
      `server=127.0.0.1:${server.ports.http}`,
      'login=dyn',
      `password='${home.password}'`,
      'router.dyn.test',
      '',
    ].join('\n'),
    { mode: 0o600 },
  );
  await output('ddclient', [
    '-daemon=0',
    '-noquiet',
    '-verbose',
    '-force',
    '-file',
    configuration,
    '-cache',
    join(home.folder, 'ddclient.cache'),
    '-pid',
    join(home.folder, 'ddclient.pid'),
  ]);
  expect(await server.dig('router.dyn.test', '+short')).toBe('192.0.2.99\n');
  expect(await server.operator('list')).toContain('router.dyn.test 60 A 192.0.2.99\n');

  expect(await server.operator('set lab 2001:db8::7')).toContain('lab is 2001:db8::7');
  expect(await server.dig('lab.dyn.test', 'AAAA', '+short')).toBe('2001:db8::7\n');
  await server.operator('delete router');
  expect(await server.dig('router.dyn.test')).toContain('status: NXDOMAIN');
});

interop(
  'nsupdate with the key of the first run changes, dig copies',
  ['nsupdate', 'dig'],
  async () => {
    using home = new Home();
    await using server = await DynamicDns.start(home);
    const where = `server 127.0.0.1 ${server.ports.dns}`;
    const nsupdate = (lines: readonly string[], ...flags: readonly string[]): Promise<Ended> =>
      run('nsupdate', flags, { input: `${[where, ...lines, 'send'].join('\n')}\n` });
    const add = ['prereq nxdomain lab.dyn.test', 'add lab.dyn.test 60 A 192.0.2.8'];
    expect(await nsupdate(add)).toMatchObject({ code: 2, stderr: 'update failed: REFUSED\n' });
    expect(await nsupdate(add, '-k', home.tsigKey)).toMatchObject({ code: 0, stderr: '' });
    expect(await server.dig('lab.dyn.test', '+short')).toBe('192.0.2.8\n');
    const again = await nsupdate(add, '-k', home.tsigKey);
    expect(again.stderr).toBe('update failed: YXDOMAIN\n');

    expect(await server.dig('dyn.test', 'AXFR')).toContain('Transfer failed.');
    const whole = await server.dig('dyn.test', 'AXFR', '-k', home.tsigKey);
    expect(whole).toMatch(/^lab\.dyn\.test\.\s+60\s+IN\s+A\s+192\.0\.2\.8$/m);
    expect(whole).toMatch(/^admin\.dyn\.test\.\s+0\s+ANY\s+TSIG\s+hmac-sha256\. .* NOERROR 0/m);

    // Changes are sent where they are less than the zone.
    const hosts = Array.from({ length: 9 }, (_, n) => `add host${n}.dyn.test 60 A 192.0.2.${n}`);
    expect(await nsupdate(hosts, '-k', home.tsigKey)).toMatchObject({ code: 0 });
    await nsupdate(['delete lab.dyn.test'], '-k', home.tsigKey);
    const changes = await server.dig('dyn.test', 'IXFR=3', '-k', home.tsigKey);
    expect(changes.match(/\sSOA\s/g)).toHaveLength(4);
    expect(changes).not.toContain('host1');
  },
);

interop(
  'delv validates a zone that is signed, by what the start printed',
  ['delv', 'curl'],
  async () => {
    using home = new Home();
    await using server = await DynamicDns.start(home, ['--sign', 'on']);
    const ds = /^ {2}dyn\.test\. IN DS (\d+ \d+ \d+) (\w+)$/m.exec(server.started.stdout);
    const anchor = join(home.folder, 'anchor');
    writeFileSync(anchor, `trust-anchors { dyn.test. static-ds ${ds?.[1]} "${ds?.[2]}"; };\n`);
    const where = ['@127.0.0.1', '-p', `${server.ports.dns}`, '-4', '-a', anchor, '+root=dyn.test'];
    const delv = async (name: string): Promise<string> => {
      const { stdout, stderr } = await run('delv', [...where, name, 'A']);
      return `${stdout}${stderr}`;
    };
    expect(await server.update('home.dyn.test', '192.0.2.7')).toBe('good 192.0.2.7\n');
    expect(await delv('home.dyn.test')).toMatch(
      /^; fully validated\nhome\.dyn\.test\..*192\.0\.2\.7$/m,
    );
    expect(await delv('gone.dyn.test')).toContain('; negative response, fully validated');
  },
);

interop(
  'kdig asks over TLS and HTTPS, dig over HTTPS, curl as a browser',
  ['kdig', 'dig', 'curl'],
  async () => {
    using home = new Home();
    await using server = await DynamicDns.start(home);
    const { dot, https } = server.ports;
    for (const [port, flag] of [
      [dot, '+tls'],
      [https, '+https'],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const said = await output('kdig', ['@127.0.0.1', '-p', `${port}`, flag, 'ns1.dyn.test']);
      expect(said).toContain('status: NOERROR');
      expect(said).toMatch(/^ns1\.dyn\.test\.\s+60\s+IN\s+A\s+127\.0\.0\.1$/m);
      expect(said).toContain('TLS1.3');
    }
    const short = ['@127.0.0.1', '-p', `${https}`, '+https', '+short', 'ns1.dyn.test'];
    expect(await output('dig', short)).toBe('127.0.0.1\n');

    const url = `https://127.0.0.1:${https}`;
    expect(
      await output('curl', ['-sSk', '-o', '/dev/null', '-w', '%{http_version}', `${url}/zone`]),
    ).toBe('2');
    const token = `Authorization: Bearer ${home.apiToken}`;
    const zones = await output('curl', ['-sSk', '-H', token, `${url}/api/zones`]);
    expect(JSON.parse(zones)).toMatchObject({ zones: [{ name: 'dyn.test' }] });
    const metrics = await output('curl', ['-sSk', `${url}/metrics`]);
    expect(metrics).toContain('hawser_dns_queries_total{transport="https"} 2\n');
  },
);

interop('swaks delivers to postmaster, and ssh shows the mail', ['swaks', 'ssh'], async () => {
  using home = new Home();
  await using server = await DynamicDns.start(home);
  await server.mail('hello from swaks');
  expect(await server.operator('mail')).toContain('hello from swaks');
  await expect(
    output('swaks', ['--server', `127.0.0.1:${server.ports.smtp}`, '--to', 'ann@example.org']),
  ).rejects.toThrow('550 5.7.1');
});

interop(
  'the page in Chromium follows an update without a reload',
  ['chromium', 'curl'],
  async () => {
    using home = new Home();
    await using server = await DynamicDns.start(home);
    await follow(server, `http://127.0.0.1:${server.ports.http}/`);
  },
);

interop(
  'HTTP, WebSocket, TLS, SSH and SMTP all work on one port',
  ['chromium', 'curl', 'ssh', 'swaks'],
  async () => {
    using home = new Home();
    await using server = await DynamicDns.start(home);
    const { one } = server.ports;
    const plain = await output('curl', ['-sS', `http://127.0.0.1:${one}/zone`]);
    expect(JSON.parse(plain)).toMatchObject({ zone: 'dyn.test' });
    expect(await output('curl', ['-sSk', `https://127.0.0.1:${one}/zone`])).toBe(plain);
    await follow(server, `http://127.0.0.1:${one}/`);
    await follow(server, `https://127.0.0.1:${one}/`);

    expect(await server.operator('list', one)).toContain('dyn.test 3600 SOA');
    const tunnel = `openssl s_client -quiet -connect 127.0.0.1:${one} 2>/dev/null`;
    const overTls = await output('ssh', [
      '-i',
      home.operatorKey,
      '-o',
      'BatchMode=yes',
      '-o',
      `ProxyCommand=${tunnel}`,
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      'LogLevel=ERROR',
      'operator@127.0.0.1',
      'list',
    ]);
    expect(overTls).toContain('dyn.test 3600 SOA');

    await server.mail('on one port', one);
    await output('curl', [
      '-sSk',
      `smtps://127.0.0.1:${one}`,
      '--mail-from',
      'ann@example.org',
      '--mail-rcpt',
      `postmaster@${home.zone}`,
      '-H',
      'Subject: under TLS',
      '-F',
      '=hello',
    ]);
    const mail = await server.operator('mail');
    expect(mail).toContain('on one port');
    expect(mail).toContain('under TLS');
  },
);

/** Opens the page, updates a name by curl, and waits until the same page shows it. */
async function follow(server: DynamicDns, url: string): Promise<void> {
  await using browser = await chromium.launch({
    executablePath: peer('chromium') ?? '',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  await page.goto(url);
  await page.getByText('live', { exact: true }).waitFor();
  const loads = countLoads(page);
  // A name of its own, so that the page cannot show it already.
  const name = `page-${new URL(url).protocol.slice(0, -1)}-${new URL(url).port}.${server.home.zone}`;
  expect(await page.getByText(name).count()).toBe(0);
  expect(await server.update(name, '192.0.2.55')).toBe('good 192.0.2.55\n');
  await page.getByText(name).waitFor();
  expect(await page.locator('tr', { hasText: name }).innerText()).toContain('192.0.2.55');
  expect(loads()).toBe(0);
}

function countLoads(page: Page): () => number {
  let loads = 0;
  page.on('load', () => {
    loads += 1;
  });
  return () => loads;
}
