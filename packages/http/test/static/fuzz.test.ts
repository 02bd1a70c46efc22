import { symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SeededRandom } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { staticFiles } from '../../src/static/static-files.ts';
import { get, makeContext, makeSite } from './site.ts';

const context = makeContext();

test('parts of a file are what was asked for, whatever is asked', async () => {
  const random = new SeededRandom(99);
  const pick = (most: number): number => Math.floor(random.float() * most);
  const content = Buffer.from(Array.from({ length: 3000 }, () => 32 + pick(90)));
  using site = makeSite({ 'x.txt': content });
  const wrong: string[] = [];
  const statuses = new Map<number, number>();
  for (const cache of [false, true]) {
    const files = staticFiles(site.root, { cache });
    for (let round = 0; round < 500; round++) {
      const specs = Array.from({ length: 1 + pick(4) }, () => {
        const start = pick(3500);
        return pick(3) === 0
          ? `-${pick(400)}`
          : `${start}-${pick(2) === 0 ? '' : start + pick(300)}`;
      });
      const range = `bytes=${specs.join(',')}`;
      const response = await files(get('/x.txt', { range }), context);
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      const body = Buffer.from(await response.arrayBuffer());
      for (const { start, bytes } of partsOf(response, body)) {
        const same = content.subarray(start, start + bytes.length).equals(bytes);
        if (!same || bytes.length === 0) wrong.push(range);
      }
      const length = Number(response.headers.get('content-length') ?? 0);
      if (length !== body.length) wrong.push(`${range}: ${length} is not ${body.length}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(new Set(statuses.keys())).toEqual(new Set([206, 416]));
});

/** Reads what was sent as a peer would. */
function partsOf(response: Response, body: Buffer): { start: number; bytes: Buffer }[] {
  if (response.status !== 206) return [];
  const single = response.headers.get('content-range');
  if (single !== null) return [{ start: startOf(single), bytes: body }];
  const boundary = response.headers.get('content-type')?.split('boundary=')[1] ?? '';
  const sections = body.toString('latin1').split(`--${boundary}`);
  if (sections.at(-1) !== '--\r\n') throw new Error('no end');
  return sections.slice(1, -1).map((section) => {
    const at = section.indexOf('\r\n\r\n');
    const bytes = Buffer.from(section.slice(at + 4, -2), 'latin1');
    const field = /^content-range: (.*)$/im.exec(section.slice(0, at))?.[1] ?? '';
    const [start, end] = [startOf(field), Number(/-(\d+)\//.exec(field)?.[1])];
    if (end - start + 1 !== bytes.length) throw new Error(`${field} has ${bytes.length} octets`);
    return { start, bytes };
  });
}

function startOf(contentRange: string): number {
  return Number(/^bytes (\d+)-/.exec(contentRange)?.[1]);
}

test('no path leads out of the root, whatever it is made of', async () => {
  using site = makeSite({ 'in.txt': 'inside', 'sub/in.txt': 'inside' });
  writeFileSync(`${dirname(site.root)}/out.txt`, 'OUTSIDE');
  symlinkSync('../out.txt', site.path('link.txt'));
  symlinkSync('..', site.path('up'));
  const files = staticFiles(site.root, { dotfiles: 'allow', listing: true, extensions: ['txt'] });
  const random = new SeededRandom(7);
  const pieces = [
    '..',
    '.',
    '/',
    '//',
    '%2e',
    '%2E%2e',
    '%252e',
    '%2f',
    '%5c',
    '\\',
    '%00',
    '%c0%ae',
    '%c0%af',
    '%e0%80%ae',
    '%ef%bc%8e',
    ';',
    '..;',
    '%20',
    '%',
    'in.txt',
    'sub',
    'root',
    'out.txt',
    'out',
    'link.txt',
    'up',
    '~',
    '%u002e',
    '....//',
    'etc/passwd',
  ];
  const leaks: string[] = [];
  let found = 0;
  for (let round = 0; round < 4000; round++) {
    const count = 1 + Math.floor(random.float() * 7);
    let path = '/';
    for (let at = 0; at < count; at++) {
      path += pieces[Math.floor(random.float() * pieces.length)];
      if (random.float() < 0.5) path += '/';
    }
    try {
      const response = await files(get(path), context);
      const body = await response.text();
      if (body === 'inside') found++;
      if (/OUTSIDE|root:|<li><a href="\.\/out/.test(body)) leaks.push(path);
    } catch (error) {
      if (![400, 404, 414].includes((error as { status?: number }).status ?? 0)) throw error;
    }
  }
  expect(leaks).toEqual([]);
  expect(found).toBeGreaterThan(10);
});
