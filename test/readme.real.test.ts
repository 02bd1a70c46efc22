import { Resolver } from 'node:dns/promises';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Conversation } from './interop/conversation.ts';
import { run, startExample } from './interop/started.ts';

// What the READMEs show compiles as it stands, and their servers do what is written below them.

const repository = fileURLToPath(new URL('..', import.meta.url));
/** Inside the repository, where the packages resolve, and ignored like everything built. */
const folder = join(repository, 'test/dist/readme');

const readmes = [
  'README.md',
  ...readdirSync(join(repository, 'packages')).map((name) => `packages/${name}/README.md`),
];

/** What the text around a later snippet has introduced: declarations only, by the place of the snippet. */
const context: Readonly<Record<string, string>> = {
  'packages/core/README.md 2': `import type { Protocol } from '@hawser/core';
    declare const Counter: new () => Protocol;`,
  'packages/dns/README.md 2': `import { dynamicZone, sqlite } from '@hawser/dns';
    export {};`,
  'packages/dns/README.md 3': `import { readFileSync } from 'node:fs';
    import { run, serve } from '@hawser/core';
    import { type DynamicZone, dnsService, dyndns2, parseTsigKeyFile, recordApi, updates } from '@hawser/dns';
    import { http, router } from '@hawser/http';
    declare const zone: DynamicZone;
    declare const token: string;
    declare const apiToken: string;`,
  'packages/dns/README.md 4': `import { type DynamicZone, notifier, transfers } from '@hawser/dns';
    declare const zone: DynamicZone;
    export { handlers };`,
  'packages/dns/README.md 5': `import { run } from '@hawser/core';
    import { readFileSync } from 'node:fs';
    import { dnsService, parseTsigKeyFile, secondaryZone, sqlite } from '@hawser/dns';`,
  'packages/dns/README.md 6': `import { dynamicZone, sqlite, zoneSigning } from '@hawser/dns';
    export { zone };`,
  'packages/smtp/README.md 2': `import { randomUUID } from 'node:crypto';
    import { createWriteStream } from 'node:fs';
    import { pipeline } from 'node:stream/promises';
    declare const users: { has(address: string): Promise<boolean> };`,
};

/** The server of each README, used as the README says. */
const uses: Readonly<Record<string, (port: number) => Promise<void>>> = {
  'README.md': async (port) => {
    using client = await Conversation.open(port);
    await client.ask('hello, hawser\n', /^HELLO, HAWSER\n$/);
  },
  'packages/core/README.md': async (port) => {
    using client = await Conversation.open(port);
    await client.ask('hello\n', /^5\n$/);
  },
  'packages/dns/README.md': async (port) => {
    const resolver = new Resolver({ timeout: 5000, tries: 2 });
    resolver.setServers([`127.0.0.1:${port}`]);
    expect(await resolver.resolve4('home.example.net')).toEqual(['192.0.2.7']);
    await expect(resolver.resolve4('nobody.example.net')).rejects.toThrow('ENOTFOUND');
  },
  'packages/http/README.md': async (port) => {
    const url = `http://127.0.0.1:${port}/`;
    const posted = await fetch(url, { method: 'POST', body: 'hello' });
    expect(await posted.text()).toBe('hello');
    expect(await (await fetch(url)).json()).toMatchObject({ url });
  },
  'packages/smtp/README.md': async (port) => {
    using client = await Conversation.open(port);
    await client.waitFor(/^220 .*\r\n/);
    await client.ask('HELO client.example.org\r\n', /^250 .*\r\n/);
    await client.ask('MAIL FROM:<bob@example.org>\r\n', /^250 .*\r\n/);
    await client.ask('RCPT TO:<ann@example.net>\r\n', /^250 .*\r\n/);
    await client.ask('DATA\r\n', /^354 .*\r\n/);
    await client.ask('Subject: hello\r\n\r\nhello\r\n.\r\n', /^250 2\.6\.0 Message accepted\r\n/);
  },
  'packages/ssh/README.md': async (port) => {
    using client = await Conversation.open(port);
    await client.ask('SSH-2.0-test\r\n', /^SSH-2\.0-\S+[^\n]*\r\n/);
  },
  'packages/websocket/README.md': async (port) => {
    using client = await Conversation.open(port);
    const upgrade = [
      'GET /live HTTP/1.1',
      `Host: 127.0.0.1:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      '\r\n',
    ];
    await client.ask(upgrade.join('\r\n'), /^HTTP\/1\.1 101 [^]*?\r\n\r\n/);
    await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'hello' });
    await client.waitFor(/\{"news":"hello"\}/);
  },
};

test('the snippets of all READMEs compile under the options of the project', async () => {
  const files = readmes.flatMap((readme) =>
    snippetsOf(readme).map((snippet, index) => {
      const place = `${readme} ${index + 1}`;
      const path = join(folder, 'types', `${place.replaceAll(/[^\w]+/g, '-')}.ts`);
      write(path, `${snippet}\n${context[place] ?? ''}\n`);
      return path;
    }),
  );
  expect(files.length).toBeGreaterThan(readmes.length);
  const config = join(folder, 'types', 'tsconfig.json');
  write(
    config,
    JSON.stringify({
      extends: join(repository, 'tsconfig.json'),
      compilerOptions: {
        composite: false,
        declarationMap: false,
        noEmit: true,
        // As for the tests: a program publishes no declarations.
        isolatedDeclarations: false,
        rewriteRelativeImportExtensions: false,
        allowImportingTsExtensions: true,
        rootDir: repository,
        tsBuildInfoFile: null,
      },
      files,
      // What the sources say of packages that ship no types.
      include: [join(repository, 'packages/*/src/**/*.d.ts')],
      references: [],
    }),
  );
  const { code, stdout } = await run(process.execPath, [tsc(), '-p', config]);
  expect(stdout).toBe('');
  expect(code).toBe(0);
}, 60_000);

test('the server of the root README is whole in 15 lines', () => {
  expect(snippetsOf('README.md')[0]?.trimEnd().split('\n').length).toBeLessThanOrEqual(15);
});

test('each README shows a server that is tried here', () => {
  expect(Object.keys(uses).sort()).toEqual(readmes.toSorted());
});

test.for(Object.entries(uses))(
  'the server of %s does what is written below it',
  { timeout: 60_000 },
  async ([readme, use]) => {
    const source = onAnyPort(snippetsOf(readme)[0] ?? '');
    const path = join(folder, 'run', `${dirname(readme).replaceAll('/', '-')}.ts`);
    write(path, source);
    const cwd = mkdtempSync(join(tmpdir(), 'hawser-readme-'));
    try {
      write(join(cwd, 'authorized_keys'), '');
      await using program = startExample(path, [], { cwd });
      const [, port] = await program.waitFor(/^(?:tcp|udp):\S+?:(\d+) /m);
      await use(Number(port));
      const { code, stderr } = await program.kill();
      expect(stderr).toBe('');
      expect(code).toBe(0);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  },
);

/** The TypeScript of a README, block by block. */
function snippetsOf(readme: string): string[] {
  const text = readFileSync(join(repository, readme), 'utf8');
  return [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, snippet = '']) => snippet);
}

/** The same server on a free port of the loopback interface. Anything but exactly one endpoint is a mistake here. */
function onAnyPort(snippet: string): string {
  const endpoint = /'(tcp:\/\/)?(?:127\.0\.0\.1)?:\d+'/g;
  expect(snippet.match(endpoint)).toHaveLength(1);
  return snippet.replace(endpoint, (_all, scheme: string = '') => `'${scheme}127.0.0.1:0'`);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function tsc(): string {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  return join(dirname(manifest), 'bin/tsc');
}
