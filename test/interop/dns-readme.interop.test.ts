// What the README of @hawser/dns gives to the servers of others is what they take.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import { codeBlocks } from '../code-blocks.ts';
import { interop } from './peer.ts';
import { run } from './started.ts';

const readme = readFileSync(
  fileURLToPath(new URL('../../packages/dns/README.md', import.meta.url)),
  'utf8',
);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hawser-dns-readme-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interop('the secondary of NSD', ['nsd-checkconf'], async () => {
  const path = written('nsd.conf', 'request-xfr');
  expect(await run('nsd-checkconf', [path])).toEqual(fine());
  expect(await run('nsd-checkconf', ['-z', 'example.net', '-o', 'request-xfr', path])).toEqual(
    fine('192.0.2.53 copy\n'),
  );
});

interop('the secondary of Knot', ['knotc'], async () => {
  const path = written('knot.conf', 'domain: example.net');
  expect(await run('knotc', ['-c', path, 'conf-check'])).toEqual(fine('Configuration is valid\n'));
});

interop('the secondary of BIND', ['named-checkconf'], async () => {
  const path = written('named.conf', 'type secondary');
  expect(await run('named-checkconf', [path])).toEqual(fine());
});

/** The block with `mark` in it, as a file; the secret is one. */
function written(name: string, mark: string): string {
  const block = codeBlocks(readme).find(({ text }) => text.includes(mark));
  const path = join(folder, name);
  const secret = Buffer.alloc(32, 'copy').toString('base64');
  writeFileSync(path, block?.text.replace('SECRET', secret) ?? '');
  return path;
}

function fine(stdout = ''): unknown {
  return { code: 0, signal: null, stdout, stderr: '' };
}
