// Certificates by dns-01: an ACME server asks us for the texts that ACME clients put there.

import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTestAuthority } from '@hawser/core/testing';
import { acmeDns, hashToken, memory, recordApi, tsigKey } from '@hawser/dns';
import { router } from '@hawser/http';
import { expect, vi } from 'vitest';
import { freePort } from './dns-peers.ts';
import { UpdateServer } from './dns-update-server.ts';
import { output } from './dynamic-dns.ts';
import { interop } from './peer.ts';
import { type Ended, run, type Started, start } from './started.ts';

vi.setConfig({ testTimeout: 120_000 });

const secret = Buffer.alloc(32, 'acme').toString('base64');

/** An ACME server that looks names up at a server of ours. */
class Pebble implements AsyncDisposable {
  readonly directory: string;
  /** Whoever talks to it has to trust this. */
  readonly authority: string;
  readonly #started: Started;

  private constructor(started: Started, directory: string, authority: string) {
    this.#started = started;
    this.directory = directory;
    this.authority = authority;
  }

  static async start(server: UpdateServer): Promise<Pebble> {
    const authority = createTestAuthority();
    const { cert, key } = authority.server(['localhost', '127.0.0.1']);
    const file = (name: string, content: string): string => {
      const path = join(server.folder, name);
      writeFileSync(path, content);
      return path;
    };
    const port = await freePort();
    const settings = {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${await freePort()}`,
      certificate: file('pebble.pem', cert),
      privateKey: file('pebble.key', key),
      httpPort: 1,
      tlsPort: 1,
      ocspResponderURL: '',
      externalAccountBindingRequired: false,
    };
    const config = file('pebble.json', JSON.stringify({ pebble: settings }));
    const started = start('pebble', ['-config', config, '-dnsserver', `127.0.0.1:${server.port}`], {
      env: { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' },
    });
    const pebble = new Pebble(
      started,
      `https://localhost:${port}/dir`,
      file('ca.pem', authority.ca),
    );
    try {
      await started.waitFor(/Listening on/);
      return pebble;
    } catch (error) {
      await pebble[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started[Symbol.asyncDispose]();
  }
}

interface Lego {
  readonly server: UpdateServer;
  readonly pebble: Pebble;
  readonly provider: string;
  readonly domains: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

function lego({ server, pebble, provider, domains, env }: Lego): Promise<Ended> {
  const flags = [
    [
      '--server',
      pebble.directory,
      '--accept-tos',
      '--email',
      'ann@example.org',
      '--path',
      join(server.folder, 'lego'),
    ],
    ['--dns', provider, '--dns.disable-cp', '--dns.resolvers', `127.0.0.1:${server.port}`],
    domains.flatMap((domain) => ['-d', domain]),
  ].flat();
  return run('lego', [...flags, 'run'], {
    env: { ...env, LEGO_CA_CERTIFICATES: pebble.authority },
  });
}

/** Names in a certificate. */
function namesIn(path: string): string | undefined {
  return new X509Certificate(readFileSync(path)).subjectAltName;
}

interop(
  'lego gets a certificate by UPDATE, for a name and all below it',
  ['lego', 'pebble'],
  async () => {
    await using server = await UpdateServer.start({
      keys: [tsigKey('acme', 'hmac-sha256', secret)],
      updates: {
        policy: [{ key: 'acme', names: '_acme-challenge.*', types: ['TXT'], maxRecords: 2 }],
      },
    });
    await using pebble = await Pebble.start(server);
    const done = await lego({
      server,
      pebble,
      provider: 'rfc2136',
      domains: ['example.net', '*.example.net', 'www.example.net'],
      env: {
        RFC2136_NAMESERVER: `127.0.0.1:${server.port}`,
        RFC2136_TSIG_ALGORITHM: 'hmac-sha256.',
        RFC2136_TSIG_KEY: 'acme.',
        RFC2136_TSIG_SECRET: secret,
        RFC2136_SEQUENCE_INTERVAL: '0',
      },
    });
    expect({ code: done.code, said: done.stdout + done.stderr }).toMatchObject({ code: 0 });
    const names = namesIn(join(server.folder, 'lego/certificates/example.net.crt'));
    expect(names).toContain('DNS:*.example.net');
    expect(names).toContain('DNS:www.example.net');
    // Put there and taken away: every update was allowed.
    expect(server.updates.length).toBeGreaterThanOrEqual(6);
    expect(server.updates.filter(({ rcode }) => rcode !== 0)).toEqual([]);
    expect(server.zone.list().map(({ type }) => type)).toEqual(['NS', 'SOA']);
    expect(server.reports.problems).toEqual([]);
  },
);

interop('lego gets no certificate with a key that may not', ['lego', 'pebble'], async () => {
  await using server = await UpdateServer.start({
    keys: [tsigKey('acme', 'hmac-sha256', secret)],
    updates: {
      policy: [{ key: 'acme', names: '_acme-challenge.www.example.net', types: ['TXT'] }],
    },
  });
  await using pebble = await Pebble.start(server);
  const done = await lego({
    server,
    pebble,
    provider: 'rfc2136',
    domains: ['mail.example.net'],
    env: {
      RFC2136_NAMESERVER: `127.0.0.1:${server.port}`,
      RFC2136_TSIG_ALGORITHM: 'hmac-sha256.',
      RFC2136_TSIG_KEY: 'acme.',
      RFC2136_TSIG_SECRET: secret,
    },
  });
  expect(done.code).not.toBe(0);
  expect(done.stdout + done.stderr).toContain('REFUSED');
  expect(server.zone.serial).toBe(1);
});

interface Certbot {
  readonly server: UpdateServer;
  readonly pebble: Pebble;
  /** Commands; certbot gives them the name and the text in their environment. */
  readonly auth: string;
  readonly cleanup: string;
}

/** A certificate for example.net and all below it. */
function certbot({ server, pebble, auth, cleanup }: Certbot): Promise<Ended> {
  const folder = (name: string): string => {
    const path = join(server.folder, name);
    mkdirSync(path);
    return path;
  };
  const flags = [
    ['certonly', '-n', '--agree-tos', '--register-unsafely-without-email'],
    ['--server', pebble.directory, '--manual', '--preferred-challenges', 'dns'],
    ['--manual-auth-hook', auth, '--manual-cleanup-hook', cleanup],
    ['--config-dir', folder('config'), '--work-dir', folder('work')],
    ['--logs-dir', folder('logs'), '-d', 'example.net', '-d', '*.example.net'],
  ].flat();
  return run('certbot', flags, { env: { REQUESTS_CA_BUNDLE: pebble.authority } });
}

const json = '-H "Content-Type: application/json"';

interop(
  'certbot gets a certificate with hooks that use the interface of acme-dns',
  ['certbot', 'curl', 'pebble'],
  async () => {
    const store = memory();
    await using server = await UpdateServer.start({
      store,
      web: (zone) => {
        const acme = acmeDns(zone, {
          bucket: store.bucket('acme-dns'),
          domain: 'auth.example.net',
        });
        return router().post('/register', acme).post('/update', acme).get('/health', acme);
      },
    });
    await using pebble = await Pebble.start(server);
    const registered = await output('curl', ['-sSf', '-X', 'POST', `${server.url}/register`]);
    const account = JSON.parse(registered) as Record<string, string>;
    const { username, password, subdomain, fulldomain = '' } = account;
    expect(fulldomain).toBe(`${subdomain}.auth.example.net`);
    await server.zone.set('_acme-challenge', 'CNAME', fulldomain);
    const body = `{\\"subdomain\\": \\"${subdomain}\\", \\"txt\\": \\"$CERTBOT_VALIDATION\\"}`;
    const proof = `-H "X-Api-User: ${username}" -H "X-Api-Key: ${password}"`;
    const done = await certbot({
      server,
      pebble,
      auth: `curl -sSf ${proof} ${json} -d "${body}" ${server.url}/update`,
      cleanup: `curl -sSf ${server.url}/health`,
    });
    expect({ code: done.code, said: done.stdout + done.stderr }).toMatchObject({ code: 0 });
    const names = namesIn(join(server.folder, 'config/live/example.net/cert.pem'));
    expect(names).toContain('DNS:*.example.net');
    expect(server.zone.get(fulldomain, 'TXT')).toHaveLength(2);
    expect(server.reports.problems).toEqual([]);
  },
);

interop(
  'certbot gets a certificate with hooks that use the record API',
  ['certbot', 'curl', 'pebble'],
  async () => {
    const token = 'certbot-token';
    await using server = await UpdateServer.start({
      web: (zone) =>
        recordApi(zone, {
          tokens: [
            {
              name: 'certbot',
              token: hashToken(token),
              names: ['_acme-challenge.*'],
              types: ['TXT'],
            },
          ],
        }),
    });
    await using pebble = await Pebble.start(server);
    const hook = (what: string): string => {
      const url = `${server.url}/zones/example.net/records/_acme-challenge.$CERTBOT_DOMAIN./TXT`;
      const body = `{\\"${what}\\": [\\"$CERTBOT_VALIDATION\\"], \\"ttl\\": 1}`;
      return `curl -sSf -X PATCH -H "Authorization: Bearer ${token}" ${json} -d "${body}" ${url}`;
    };
    const done = await certbot({ server, pebble, auth: hook('add'), cleanup: hook('remove') });
    expect({ code: done.code, said: done.stdout + done.stderr }).toMatchObject({ code: 0 });
    const names = namesIn(join(server.folder, 'config/live/example.net/cert.pem'));
    expect(names).toContain('DNS:*.example.net');
    expect(server.zone.get('_acme-challenge')).toBeUndefined();
  },
);
