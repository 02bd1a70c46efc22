// The way that the README of @hawser/dns shows, walked with its own blocks: only addresses and ports are others.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { codeBlocks } from '../code-blocks.ts';
import { freePort, type PeerKind } from './dns-peers.ts';
import { interop } from './peer.ts';
import { run, type Started, start, startExample } from './started.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(repository, 'packages/dns/README.md'), 'utf8');
const tools = ['sh', 'openssl', 'dig', 'nsupdate'];
const secondaries = ['nsd', 'knotd', 'named', 'ours'] as const;
/** Inside the repository, where the packages resolve, and ignored like everything built. */
let folder: string;
const programs: Started[] = [];

beforeEach(async () => {
  mkdirSync(join(repository, 'test/dist'), { recursive: true });
  folder = mkdtempSync(join(repository, 'test/dist/dns-readme-'));
  await shell(block("printf 'key"));
});

afterEach(async () => {
  for (const each of programs.splice(0)) await each[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe('its checkers take the secondary of', () => {
  interop('NSD', ['nsd-checkconf', ...tools], async () => {
    const path = write('nsd.conf', withSecret(block('request-xfr')));
    expect(await run('nsd-checkconf', [path])).toEqual(fine());
    const args = ['-z', 'example.net', '-o', 'request-xfr', path];
    expect(await run('nsd-checkconf', args)).toEqual(fine('192.0.2.53 copy\n'));
  });

  interop('Knot', ['knotc', ...tools], async () => {
    const path = write('knot.conf', withSecret(block('domain: example.net')));
    const valid = fine('Configuration is valid\n');
    expect(await run('knotc', ['-c', path, 'conf-check'])).toEqual(valid);
  });

  interop('BIND', ['named-checkconf', ...tools], async () => {
    const path = write('named.conf', withSecret(block('type secondary')));
    expect(await run('named-checkconf', [path])).toEqual(fine());
  });
});

interop('what others change survives a restart', ['curl', ...tools], async () => {
  const [port, webPort] = [await freePort(), await freePort()];
  const program = write('names.mjs', steps({ port, webPort }));
  const nsupdate = moved(linesOf(block('nsupdate -k'), /nsupdate/), [[' 5353', ` ${port}`]]);
  const curl = moved(linesOf(block('nsupdate -k'), /^curl/), [[':8053', `:${webPort}`]]);
  {
    await using server = startExample(program, [], { cwd: folder });
    await server.waitFor(/tcp:\/\/\S+ http/);
    await shell(nsupdate);
    expect(await shell(curl)).toBe('good 192.0.2.9\n');
    await server.kill('SIGKILL');
  }
  await using server = startExample(program, [], { cwd: folder });
  await server.waitFor(/tcp:\/\/\S+ http/);
  const kept = ['home', 'lab'].map((name) => ask(port, [`${name}.example.net`, 'A', '+short']));
  expect(await Promise.all(kept)).toEqual(['192.0.2.9\n', '192.0.2.8\n']);
});

interop(
  'signed and copied by others, all of it validates, also after a restart',
  ['nsd', 'knotd', 'named', 'delv', ...tools],
  async () => {
    const port = await freePort();
    const ports = { nsd: 0, knotd: 0, named: 0, ours: 0 };
    for (const kind of secondaries) ports[kind] = await freePort();
    const program = write('server.mjs', wholeServer(port, Object.values(ports)));
    const first = running(startExample(program, [], { cwd: folder }));
    const ds = await servedWith(first);
    for (const kind of secondaries)
      running(kind === 'ours' ? startOurs(port, ports.ours) : startPeer(kind, port, ports[kind]));
    const all = [port, ...Object.values(ports)];
    await sameSerial(all);

    const add = moved(linesOf(block('nsupdate -k'), /nsupdate/), [[' 5353', ` ${port}`]]);
    await shell(add);
    await sameSerial(all);
    for (const each of all) await validates(each, ds, ['home', 'lab']);

    const before = await records(port);
    await first.kill('SIGKILL');
    const again = running(startExample(program, [], { cwd: folder }));
    expect(await servedWith(again)).toBe(ds);
    expect(await records(port)).toEqual(before);

    await shell(add.replaceAll('lab.', 'later.'));
    await sameSerial(all);
    for (const each of all) await validates(each, ds, ['later']);
    expect(await again.kill('SIGTERM')).toMatchObject({ code: 0 });
  },
);

/** Steps 1 and 2 in one file, with what they say is imported and chosen by the user. */
function steps({ port, webPort }: { readonly port: number; readonly webPort: number }): string {
  const imports = `
import { readFileSync } from 'node:fs';
import { run, serve } from '@hawser/core';
import { dnsService, dynamicZone, dyndns2, parseTsigKeyFile, recordApi, sqlite, updates } from '@hawser/dns';
import { http, router } from '@hawser/http';
const token = 'TOKEN';
const apiToken = 'API';
`;
  const shown = `${block("zone.on('changed'")}${block("'/nic/update'")}`;
  return `${imports}${moved(shown, [
    ["':5353'", `'127.0.0.1:${port}'`],
    [':8053', `:${webPort}`],
  ])}`;
}

function wholeServer(port: number, copies: readonly number[]): string {
  const also = copies.map((copy) => `'127.0.0.1:${copy}'`).join(', ');
  return moved(block("import { run } from '@hawser/core';\nimport {\n"), [
    ["':53'", `'127.0.0.1:${port}'`],
    ['notifier(zone)', `notifier(zone, { nameServers: false, also: [${also}] })`],
  ]);
}

function startOurs(primary: number, port: number): Started {
  const imports = `
import { readFileSync } from 'node:fs';
import { run } from '@hawser/core';
import { dnsService, parseTsigKeyFile, secondaryZone, sqlite } from '@hawser/dns';
`;
  const shown = moved(block('secondaryZone('), [
    ["'192.0.2.53'", `'127.0.0.1:${primary}'`],
    ["'198.51.100.53:53'", `'127.0.0.1:${port}'`],
  ]);
  return startExample(write('second.mjs', imports + shown), [], { cwd: folder });
}

/** A server of others with what the README gives it, after what its package has in its configuration. */
function startPeer(kind: PeerKind, primary: number, port: number): Started {
  const home = join(folder, kind);
  mkdirSync(home);
  const shown = withSecret(block(marks[kind]));
  const configuration = write(`${kind}/conf`, configure[kind]({ shown, home, primary, port }));
  return start(kind, flags[kind](configuration), { cwd: home });
}

interface Place {
  readonly shown: string;
  readonly home: string;
  readonly primary: number;
  readonly port: number;
}

const marks = { nsd: 'request-xfr', knotd: 'domain: example.net', named: 'type secondary' };

const flags: Readonly<Record<PeerKind, (configuration: string) => string[]>> = {
  nsd: (configuration) => ['-d', '-c', configuration],
  knotd: (configuration) => ['-c', configuration],
  named: (configuration) => ['-g', '-n', '1', '-c', configuration],
};

const configure: Readonly<Record<PeerKind, (place: Place) => string>> = {
  nsd: ({ shown, home, primary, port }) => `
server:
  ip-address: 127.0.0.1@${port}
  username: ""
  chroot: ""
  database: ""
  pidfile: "${home}/nsd.pid"
  xfrdfile: "${home}/xfrd.state"
  zonelistfile: "${home}/zone.list"
  zonesdir: "${home}"
  xfrdir: "${home}"
  server-count: 1
  xfrd-reload-timeout: 0
remote-control:
  control-enable: no
${moved(shown, [
  ['192.0.2.53 copy', `127.0.0.1@${primary} copy`],
  ['192.0.2.53 NOKEY', '127.0.0.1 NOKEY'],
  ['/var/lib/nsd', home],
])}`,
  knotd: ({ shown, home, primary, port }) => `
server:
  rundir: ${home}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: ${home}
template:
  - id: default
    storage: ${home}
${moved(shown, [
  ['198.51.100.53', `127.0.0.1@${port}`],
  ['address: 192.0.2.53\n    key', `address: 127.0.0.1@${primary}\n    key`],
  ['192.0.2.53', '127.0.0.1'],
])}`,
  named: ({ shown, home, primary, port }) => `
options {
  directory "${home}"; pid-file none; session-keyfile "${home}/session.key";
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
  recursion no; dnssec-validation no; notify no; empty-zones-enable no;
};
controls { };
${moved(shown, [
  ['192.0.2.53 key', `127.0.0.1 port ${primary} key`],
  ['192.0.2.53', '127.0.0.1'],
])}`,
};

/** Is ended with the test. */
function running(program: Started): Started {
  programs.push(program);
  return program;
}

/** The DS that the server prints, when it serves. */
async function servedWith(server: Started): Promise<string> {
  await server.waitFor(/tcp:\/\/\S+ .*dns/);
  const [, ds = ''] = await server.waitFor(/^example\.net\. IN DS (.+)$/m);
  return ds;
}

/** Resolves when all servers have the serial of the first. */
async function sameSerial(ports: readonly number[]): Promise<void> {
  const [line = ''] = linesOf(block('same serial'), /^dig/).split('#');
  const args = line.trim().split(' ').slice(2);
  let serials: string[] = [];
  for (let attempt = 0; attempt < 150; attempt++) {
    serials = await Promise.all(ports.map((port) => ask(port, args)));
    if (serials[0]?.startsWith('ns1.example.net.') && new Set(serials).size === 1) return;
    await sleep(100);
  }
  throw new Error(`Cannot get the zone to all of them:\n${serials.join('\n')}`);
}

/** Names that there are, and one that there is not, are what whoever trusts `ds` believes. */
async function validates(port: number, ds: string, names: readonly string[]): Promise<void> {
  const [id, algorithm, digestKind, digest = ''] = ds.split(' ');
  const shown = block('trust-anchors');
  await shell(
    moved(linesOf(shown, /^echo/), [
      ['12345 13 2 "DIGEST"', `${id} ${algorithm} ${digestKind} "${digest}"`],
    ]),
  );
  const [positive = '', negative = ''] = linesOf(shown, /^delv/).split('\n');
  for (const name of names) {
    const command = moved(positive, [
      ['192.0.2.53', `127.0.0.1 -p ${port}`],
      ['home.', `${name}.`],
    ]);
    expect(await shell(command)).toMatch(/^; fully validated\n/);
  }
  const command = moved(negative, [['198.51.100.53', `127.0.0.1 -p ${port}`]]);
  expect(await shell(command)).toContain('; negative response, fully validated\n');
}

/** All records of the primary. */
async function records(port: number): Promise<string[]> {
  const text = await ask(port, ['-k', 'copy.key', 'example.net', 'AXFR', '+noall', '+answer']);
  const lines = text.split('\n').filter((line) => line !== '' && !line.includes('TSIG'));
  expect(lines.length).toBeGreaterThan(20);
  return lines.sort();
}

async function ask(port: number, args: readonly string[]): Promise<string> {
  const server = ['@127.0.0.1', '-p', `${port}`, '+time=2', '+tries=1'];
  return (await run('dig', [...server, ...args], { cwd: folder })).stdout;
}

/** What commands print that must succeed. */
async function shell(commands: string): Promise<string> {
  const { code, stdout, stderr } = await run('sh', ['-c', `set -e\n${commands}`], { cwd: folder });
  if (code !== 0) throw new Error(`Cannot run "${commands}": ${stdout}${stderr}`);
  return stdout;
}

/** The only block with `mark` in it. */
function block(mark: string): string {
  const [found, ...others] = codeBlocks(readme).filter(({ text }) => text.includes(mark));
  if (found === undefined || others.length > 0)
    throw new Error(`Cannot tell which block has "${mark}"`);
  return found.text;
}

function linesOf(text: string, pattern: RegExp): string {
  return text
    .split('\n')
    .filter((line) => pattern.test(line))
    .join('\n');
}

/** `text` with each of `moves` made, which all have to be possible. */
function moved(text: string, moves: readonly (readonly [string, string])[]): string {
  let result = text;
  for (const [from, to] of moves) {
    if (!result.includes(from)) throw new Error(`Cannot find "${from}" in:\n${result}`);
    result = result.replaceAll(from, to);
  }
  return result;
}

function withSecret(text: string): string {
  const [, secret = ''] =
    /secret "(.+)"/.exec(readFileSync(join(folder, 'copy.key'), 'utf8')) ?? [];
  return moved(text, [['SECRET', secret]]);
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function fine(stdout = ''): unknown {
  return { code: 0, signal: null, stdout, stderr: '' };
}
