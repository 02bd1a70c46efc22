import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeBlocks } from '../code-blocks.ts';
import { interop } from './peer.ts';
import { run, type Started, start } from './started.ts';

// What a user gets: the packages as npm would publish them, installed into an empty project outside the repository,
// compiled under the strictest TypeScript, and run on the oldest and the newest Node we promise.

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const repository = fileURLToPath(new URL('../..', import.meta.url));
const examples = ['echo.ts', 'ten-minute-dns.ts'];
let project = '';

const compilerOptions = {
  target: 'ES2022',
  lib: ['ES2023', 'ESNext.Disposable'],
  module: 'NodeNext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  rootDir: '.',
  outDir: 'out',
};

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'hawser-packed-'));
  const folders = readdirSync(join(repository, 'packages')).map((name) => join('packages', name));
  const manifests = folders.map(manifestOf);
  const { devDependencies = {} } = manifestOf('.');

  await must('npm', ['run', 'build'], repository);
  const tarballs = join(project, 'tarballs');
  mkdirSync(tarballs);
  await must('npm', ['pack', '--workspaces', '--pack-destination', tarballs], repository);

  write('package.json', { name: 'consumer', private: true, type: 'module' });
  write('tsconfig.json', { compilerOptions, include: ['*.ts'] });
  const packed = readdirSync(tarballs).map((name) => join(tarballs, name));
  const tools = ['typescript', '@types/node'].map((name) => `${name}@${devDependencies[name]}`);
  await must('npm', ['install', '--no-audit', '--no-fund', ...packed, ...tools], project);

  const entries = manifests.flatMap(entriesOf);
  writeFileSync(
    join(project, 'every-entry.ts'),
    `const entries: Record<string, object> = {\n${entries
      .map((entry) => `  '${entry}': await import('${entry}'),\n`)
      .join('')}};
for (const [name, names] of Object.entries(entries)) console.log(name, Object.keys(names).length);
`,
  );
  for (const name of examples)
    copyFileSync(join(repository, 'examples', name), join(project, name));
  writeFileSync(join(project, 'readme-dns.ts'), readmeServer());
  for (const name of ['admin', 'copy']) {
    const secret = Buffer.alloc(32, name).toString('base64');
    const key = `key "${name}" { algorithm hmac-sha256; secret "${secret}"; };\n`;
    writeFileSync(join(project, `${name}.key`), key);
  }
}, 300_000);

afterAll(async () => {
  await rm(project, { recursive: true, force: true });
});

test('a strict project compiles against the published types', async () => {
  const compiled = await run('node', ['node_modules/typescript/bin/tsc', '-p', '.'], {
    cwd: project,
  });
  expect(compiled).toMatchObject({ code: 0, stdout: '', stderr: '' });
});

describe.each(['20', '24'])('Node %s', (major) => {
  let node = '';

  beforeAll(async () => {
    // The path of the binary: a signal to npx would not reach the program.
    const found = await must(
      'npx',
      ['-y', '-p', `node@${major}`, 'node', '-p', 'process.execPath'],
      project,
    );
    node = found.trim();
    await must(node, ['node_modules/typescript/bin/tsc', '-p', '.'], project);
  }, 300_000);

  test('is what runs', async () => {
    expect(await must(node, ['--version'], project)).toMatch(new RegExp(`^v${major}\\.`));
  });

  test('every entry point loads', async () => {
    expect(await must(node, ['out/every-entry.js'], project)).toContain('@hawser/core ');
  });

  test('the echo example answers and stops on SIGTERM', async () => {
    await using server = start(node, ['out/echo.js', 'tcp://127.0.0.1:0'], { cwd: project });
    expect(await converse(await portOf(server), 'hello\n')).toBe('hello\n');
    expect(await server.kill('SIGTERM')).toMatchObject({ code: 0, signal: null });
  });

  interop('the ten-minute DNS example answers and stops on SIGTERM', ['dig'], async () => {
    await using server = start(node, ['out/ten-minute-dns.js', '127.0.0.1:0'], { cwd: project });
    const port = await portOf(server);
    const answer = await must('dig', ['@127.0.0.1', '-p', port, 'example.net', 'SOA'], project);
    expect(answer).toMatch(/status: NOERROR/);
    expect(answer).toMatch(/flags: qr aa/);
    expect(await server.kill('SIGTERM')).toMatchObject({ code: 0, signal: null });
  });

  interop('the server of the README of dns keeps its signed zone', ['dig'], async () => {
    const signed = async (): Promise<string> => {
      await using server = start(node, ['out/readme-dns.js'], { cwd: project });
      const port = await portOf(server);
      const what = ['example.net', 'DNSKEY', '+dnssec', '+short'];
      const keys = await must('dig', ['@127.0.0.1', '-p', port, ...what], project);
      expect(keys).toContain('257 3 13 ');
      expect(keys).toContain('DNSKEY 13 2 ');
      expect(await server.kill('SIGTERM')).toMatchObject({ code: 0, signal: null });
      return keys;
    };
    expect(await signed()).toBe(await signed());
  });
});

/** The whole server of the README of dns, on a port of its own. */
function readmeServer(): string {
  const readme = readFileSync(join(repository, 'packages/dns/README.md'), 'utf8');
  const shown = codeBlocks(readme).find(({ text }) => /dnsService[^]*zoneSigning,\n\}/.test(text));
  return (shown?.text ?? '')
    .replace("':53'", "'127.0.0.1:0'")
    .replace('notifier(zone)', 'notifier(zone, { nameServers: false })');
}

/** Port of the first address it printed. */
async function portOf(server: Started): Promise<string> {
  const [, port = ''] = await server.waitFor(/(?:tcp|udp):\/\/\S*:(\d+)/);
  return port;
}

/** Sends `line`, ends its side and gives all that came back. */
async function converse(port: string, line: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: Number(port) });
  socket.end(line);
  return text(socket);
}

/** Standard output of a program that must succeed. */
async function must(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, { cwd });
  if (code !== 0)
    throw new Error(`"${command} ${args.join(' ')}" ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(repository, folder, 'package.json'), 'utf8')) as Manifest;
}

/** What can be imported from a package. The conformance suite is left out: it runs inside a test runner only. */
function entriesOf({ name, exports }: Manifest): string[] {
  return Object.keys(exports)
    .filter((path) => path !== './package.json' && path !== './conformance')
    .map((path) => `${name}${path.slice(1)}`);
}

function write(name: string, value: unknown): void {
  writeFileSync(join(project, name), JSON.stringify(value, null, 2));
}
