import { Resolver } from 'node:dns/promises';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { createNodeReactor } from '@hawser/core';
import { dnsClient, nameMissing, parseTsigKey, rdataToText, Type, update } from '@hawser/dns';
import { dohExchange } from '@hawser/dns/http';
import { httpClient, readEvents } from '@hawser/http';
import { expect, test } from 'vitest';
// oxlint-disable-next-line no-restricted-imports -- a tool of its tests, which is in no package
import {
  postgresFolder,
  TemporaryCluster,
} from '../packages/dns/test/postgres/temporary-cluster.ts';
import { startBundled } from './interop/bundled.ts';
import { Conversation } from './interop/conversation.ts';
import { portNames } from './interop/dynamic-dns.ts';
import { type Started, startExample } from './interop/started.ts';

// Every example is a program of its own, does what its first lines promise, and stops cleanly.

interface Example {
  /** The file to start, if the example is a folder. */
  readonly main?: string;
  /** Another example to start first, on any port; where it listens is the last argument, as a URL of `scheme`. */
  readonly before?: string;
  /** @defaultValue 'tcp' */
  readonly scheme?: string;
  /** A database to start first; where it is is the last argument. */
  readonly database?: boolean;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly use: (program: Started, cwd: string, database?: TemporaryCluster) => Promise<void>;
}

/** Of the DNS examples that take one. */
const KEY = Buffer.alloc(32, 'example').toString('base64');
const reactor = createNodeReactor();

const examples: Readonly<Record<string, Example>> = {
  'echo.ts': {
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      using client = await Conversation.open(await port(program, 'echo'));
      await client.ask('hello\n', /^hello\n$/);
      await client.ask('and again\n', /^and again\n$/);
      expect(await client.end()).toBe('');
    },
  },

  'chat.ts': {
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      const where = await port(program, 'chat');
      using ann = await Conversation.open(where);
      using bob = await Conversation.open(where);
      await ann.waitFor(/^Who are you\?\n/);
      await ann.ask('ann\n', /^ann joined\n/);
      await bob.waitFor(/^Who are you\?\n/);
      await bob.ask('ann\n', /^Choose another name\.\n/);
      await bob.ask('bob\n', /^bob joined\n/);
      await ann.waitFor(/^bob joined\n/);
      await bob.ask('hi all\n', /^bob: hi all\n/);
      await ann.waitFor(/^bob: hi all\n/);
      await bob.ask('/join garden\n', /^bob joined\n/);
      await ann.waitFor(/^bob left\n/);
      await ann.ask('/who\n', /^ann\n/);
      await bob.ask('only here\n', /^bob: only here\n/);
      await ann.ask('/join garden\n', /^ann joined\n/);
      await bob.waitFor(/^ann joined\n/);
      await bob.ask('/dance\n', /^What is \/dance\?\n/);
      bob.say('/quit\n');
      expect(await bob.end()).toBe('');
      await ann.waitFor(/^bob left\n/);
      expect(await ann.end()).toBe('');
    },
  },

  'tcp-proxy.ts': {
    before: 'echo.ts',
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      const where = await port(program, 'proxy');
      using one = await Conversation.open(where);
      using other = await Conversation.open(where);
      await one.ask('hello\n', /^hello\n$/);
      await other.ask('something else\n', /^something else\n$/);
      const much = 'x'.repeat(1_000_000);
      one.say(`${much}\n`);
      expect(await one.end()).toBe(`${much}\n`);
      expect(await other.end()).toBe('');
    },
  },

  'netstring-rpc.ts': {
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      const where = await port(program, 'rpc');
      using client = await Conversation.open(where);
      await client.ask(
        '38:{"id":1,"method":"add","params":[2,3]},',
        /^\d+:.*"id":1,"result":5\},$/,
      );
      await client.ask('26:{"id":2,"method":"remove"},', /^\d+:.*"id":2,"error":.*,$/);
      using stranger = await Conversation.open(where);
      await expect(stranger.ask('4:null,', /./)).rejects.toThrow(/ECONNRESET|hung up/);
      const call = await startBundled('examples/netstring-rpc.ts', [
        `tcp://127.0.0.1:${where}`,
        'power',
        '2',
        '10',
      ]);
      expect(await call.ended).toMatchObject({ code: 0, stdout: '1024\n', stderr: '' });
    },
  },

  'irc.ts': {
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      const where = await port(program, 'idle');
      using ann = await Conversation.open(where);
      using bob = await Conversation.open(where);
      await ann.ask('JOIN #rope\r\n', /^:irc\.example\.net 451 \* :.*\r\n/);
      await ann.ask('NICK ann\r\n', /^:irc\.example\.net 001 ann :Welcome, ann\r\n/);
      await ann.ask('JOIN #rope\r\n', /^:ann JOIN #rope\r\n/);
      await bob.ask('NICK ann\r\n', /^:irc\.example\.net 433 \* :.*\r\n/);
      await bob.ask('NICK bob\r\n', /^:irc\.example\.net 001 bob :.*\r\n/);
      await bob.ask('join #rope\r\n', /^:bob JOIN #rope\r\n/);
      await ann.waitFor(/^:bob JOIN #rope\r\n/);
      await ann.ask('PRIVMSG #rope :hello : all\r\nPING x\r\n', /^:\S+ PONG \S+ :x\r\n/);
      await bob.waitFor(/^:ann PRIVMSG #rope :hello : all\r\n/);
      bob.say('PRIVMSG ann :only you\r\n');
      await ann.waitFor(/^:bob PRIVMSG ann :only you\r\n/);
      bob.say('QUIT\r\n');
      expect(await bob.end()).toBe('');
      await ann.waitFor(/^:bob QUIT :Gone\r\n/);
    },
  },

  'nmea.ts': {
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      using receiver = await Conversation.open(await port(program, 'nmea'));
      receiver.say('$GPGGA,123519,4807.038,N,01131.000,W,1,08,0.9,545.4,M,46.9,M,,*56\r\n');
      receiver.say('$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n');
      await program.waitFor(/^45319 s: 48\.11730, 11\.51667$/m);
      expect(await receiver.end()).toBe('');
      expect(program.stdout).not.toContain('-11');

      const track = new URL('fixtures/track.nmea', import.meta.url);
      const reader = await startBundled('examples/nmea.ts', [fileURLToPath(track)]);
      const { code, stdout, stderr } = await reader.ended;
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^45319 s: 48\.11730, 11\.51667\n45320 s: -48\.11730, 11\.51667\n/);
      expect(code).toBe(0);
    },
  },

  'restart.ts': {
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      const where = await port(program, 'echo');
      using client = await Conversation.open(where);
      const [, first] = await client.waitFor(/^(\d+)\n/);
      expect(Number(first)).toBe(program.pid);
      await client.ask('hello\n', /^hello\n/);

      process.kill(program.pid, 'SIGHUP');
      await program.waitFor(/^Stopped$/m);
      expect(await client.end()).toBe('');

      using later = await Conversation.open(where);
      const [, second] = await later.waitFor(/^(\d+)\n/);
      expect(second).not.toBe(first);
      await later.ask('hello again\n', /^hello again\n/);
      process.kill(Number(second), 'SIGTERM');
      expect(await later.end()).toBe('');
      // Its successor printed there as well, until it stopped.
      const { code, stdout, stderr } = await program.ended;
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout.match(/^Stopped$/gm)).toHaveLength(2);
    },
  },

  'tls-sni.ts': {
    args: ['tcp://127.0.0.1:0', 'ca.pem'],
    async use(program, cwd) {
      const where = await port(program, 'max');
      const ca = readFileSync(join(cwd, 'ca.pem'));
      for (const servername of ['ann.test', 'www.bob.test', 'localhost']) {
        const socket = connectTls({ host: '127.0.0.1', port: where, ca, servername });
        socket.end('hello\n');
        expect(await text(socket)).toBe(
          `This is ${servername}, by TLSv1.3\n${servername}: hello\n`,
        );
      }
      const stranger = connectTls({ host: '127.0.0.1', port: where, ca, servername: 'eve.test' });
      await expect(text(stranger)).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    },
  },

  'ten-minute-dns.ts': {
    args: ['127.0.0.1:0'],
    async use(program) {
      const resolver = resolverAt(await dnsAt(program));
      expect(await resolver.resolve4('printer.example.net', { ttl: true })).toEqual([
        { address: '192.0.2.20', ttl: 30 },
      ]);
      expect(await resolver.resolve4('camera.example.net')).toEqual(['192.0.2.21']);
      expect(await resolver.resolveNs('example.net')).toEqual(['ns1.example.net']);
      await expect(resolver.resolve6('printer.example.net')).rejects.toThrow('ENODATA');
      await expect(resolver.resolve4('toaster.example.net')).rejects.toThrow('ENOTFOUND');
    },
  },

  'dns-sqlite.ts': {
    args: ['127.0.0.1:0', 'zone.db'],
    env: { KEY },
    async use(program, cwd) {
      const where = await dnsAt(program);
      await using client = dnsClient({ reactor });
      const key = parseTsigKey(`hmac-sha256:admin:${KEY}`);
      await update('example.net', { client, server: where, key })
        .require(nameMissing('home'))
        .add('home', 'A', '192.0.2.7')
        .send();
      await expect(
        update('example.net', { client, server: where }).delete('home').send(),
      ).rejects.toThrow('REFUSED');
      expect(await resolverAt(where).resolve4('home.example.net')).toEqual(['192.0.2.7']);

      const copied = [];
      for await (const records of client.transfer('example.net', where, { key }))
        copied.push(...records.map(({ name }) => name.toString()));
      expect(copied).toContain('home.example.net');
      expect(readdirSync(cwd)).toContain('zone.db');
    },
  },

  'dns-postgres.ts': {
    database: true,
    args: ['127.0.0.1:0'],
    async use(program, _cwd, database) {
      const where = await dnsAt(program);
      await database?.run(`INSERT INTO hawser_dns.rrset (zone, name, type, ttl, data)
        SELECT id, 'home.example.net', 'A', 60, '{192.0.2.7}' FROM hawser_dns.zone`);
      await program.waitFor(/^Serial 2: .*home\.example\.net A/m);
      expect(await resolverAt(where).resolve4('home.example.net')).toEqual(['192.0.2.7']);
    },
  },

  'dns-split-horizon.ts': {
    args: ['127.0.0.1:0'],
    async use(program) {
      const where = await dnsAt(program);
      const within = resolverAt(where);
      expect(await within.resolve4('www.example.net')).toEqual(['10.0.0.80']);
      expect(await within.resolve4('intranet.example.net')).toEqual(['10.0.0.81']);
      const outside = resolverAt(where);
      outside.setLocalAddress('127.0.0.2');
      expect(await outside.resolve4('www.example.net')).toEqual(['192.0.2.80']);
      await expect(outside.resolve4('intranet.example.net')).rejects.toThrow('ENOTFOUND');
    },
  },

  'dns-acme.ts': {
    args: ['127.0.0.1:0', 'tcp://127.0.0.1:0'],
    env: { KEY },
    async use(program) {
      const where = await dnsAt(program);
      const web = `http://127.0.0.1:${await port(program, 'http')}`;
      const registered = await fetch(`${web}/register`, { method: 'POST' });
      expect(registered.status).toBe(201);
      const { username, password, subdomain, fulldomain } = (await registered.json()) as Record<
        string,
        string
      >;
      const txt = 'A'.repeat(43);
      const updated = await fetch(`${web}/update`, {
        method: 'POST',
        headers: { 'x-api-user': username ?? '', 'x-api-key': password ?? '' },
        body: JSON.stringify({ subdomain, txt }),
      });
      expect(await updated.json()).toEqual({ txt });
      expect(await resolverAt(where).resolveTxt(fulldomain ?? '')).toEqual([[txt]]);

      await using client = dnsClient({ reactor });
      const key = parseTsigKey(`hmac-sha256:www.example.net:${KEY}`);
      const change = () => update('example.net', { client, server: where, key });
      await change().add('_acme-challenge.www', 'TXT', 'hello').send();
      const challenge = '_acme-challenge.www.example.net';
      expect(await resolverAt(where).resolveTxt(challenge)).toEqual([['hello']]);
      for (const name of ['www', '_acme-challenge.mail']) {
        await expect(change().add(name, 'TXT', 'hello').send()).rejects.toThrow('REFUSED');
      }
    },
  },

  'dns-doh-front.ts': {
    before: 'ten-minute-dns.ts',
    scheme: 'udp',
    args: ['127.0.0.1:0', '0', 'tcp://127.0.0.1:0'],
    async use(program, cwd) {
      const where = await dnsAt(program);
      const [, dot] = await program.waitFor(/^tcp:\S+:(\d+) .*\btls > dns/m);
      const web = await port(program, '.*http');
      const tls = { ca: readFileSync(join(cwd, 'ca.pem'), 'utf8') };
      await using browser = httpClient(reactor, { protocols: ['h2', 'http/1.1'], tls });
      await using client = dnsClient({ reactor, https: dohExchange(browser) });
      for (const transport of ['udp', 'tls', 'https'] as const) {
        const ports = { udp: Number(where.split(':')[1]), tls: Number(dot), https: web };
        const servers = [{ host: '127.0.0.1', port: ports[transport], transport, tls }];
        for (const [name, address] of [
          ['printer.example.net', '192.0.2.20'],
          ['printer.lan', '192.168.1.20'],
        ] as const) {
          const { answer } = await client.query(name, 'A', { servers });
          expect(answer.map(({ rdata }) => rdata && rdataToText(Type.A, rdata))).toEqual([address]);
        }
      }
    },
  },

  'dns-signed.ts': {
    args: ['127.0.0.1:0', 'signed.db'],
    async use(program) {
      const where = await dnsAt(program);
      await program.waitFor(/^example\.net\. IN DS \d+ 13 2 [\dA-F]{64}$/m);
      await using client = dnsClient({ reactor, servers: [where] });
      const { answer } = await client.query('www.example.net', 'A', { dnssecOk: true });
      expect(answer.map(({ type }) => type)).toEqual([Type.A, Type.RRSIG]);
      const missing = await client.query('nobody.example.net', 'A', { dnssecOk: true });
      expect(missing.authority.map(({ type }) => type)).toContain(Type.NSEC);
    },
  },

  'dns-secondary.ts': {
    before: 'dns-sqlite.ts',
    scheme: 'udp',
    args: ['127.0.0.1:0'],
    env: { KEY },
    async use(program, cwd) {
      const where = await dnsAt(program);
      // Until it has been copied nobody says anything about it.
      await expect
        .poll(() => resolverAt(where).resolveNs('example.net').catch(String))
        .toEqual(['ns1.example.net']);
      expect(readdirSync(cwd)).toContain('copies.db');
    },
  },

  'one-port.ts': {
    args: ['tcp://127.0.0.1:0'],
    env: { PASSWORD: 'only for this test' },
    async use(program) {
      const where = await port(program);
      const mailCount = async (): Promise<string> =>
        (await fetch(`http://127.0.0.1:${where}/`)).text();
      expect(await mailCount()).toBe('0 messages\n');

      using shell = await Conversation.open(where);
      await shell.ask('SSH-2.0-test\r\n', /^SSH-2\.0-\S+[^\n]*\r\n/);

      using mail = await Conversation.open(where);
      // Nothing is said: the silence is what tells a mail client.
      await mail.waitFor(/^220 .*\r\n/);
      await mail.ask('EHLO client.example.org\r\n', /^250 .*\r\n/m);
      await mail.ask('MAIL FROM:<ann@example.org>\r\n', /^250 .*\r\n/);
      await mail.ask('RCPT TO:<ann@example.com>\r\n', /^550 .*\r\n/);
      await mail.ask('RCPT TO:<postmaster@example.net>\r\n', /^250 .*\r\n/);
      await mail.ask('DATA\r\n', /^354 .*\r\n/);
      await mail.ask('Subject: hello\r\n\r\nhello\r\n.\r\n', /^250 .*\r\n/);
      await mail.ask('QUIT\r\n', /^221 .*\r\n/);
      expect(await mail.end()).toBe('');
      expect(await mailCount()).toBe('1 messages\n');
    },
  },

  'http-hello.ts': {
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      const url = `${await site(program)}/ropes?long=yes`;
      const response = await fetch(url);
      expect(await response.text()).toBe(`You asked for ${url}\n`);
      using client = await Conversation.open(Number(new URL(url).port));
      await client.ask('GET / HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 [^]*connection: close\r\n/i);
    },
  },

  'http-rest-api.ts': {
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      const url = `${await site(program)}/tasks`;
      const send = (method: string, path: string, json: unknown) =>
        fetch(`${url}${path}`, {
          method,
          body: JSON.stringify(json),
          headers: { 'content-type': 'application/json' },
        });
      const made = await send('POST', '', { title: '  Splice the rope ' });
      expect([made.status, made.headers.get('location')]).toEqual([201, '/tasks/1']);
      expect(await made.json()).toEqual({ id: 1, title: 'Splice the rope', done: false });

      const empty = await send('POST', '', { title: ' ' });
      expect([empty.status, empty.headers.get('content-type')]).toEqual([
        400,
        'application/problem+json',
      ]);
      expect(await empty.json()).toMatchObject({ errors: [{ in: 'body', path: '/title' }] });
      const unknown = await send('PATCH', '/1', { colour: 'red' });
      expect(unknown.status).toBe(400);
      expect((await fetch(url, { method: 'POST', body: 'Splice the rope' })).status).toBe(415);

      const changed = await send('PATCH', '/1', { done: true });
      expect(await changed.json()).toEqual({ id: 1, title: 'Splice the rope', done: true });
      expect(await (await fetch(`${url}?done=true`)).json()).toHaveLength(1);
      expect(await (await fetch(`${url}?done=false`)).json()).toEqual([]);
      expect((await fetch(`${url}?done=perhaps`)).status).toBe(400);

      expect((await fetch(`${url}/1`, { method: 'DELETE' })).status).toBe(204);
      const gone = await fetch(`${url}/1`);
      expect(gone.status).toBe(404);
      expect(await gone.json()).toMatchObject({ detail: 'There is no task 1' });
      const put = await fetch(`${url}/1`, { method: 'PUT' });
      expect([put.status, put.headers.get('content-type'), put.headers.get('allow')]).toEqual([
        405,
        'application/problem+json',
        expect.stringContaining('PATCH'),
      ]);
    },
  },

  'http-upload.ts': {
    args: ['tcp://127.0.0.1:0', 'kept'],
    async use(program, cwd) {
      const url = await site(program);
      expect(await (await fetch(url)).text()).toContain('enctype="multipart/form-data"');
      const form = new FormData();
      const long = Buffer.alloc(5_000_000, 'rope');
      form.append('comment', 'two files');
      form.append('file', new Blob([new Uint8Array(long)]), '../../rope.bin');
      form.append('file', new Blob(['short']), 'short.txt');
      const response = await fetch(url, { method: 'POST', body: form });
      expect(response.status).toBe(201);
      const [first, second] = (await response.json()) as { id: string }[];
      expect(first).toMatchObject({ filename: 'rope.bin', bytes: long.length });
      expect(second).toMatchObject({ filename: 'short.txt', bytes: 5 });
      expect(readFileSync(join(cwd, 'kept', first?.id ?? '')).equals(long)).toBe(true);
      expect(readFileSync(join(cwd, 'kept', second?.id ?? ''), 'utf8')).toBe('short');

      // Somebody who leaves in the middle leaves nothing behind.
      const before = readdirSync(join(cwd, 'kept')).length;
      using client = await Conversation.open(Number(new URL(url).port));
      const head = [
        'POST / HTTP/1.1',
        'Host: a',
        'Content-Type: multipart/form-data; boundary=b',
        'Content-Length: 1000000',
        '',
        '--b',
        'Content-Disposition: form-data; name="file"; filename="a"',
        '',
        'only the beginning',
      ];
      client.say(head.join('\r\n'));
      await expect.poll(() => readdirSync(join(cwd, 'kept'))).toHaveLength(before + 1);
      await client.end();
      await expect.poll(() => readdirSync(join(cwd, 'kept'))).toHaveLength(before);
    },
  },

  'http-sse.ts': {
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      const url = await site(program);
      expect(await (await fetch(url)).text()).toContain("new EventSource('/events')");
      const open = async () =>
        readEvents((await fetch(`${url}/events`)).body as ReadableStream<Uint8Array>);
      const [one, other] = [await open(), await open()];
      const next = async (events: typeof one) => (await events.next()).value?.data;
      expect([await next(one), await next(other)]).toEqual(['0', '0']);
      await fetch(`${url}/count`, { method: 'POST' });
      expect([await next(one), await next(other)]).toEqual(['1', '1']);
      await other.return();
      await fetch(`${url}/count`, { method: 'POST' });
      expect(await next(one)).toBe('2');
      // Left open: streams of events end when the process stops.
    },
  },

  'http-static-site': {
    main: 'main.ts',
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      const url = await site(program);
      const page = await fetch(url);
      expect(await page.text()).toContain('<h1>Ropes</h1>');
      expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
      const tag = page.headers.get('etag') ?? '';
      const again = await fetch(url, { headers: { 'if-none-match': tag } });
      expect(again.status).toBe(304);
      expect(await (await fetch(`${url}/knots`)).text()).toContain('<h1>Knots</h1>');
      const style = await fetch(`${url}/site-5f1d93c2.css`, { headers: { range: 'bytes=0-3' } });
      expect([style.status, await style.text()]).toEqual([206, 'body']);
      expect(style.headers.get('cache-control')).toContain('immutable');
      const missing = await fetch(`${url}/%2e%2e/main.ts`);
      expect([missing.status, await missing.text()]).toEqual([
        404,
        '<!doctype html><h1>Nothing here</h1>\n',
      ]);
      await program.waitFor(/^127\.0\.0\.1 - - \[.*\] "GET \/knots HTTP\/1\.1" 200 \d+ /m);
    },
  },

  'http-reverse-proxy.ts': {
    before: 'http-hello.ts',
    scheme: 'http',
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      const url = await site(program);
      const response = await fetch(`${url}/ropes`);
      expect(await response.text()).toMatch(/^You asked for http:\/\/127\.0\.0\.1:\d+\/ropes\n$/);
      expect(response.headers.get('via')).toBe('1.1 hawser');
      expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{22}$/);
      expect(response.headers.get('ratelimit')).toContain('limit=1000');
      expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: 'ok' });
    },
  },

  'http-gateway.ts': {
    before: 'http-hello.ts',
    scheme: 'http',
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      const url = await site(program);
      const [response, again] = await Promise.all([
        fetch(`${url}/ports/oslo`, { headers: { 'x-request-id': 'seven' } }),
        fetch(`${url}/ports/a%20b`),
      ]);
      const { berths, tide } = (await response.json()) as { berths: string; tide: string };
      expect(berths).toMatch(/^You asked for http:\/\/127\.0\.0\.1:\d+\/ports\/oslo\n$/);
      expect(tide).toBe(berths);
      expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{22}$/);
      expect(await again.text()).toContain('/ports/a%20b');
    },
  },

  'http-mounted-express.ts': {
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      const url = await site(program);
      expect(await (await fetch(`${url}/new`)).json()).toEqual({ by: 'Hawser' });
      const old = await fetch(`${url}/old`, { headers: { 'user-agent': 'test' } });
      expect(old.headers.get('x-powered-by')).toBe('Express');
      expect(await old.json()).toEqual({ by: 'Express', agent: 'test' });
      const sum = (json: unknown) =>
        fetch(`${url}/old/sum`, {
          method: 'POST',
          body: JSON.stringify(json),
          headers: { 'content-type': 'application/json' },
        });
      expect(await (await sum([1, 2, 39])).json()).toEqual({ sum: 42 });
      expect((await sum({})).status).toBe(400);
      expect((await fetch(`${url}/nowhere`)).headers.get('x-powered-by')).toBe('Express');
    },
  },

  'http-mounted-hono.ts': {
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      const url = await site(program);
      expect(await (await fetch(url)).text()).toBe('Try /api/hello/ann\n');
      const hello = await fetch(`${url}/api/hello/ann`);
      expect(await hello.json()).toEqual({ hello: 'ann', from: '127.0.0.1' });
      expect(hello.headers.get('x-frame-options')).toBe('SAMEORIGIN');
      expect(await (await fetch(`${url}/api/count`)).text()).toBe('1\n2\n3\n');
      expect((await fetch(`${url}/hello/ann`)).status).toBe(404);
      expect((await fetch(`${url}/api/nothing`)).status).toBe(404);
    },
  },

  'http-blocking': {
    main: 'main.ts',
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      const url = await site(program);
      const few = await fetch(`${url}/primes/20`);
      expect(await few.text()).toBe('2\n3\n5\n7\n11\n13\n17\n19\n');
      expect((await fetch(`${url}/primes/many`)).status).toBe(404);

      // All threads have work for much longer than this test has time.
      const leaving = new AbortController();
      const long = await Promise.all(
        [1, 2].map(() => fetch(`${url}/primes/999999999`, { signal: leaving.signal })),
      );
      expect(long.map(({ status }) => status)).toEqual([200, 200]);
      expect(await (await fetch(url)).text()).toBe('Still here\n');
      leaving.abort();
      // Free again, as nobody waited any more.
      expect(await (await fetch(`${url}/primes/3`)).text()).toBe('2\n3\n');
    },
  },

  'http-form.ts': {
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      const url = await site(program);
      const post = (path: string, fields: Record<string, string>, headers = {}) =>
        fetch(`${url}${path}`, {
          method: 'POST',
          body: new URLSearchParams(fields),
          headers,
          redirect: 'manual',
        });
      const wrong = await post('/', { name: '"Ann"', text: '' });
      expect(wrong.status).toBe(422);
      const shown = await wrong.text();
      expect(shown).toContain('A message has 1 to 500 characters.');
      expect(shown).toContain('value="&quot;Ann&quot;"');
      expect(wrong.headers.get('set-cookie')).toBeNull();

      const right = await post('/', { name: 'Ann', text: '<b>hello</b>' });
      expect([right.status, right.headers.get('location')]).toEqual([303, '/']);
      const [cookie = ''] = (right.headers.get('set-cookie') ?? '').split(';');
      expect(cookie).toMatch(/^__Host-session=/);
      const own = await (await fetch(url, { headers: { cookie } })).text();
      expect(own).toContain('name="name" value="Ann"');
      expect(own).toContain('<b>Ann</b>: &lt;b&gt;hello&lt;/b&gt;');
      expect(await (await fetch(url)).text()).toContain('name="name" value=""');

      const foreign = await post('/', { name: 'Eve', text: 'hi' }, { origin: 'http://eve.test' });
      expect(foreign.status).toBe(403);
      expect((await post('/', { name: 'Ann', text: 'x'.repeat(20_000) })).status).toBe(413);
      expect((await post('/forget', {}, { cookie })).headers.get('set-cookie')).toContain(
        'Max-Age=0',
      );
      expect(await (await fetch(url, { headers: { cookie } })).text()).toContain('value=""');
    },
  },

  'http-client-retries.ts': {
    args: ['tcp://127.0.0.1:0'],
    async use(program) {
      await program.waitFor(/^3 after 3 attempts$/m);
      await program.waitFor(/^6 after 3 attempts$/m);
    },
  },

  'dynamic-dns': {
    main: 'main.ts',
    // Without a path: the database and the keys go to data/ in a working folder that is empty.
    args: portNames.flatMap((name) => [`--${name}-port`, '0']),
    async use(program) {
      const [, password = ''] = await program.waitFor(/^ +password +(\S+)$/m);
      await program.waitFor(/Ctrl-C stops/);
      const web = `http://127.0.0.1:${await port(program, 'http')}`;
      const resolver = resolverAt(await dnsAt(program));
      expect(await resolver.resolve4('ns1.dyn.test')).toEqual(['127.0.0.1']);
      await expect(resolver.resolve4('home.dyn.test')).rejects.toThrow('ENOTFOUND');

      const update = await fetch(`${web}/nic/update?hostname=home.dyn.test&myip=192.0.2.7`, {
        headers: { authorization: `Basic ${btoa(`dyn:${password}`)}` },
      });
      expect(await update.text()).toBe('good 192.0.2.7\n');
      expect(await resolver.resolve4('home.dyn.test')).toEqual(['192.0.2.7']);
      expect(await (await fetch(web)).text()).toContain('home.dyn.test');

      using mail = await Conversation.open(await port(program, 'smtp'));
      await mail.waitFor(/^220 dyn\.test .*\r\n/);
      await mail.ask('QUIT\r\n', /^221 .*\r\n/);
      using shell = await Conversation.open(await port(program, 'ssh'));
      await shell.waitFor(/^SSH-2\.0-.*\r\n/);
    },
  },
};

/** Those that find files beside themselves, such as pages and the code of threads, or start themselves again with a loader. */
const besideFiles: ReadonlySet<string> = new Set([
  'http-static-site',
  'http-blocking',
  'restart.ts',
]);

test('each example is tried here', () => {
  const folder = fileURLToPath(new URL('../examples', import.meta.url));
  const files = readdirSync(folder);
  const sources = files.filter((file) => file.endsWith('.ts')).map((file) => join(folder, file));
  const all = sources.map((source) => readFileSync(source, 'utf8')).join('\n');
  // What another example imports is tried with that one.
  const programs = files.filter((file) => !all.includes(`from './${file}'`));
  expect(Object.keys(examples).sort()).toEqual(programs.sort());
});

test.for(Object.entries(examples))(
  'examples/%s does its job and stops on SIGTERM',
  { timeout: 60_000 },
  async ([name, example], context) => {
    const { main = '', before, scheme = 'tcp', args, env, use, database } = example;
    context.skip(database === true && postgresFolder === undefined, 'there is no PostgreSQL');
    const cwd = mkdtempSync(join(tmpdir(), 'hawser-example-'));
    const cluster = database ? await TemporaryCluster.start() : undefined;
    try {
      const where = scheme === 'udp' ? '127.0.0.1:0' : 'tcp://127.0.0.1:0';
      await using first = before
        ? await startBundled(join('examples', before), [where], { cwd: folderIn(cwd), env })
        : undefined;
      const last = first ? `${scheme}://127.0.0.1:${await port(first)}` : (cluster?.url ?? '');
      const all = last === '' ? args : [...args, last];
      const start = besideFiles.has(name) ? startExample : startBundled;
      await using program = await start(join('examples', name, main), all, { cwd, env });
      await use(program, cwd, cluster);
      const { code, stdout, stderr } = await program.kill('SIGTERM');
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^Stopped$/m);
      expect(code).toBe(0);
    } finally {
      await cluster?.remove();
      rmSync(cwd, { recursive: true, force: true });
    }
  },
);

/** A folder for the files of the example before. */
function folderIn(cwd: string): string {
  return mkdtempSync(join(cwd, 'before-'));
}

/** The TCP port a program says it listens on, behind which there is `what`. */
async function port(program: Started, what = '\\S+'): Promise<number> {
  const [, number] = await program.waitFor(new RegExp(`^tcp:\\S+:(\\d+) ${what}\\b`, 'm'));
  return Number(number);
}

/** The URL of a program that says it listens for HTTP. */
async function site(program: Started): Promise<string> {
  return `http://127.0.0.1:${await port(program, 'http')}`;
}

/** Where a program says it answers DNS over UDP. */
async function dnsAt(program: Started): Promise<string> {
  const [, port] = await program.waitFor(/^udp:\S+:(\d+) dns/m);
  return `127.0.0.1:${port}`;
}

function resolverAt(where: string): Resolver {
  const resolver = new Resolver({ timeout: 5000, tries: 2 });
  resolver.setServers([where]);
  return resolver;
}
