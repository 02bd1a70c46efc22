import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { createTestReactor } from '@hawser/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpHandler } from '../../src/contract/http-handler.ts';
import { HttpError } from '../../src/http-error.ts';
import { FileCache } from '../../src/static/file-cache.ts';
import { staticFiles, staticOrNext } from '../../src/static/static-files.ts';
import type { StaticOptions } from '../../src/static/static-options.ts';
import { get, makeContext, makeSite, openFiles, type Site, TELLS_OPEN_FILES } from './site.ts';

const context = makeContext();
const BIG = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff));

let site: Site;

beforeAll(() => {
  site = makeSite({
    'index.html': '<h1>home</h1>',
    'hello.txt': 'hello, world\n',
    'empty.txt': '',
    'app.js': 'let a = 1;',
    'app.js.br': brotliCompressSync('let a = 1;'),
    'app.js.gz': gzipSync('let a = 1;'),
    'app-1a2b3c4d.js': '1',
    'big.bin': BIG,
    'about.html': 'about',
    'a b/ü.txt': 'umlaut',
    'sub/index.html': 'sub',
    'bare/x.txt': 'x',
    'bare/<img src=x onerror=1>&"\'.txt': 'x',
    'bare/a:b': 'x',
    '.secret': 'secret',
    '.well-known/security.txt': 'contact',
    'page.HTML': 'upper',
    noending: 'data',
  });
  writeFileSync(`${dirname(site.root)}/outside.txt`, 'outside');
  symlinkSync('../outside.txt', site.path('escape.txt'));
  symlinkSync('..', site.path('up'));
  symlinkSync('hello.txt', site.path('alias.txt'));
  symlinkSync('loop', site.path('loop'));
  execFileSync('mkfifo', [site.path('fifo')]);
});

afterAll(() => site[Symbol.dispose]());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

async function ask(
  request: Request,
  options?: StaticOptions,
  handler: HttpHandler = staticFiles(site.root, options),
): Promise<Answer> {
  try {
    const response = await handler(request, context);
    const body = Buffer.from(await response.arrayBuffer()).toString('latin1');
    return { status: response.status, headers: response.headers, body };
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return { status: error.status, headers: new Headers(error.headers), body: '' };
  }
}

function fields({ headers }: Answer): Record<string, string> {
  return Object.fromEntries(headers);
}

describe('a file', () => {
  test('is sent with what a cache needs', async () => {
    const answer = await ask(get('/hello.txt'));
    expect(answer).toMatchObject({ status: 200, body: 'hello, world\n' });
    expect(fields(answer)).toEqual({
      'accept-ranges': 'bytes',
      'cache-control': 'no-cache',
      'content-length': '13',
      'content-type': 'text/plain; charset=utf-8',
      etag: expect.stringMatching(/^W\/"d-[0-9a-f]+"$/),
      'last-modified': 'Thu, 02 Jan 2020 03:04:05 GMT',
      'x-content-type-options': 'nosniff',
    });
  });

  test('is sent whole, however long', async () => {
    const answer = await ask(get('/big.bin'));
    expect(answer.headers.get('content-length')).toBe('300000');
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(Buffer.from(answer.body, 'latin1').equals(BIG)).toBe(true);
  });

  test.each([
    ['/a%20b/%C3%BC.txt?query=1', 200, 'umlaut'],
    ['/empty.txt', 200, ''],
    ['/noending', 200, 'data'],
    ['/', 200, '<h1>home</h1>'],
    ['/sub/', 200, 'sub'],
    ['/.well-known/security.txt', 200, 'contact'],
    ['/alias.txt', 200, 'hello, world\n'],
    ['/.secret', 404, ''],
    ['/escape.txt', 404, ''],
    ['/up/outside.txt', 404, ''],
    ['/up/root/hello.txt', 200, 'hello, world\n'],
    ['/loop', 404, ''],
    ['/fifo', 404, ''],
    ['/missing', 404, ''],
    ['/hello.txt/', 404, ''],
    ['/hello.txt/x', 404, ''],
    ['/bare/', 404, ''],
    ['/bare', 404, ''],
    ['/../outside.txt', 404, ''],
    ['/%2e%2e/outside.txt', 404, ''],
    ['/..%2foutside.txt', 404, ''],
    ['/sub/..%5c..%5coutside.txt', 404, ''],
    ['//hello.txt', 404, ''],
    ['//evil.example', 404, ''],
    ['//evil.example/sub', 404, ''],
    ['/%2fevil.example', 404, ''],
    ['/\\evil.example', 404, ''],
    ['/sub//', 404, ''],
    ['/hello.txt%00', 404, ''],
    ['/%c0%ae%c0%ae/outside.txt', 400, ''],
    [`/${'x'.repeat(250)}/${'y'.repeat(250)}`, 404, ''],
  ])('%s is answered with %i', async (path, status, body) => {
    expect(await ask(get(path))).toMatchObject({ status, body });
  });

  test('has a type by its ending, in any case, or the one told', async () => {
    const type = async (path: string, options?: StaticOptions) =>
      (await ask(get(path), options)).headers.get('content-type');
    expect(await type('/page.HTML')).toBe('text/html; charset=utf-8');
    expect(await type('/app.js')).toBe('text/javascript; charset=utf-8');
    expect(await type('/noending')).toBe('application/octet-stream');
    expect(await type('/app.js', { contentTypes: { '.js': 'text/plain' } })).toBe('text/plain');
  });

  test('is kept as long as told, a year with a hash in its name', async () => {
    const keep = async (path: string, options?: StaticOptions) =>
      (await ask(get(path), options)).headers.get('cache-control');
    const immutable = /-[0-9a-f]{8}\./g;
    expect(await keep('/app-1a2b3c4d.js', { immutable })).toBe(
      'public, max-age=31536000, immutable',
    );
    expect(await keep('/app-1a2b3c4d.js', { immutable })).toBe(
      'public, max-age=31536000, immutable',
    );
    expect(await keep('/app.js', { immutable })).toBe('no-cache');
    const cacheControl = ({ path, size }: { path: string; size: number }) =>
      path.endsWith('.js') ? `max-age=${size}` : undefined;
    expect(await keep('/app.js', { cacheControl })).toBe('max-age=10');
    expect(await keep('/hello.txt', { cacheControl })).toBeNull();
    expect(await keep('/app.js', { headers: { 'Cache-Control': 'private' } })).toBe('private');
  });

  test('of the future counts as of now', async () => {
    using other = makeSite({});
    writeFileSync(other.path('x'), 'x');
    execFileSync('touch', ['-d', '2099-01-01T00:00:00Z', other.path('x')]);
    const handler = staticFiles(other.root);
    const { headers } = await ask(get('/x'), {}, handler);
    expect(headers.get('last-modified')).toBe('Thu, 01 Jan 2026 00:00:00 GMT');
  });

  test.runIf(process.getuid?.() !== 0)('that may not be read is forbidden', async () => {
    using other = makeSite({ small: 'x', large: BIG });
    for (const name of ['small', 'large']) {
      chmodSync(other.path(name), 0);
      expect(await ask(get(`/${name}`), {}, staticFiles(other.root))).toMatchObject({
        status: 403,
      });
    }
  });
});

describe('HEAD', () => {
  test('says the same as GET and opens nothing', async () => {
    for (const path of ['/hello.txt', '/big.bin', '/empty.txt', '/']) {
      const whole = await ask(get(path));
      const head = await ask(get(path, {}, 'HEAD'));
      expect(openFiles(site)).toBe(0);
      expect(head.status).toBe(200);
      expect(head.body).toBe('');
      expect(fields(head)).toEqual(fields(whole));
    }
  });

  test('does not heed Range', async () => {
    const head = await ask(get('/hello.txt', { range: 'bytes=0-1' }, 'HEAD'));
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe('13');
  });
});

test('other methods are refused, and OPTIONS says which are not', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'TRACE']) {
    const answer = await ask(get('/hello.txt', {}, method));
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
  }
  const options = await ask(get('/hello.txt', {}, 'OPTIONS'));
  expect(options).toMatchObject({ status: 204 });
  expect(options.headers.get('allow')).toBe('GET, HEAD');
});

describe('ranges', () => {
  const text = 'hello, world\n';
  test.each<[range: string, status: number, contentRange: string | null, body: string]>([
    ['bytes=0-4', 206, 'bytes 0-4/13', 'hello'],
    ['bytes=7-', 206, 'bytes 7-12/13', 'world\n'],
    ['bytes=-6', 206, 'bytes 7-12/13', 'world\n'],
    ['bytes=-100', 206, 'bytes 0-12/13', text],
    ['bytes=0-', 206, 'bytes 0-12/13', text],
    ['bytes=0-4,3-5', 206, 'bytes 0-5/13', 'hello,'],
    ['bytes=13-', 416, 'bytes */13', ''],
    ['bytes=-0', 416, 'bytes */13', ''],
    ['bytes=4-0', 200, null, text],
    ['lines=0-1', 200, null, text],
  ])('%s', async (range, status, contentRange, body) => {
    const answer = await ask(get('/hello.txt', { range }));
    expect(answer).toMatchObject({ status, body });
    expect(answer.headers.get('content-range')).toBe(contentRange);
    const length = status === 416 ? null : String(body.length);
    expect(answer.headers.get('content-length')).toBe(length);
  });

  test('of a long file are read where they are', async () => {
    const answer = await ask(get('/big.bin', { range: 'bytes=1000-290000' }));
    expect(answer.status).toBe(206);
    expect(Buffer.from(answer.body, 'latin1').equals(BIG.subarray(1000, 290_001))).toBe(true);
  });

  test('more than one come as parts, each with its place', async () => {
    const answer = await ask(get('/big.bin', { range: 'bytes=200000-200004,0-99,-2' }));
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBeNull();
    const boundary = /^multipart\/byteranges; boundary=([\w-]{32})$/.exec(
      answer.headers.get('content-type') ?? '',
    )?.[1];
    const part = (start: number, end: number) =>
      `--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${start}-${end}/300000\r\n\r\n` +
      `${BIG.subarray(start, end + 1).toString('latin1')}\r\n`;
    expect(answer.body).toBe(
      `${part(200_000, 200_004)}${part(0, 99)}${part(299_998, 299_999)}--${boundary}--\r\n`,
    );
    expect(answer.headers.get('content-length')).toBe(String(answer.body.length));
  });

  test('too many, or none where parts are not wanted, give the whole', async () => {
    const range = `bytes=${Array.from({ length: 17 }, (_, at) => `${at * 1000}-${at * 1000}`).join(',')}`;
    expect(await ask(get('/big.bin', { range }))).toMatchObject({ status: 200 });
    expect(await ask(get('/hello.txt', { range: 'bytes=0-0' }), { maxRanges: 0 })).toMatchObject({
      status: 200,
    });
  });

  test('count with If-Range only while the file is the same', async () => {
    const date = 'Thu, 02 Jan 2020 03:04:05 GMT';
    const range = 'bytes=0-4';
    const strong = { etag: 'strong' } as const;
    const tag = (await ask(get('/hello.txt'), strong)).headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w-]{27}"$/);
    const status = async (ifRange: string, options?: StaticOptions) =>
      (await ask(get('/hello.txt', { range, 'if-range': ifRange }), options)).status;
    expect(await status(date)).toBe(206);
    expect(await status('Thu, 02 Jan 2020 03:04:06 GMT')).toBe(200);
    expect(await status(tag, strong)).toBe(206);
    expect(await status('"other"', strong)).toBe(200);
    const weak = (await ask(get('/hello.txt'))).headers.get('etag') ?? '';
    expect(await status(weak)).toBe(200);
  });

  test('of nothing', async () => {
    expect(await ask(get('/empty.txt', { range: 'bytes=0-' }))).toMatchObject({ status: 416 });
    expect(await ask(get('/empty.txt', { range: 'bytes=-1' }))).toMatchObject({ status: 200 });
  });
});

describe('conditions', () => {
  test('that say the peer has it are answered with 304 and no metadata of the content', async () => {
    const etag = (await ask(get('/hello.txt'))).headers.get('etag') ?? '';
    const answer = await ask(get('/hello.txt', { 'if-none-match': etag, range: 'bytes=99-' }));
    expect(answer).toMatchObject({ status: 304, body: '' });
    expect(fields(answer)).toEqual({ 'cache-control': 'no-cache', etag });
    const since = { 'if-modified-since': 'Thu, 02 Jan 2020 03:04:05 GMT' };
    expect(await ask(get('/hello.txt', since))).toMatchObject({ status: 304 });
  });

  test('that expect something else are answered with 412', async () => {
    expect(await ask(get('/hello.txt', { 'if-match': '"x"' }))).toMatchObject({ status: 412 });
    const since = { 'if-unmodified-since': 'Thu, 02 Jan 2020 03:04:04 GMT' };
    expect(await ask(get('/hello.txt', since))).toMatchObject({ status: 412 });
  });

  test('do not count for what is not there', async () => {
    expect(await ask(get('/missing', { 'if-none-match': '*' }))).toMatchObject({ status: 404 });
  });

  test('see that a file was changed, the tag of its bytes as well', async () => {
    using other = makeSite({ x: 'one' });
    for (const etag of ['weak', 'strong'] as const) {
      const handler = staticFiles(other.root, { etag });
      const tag = async () => (await ask(get('/x'), {}, handler)).headers.get('etag');
      other.write('x', 'one');
      const before = await tag();
      expect(await tag()).toBe(before);
      other.write('x', 'other');
      expect(await tag()).not.toBe(before);
    }
    const none = await ask(get('/x'), {}, staticFiles(other.root, { etag: 'none' }));
    expect(none.headers.get('etag')).toBeNull();
  });
});

describe('forms compressed before', () => {
  const options = { precompressed: true };
  test.each([
    ['br, gzip', 'br'],
    ['gzip', 'gzip'],
    ['gzip;q=1, br;q=0.5', 'gzip'],
    ['zstd', null],
    ['br;q=0, gzip;q=0', null],
    ['identity, br;q=0.5', null],
  ])('by Accept-Encoding: %s', async (accepted, encoding) => {
    const answer = await ask(get('/app.js', { 'accept-encoding': accepted }), options);
    expect(answer.headers.get('content-encoding')).toBe(encoding);
    expect(answer.headers.get('vary')).toBe('accept-encoding');
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(answer.headers.get('content-length')).toBe(String(answer.body.length));
  });

  test('have a tag of their own, and ranges of their own', async () => {
    const plain = await ask(get('/app.js'), options);
    const headers = { 'accept-encoding': 'br' };
    const packed = await ask(get('/app.js', headers), options);
    expect(packed.headers.get('etag')).not.toBe(plain.headers.get('etag'));
    const range = await ask(get('/app.js', { ...headers, range: 'bytes=0-2' }), options);
    expect(range.body).toBe(packed.body.slice(0, 3));
    expect(range.headers.get('content-encoding')).toBe('br');
  });

  test('are left alone where they are not asked for', async () => {
    const answer = await ask(get('/app.js', { 'accept-encoding': 'br' }));
    expect(answer.headers.get('content-encoding')).toBeNull();
    expect(answer.headers.get('vary')).toBeNull();
  });
});

describe('directories', () => {
  test('are redirected to the path with a slash, relative and on this host', async () => {
    const answer = await ask(get('/sub?a=//b'));
    expect(answer.status).toBe(308);
    expect(answer.headers.get('location')).toBe('./sub/?a=//b');
    expect(new URL('./sub/', 'http://host/mounted/sub').pathname).toBe('/mounted/sub/');
  });

  test('show what is in them where that is wanted, as text', async () => {
    const answer = await ask(get('/bare/'), { listing: true });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.body).toContain('&lt;img src=x onerror=1&gt;&amp;&quot;&#39;.txt');
    expect(answer.body).not.toContain('<img');
    expect(answer.body).toContain('href="./a%3Ab"');
    expect(answer.body).toContain('href="../"');
    const top = await ask(get('/'), { listing: true, index: false });
    expect(top.body).not.toContain('secret');
    expect(top.body).not.toContain('fifo');
    expect(top.body).not.toContain('href="../"');
    expect(top.body.indexOf('sub/')).toBeLessThan(top.body.indexOf('about.html'));
    const head = await ask(get('/bare/', {}, 'HEAD'), { listing: true });
    expect(head.headers.get('content-length')).toBe(String(answer.body.length));
    expect(await ask(get('/bare'), { listing: true })).toMatchObject({ status: 308 });
  });
});

describe('what is not there', () => {
  test('is left to who is asked next', async () => {
    const next = () => new Response('next', { status: 203 });
    const middleware = staticOrNext(site.root, { dotfiles: 'deny' });
    const handler: HttpHandler = (request, context) => middleware(request, next, context);
    expect(await ask(get('/missing'), {}, handler)).toMatchObject({ status: 203, body: 'next' });
    expect(await ask(get('/..'), {}, handler)).toMatchObject({ status: 203 });
    expect(await ask(get('/hello.txt', {}, 'POST'), {}, handler)).toMatchObject({ status: 203 });
    expect(await ask(get('/hello.txt'), {}, handler)).toMatchObject({ status: 200 });
    expect(await ask(get('/.secret'), {}, handler)).toMatchObject({ status: 403 });
    // Nothing to wait for, so no promise.
    expect(handler(get('/x', {}, 'POST'), context)).toBeInstanceOf(Response);
  });

  test('is answered by notFound', async () => {
    const notFound = () => new Response('gone', { status: 410 });
    expect(await ask(get('/missing'), { notFound })).toMatchObject({ status: 410, body: 'gone' });
  });

  test('is the fallback for a page, and for nothing else', async () => {
    const options = { fallback: 'index.html' };
    const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
    expect(await ask(get('/users/7', html), options)).toMatchObject({
      status: 200,
      body: '<h1>home</h1>',
    });
    expect(await ask(get('/users/', html), options)).toMatchObject({ status: 200 });
    expect(await ask(get('/users/7', { accept: '*/*' }), options)).toMatchObject({ status: 404 });
    expect(await ask(get('/missing.js', html), options)).toMatchObject({ status: 404 });
    expect(await ask(get('/..', html), options)).toMatchObject({ status: 404 });
  });

  test('is looked for with other endings', async () => {
    const options = { extensions: ['htm', 'html'] };
    expect(await ask(get('/about'), options)).toMatchObject({ status: 200, body: 'about' });
    expect(await ask(get('/about/'), options)).toMatchObject({ status: 404 });
  });
});

test('a prefix is taken off, and other paths are not found', async () => {
  for (const prefix of ['/assets', '/assets/']) {
    const options = { prefix };
    expect(await ask(get('/assets/hello.txt'), options)).toMatchObject({ status: 200 });
    expect(await ask(get('/assets/'), options)).toMatchObject({ status: 200 });
    expect(await ask(get('/hello.txt'), options)).toMatchObject({ status: 404 });
    expect(await ask(get('/assetshello.txt'), options)).toMatchObject({ status: 404 });
    const bare = await ask(get('/assets'), options);
    expect(bare.headers.get('location')).toBe('./assets/');
  }
});

describe('symbolic links', () => {
  test('out of the root are followed only where that is wanted', async () => {
    expect(await ask(get('/escape.txt'), { symlinks: 'follow' })).toMatchObject({
      body: 'outside',
    });
    expect(await ask(get('/escape.txt'), { symlinks: 'inside' })).toMatchObject({ status: 404 });
  });
  test('are all refused where that is wanted', async () => {
    expect(await ask(get('/alias.txt'), { symlinks: 'refuse' })).toMatchObject({ status: 404 });
    expect(await ask(get('/hello.txt'), { symlinks: 'refuse' })).toMatchObject({ status: 200 });
  });
  test('to a name that differs by case alone are refused, as file systems without case would do the same', async () => {
    using other = makeSite({ 'admin/x.txt': 'x' });
    symlinkSync('admin', other.path('ADMIN'));
    for (const symlinks of ['inside', 'follow'] as const) {
      const handler = staticFiles(other.root, { symlinks });
      expect(await ask(get('/admin/x.txt'), {}, handler)).toMatchObject({ status: 200 });
      expect(await ask(get('/ADMIN/x.txt'), {}, handler)).toMatchObject({ status: 404 });
    }
  });
  test('may be the root, and point elsewhere later', async () => {
    using other = makeSite({ 'one/x': 'one', 'two/x': 'two' });
    symlinkSync('one', other.path('current'));
    const handler = staticFiles(other.path('current'), { symlinks: 'refuse' });
    expect(await ask(get('/x'), {}, handler)).toMatchObject({ body: 'one' });
    symlinkSync('two', other.path('next'));
    renameSync(other.path('next'), other.path('current'));
    expect(await ask(get('/x'), {}, handler)).toMatchObject({ body: 'two' });
  });
});

describe.runIf(TELLS_OPEN_FILES)('the descriptor', () => {
  test('is closed when the peer leaves in the middle, or never begins to read', async () => {
    for (let round = 0; round < 20; round++) {
      const range = round % 2 === 0 ? {} : { range: 'bytes=0-99999,150000-250000' };
      const response = await staticFiles(site.root)(get('/big.bin', range), context);
      const reader = response.body?.getReader();
      expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
      expect(openFiles(site)).toBe(1);
      await reader?.cancel();
      expect(openFiles(site)).toBe(0);
      await staticFiles(site.root)(get('/big.bin'), context);
      expect(openFiles(site)).toBe(0);
    }
  });

  test('is closed, and the answer broken off, when the file becomes shorter', async () => {
    using other = makeSite({ 'log.bin': BIG });
    const response = await staticFiles(other.root)(get('/log.bin'), context);
    const reader = response.body?.getReader();
    await reader?.read();
    truncateSync(other.path('log.bin'), 70_000);
    const rest = (async () => {
      while (!(await reader?.read())?.done);
    })();
    await expect(rest).rejects.toMatchObject({ code: 'HAWSER_HTTP_FILE_CHANGED' });
    expect(openFiles(other)).toBe(0);
  });

  test('is not opened for another file in the place of the one that was promised', async () => {
    using other = makeSite({ 'x.bin': BIG, 'y.bin': BIG });
    const response = await staticFiles(other.root)(get('/x.bin'), context);
    renameSync(other.path('y.bin'), other.path('x.bin'));
    await expect(response.arrayBuffer()).rejects.toMatchObject({
      code: 'HAWSER_HTTP_FILE_CHANGED',
    });
    expect(openFiles(other)).toBe(0);
  });

  test('of a file that grows is read as far as was promised', async () => {
    using other = makeSite({ 'log.bin': BIG });
    const response = await staticFiles(other.root)(get('/log.bin'), context);
    writeFileSync(other.path('log.bin'), 'more', { flag: 'a' });
    expect((await response.arrayBuffer()).byteLength).toBe(BIG.length);
  });
});

test('a root that is not there has no files', async () => {
  expect(await ask(get('/x'), {}, staticFiles(site.path('nowhere')))).toMatchObject({
    status: 404,
  });
  mkdirSync(site.path('later'));
  expect(
    await ask(get('/'), { listing: true }, staticFiles(site.path('later'), { listing: true })),
  ).toMatchObject({ status: 200 });
});

test('options that make no sense are refused', () => {
  expect(() => staticFiles('.', { prefix: 'assets' })).toThrow(RangeError);
  expect(() => staticFiles('.', { maxRanges: -1 })).toThrow(RangeError);
});

describe('small files in memory', () => {
  const setUp = (options: StaticOptions = {}) => {
    const own = makeSite({
      'index.html': 'home',
      'x.txt': 'one',
      'long.txt': 'x'.repeat(1000),
      'big.bin': BIG,
      'x.txt.gz': gzipSync('one'),
    });
    const reactor = createTestReactor();
    const given = makeContext(reactor);
    const handler = staticFiles(own.root, { cache: true, ...options });
    return { own, reactor, answer: (request: Request) => handler(request, given) };
  };

  test('are answered at once while they are fresh, in parts and on conditions as well', async () => {
    const { own, reactor, answer } = setUp();
    using _ = own;
    const first = await answer(get('/x.txt'));
    const tag = first.headers.get('etag') ?? '';
    own.write('x.txt', 'other');
    const kept = answer(get('/x.txt'));
    expect(kept).toBeInstanceOf(Response);
    expect(await (await kept).text()).toBe('one');
    expect(await (await answer(get('/x.txt', { range: 'bytes=1-' }))).text()).toBe('ne');
    expect((await answer(get('/x.txt', { 'if-none-match': tag }))).status).toBe(304);
    const long = await answer(get('/long.txt'));
    expect(await long.text()).toHaveLength(1000);
    rmSync(own.path('long.txt'));
    const parts = await answer(get('/long.txt', { range: 'bytes=0-1,900-901' }));
    expect(parts.status).toBe(206);
    expect(await parts.text()).toHaveLength(Number(parts.headers.get('content-length')));
    expect((await answer(get('/x.txt', {}, 'HEAD'))).headers.get('content-length')).toBe('3');
    await reactor.clock.elapse(1000);
    expect(await (await answer(get('/x.txt'))).text()).toBe('other');
  });

  test('are gone one freshness after the file, and long ones are not kept', async () => {
    const { own, reactor, answer } = setUp({ cache: { freshMs: 50 } });
    using _ = own;
    await answer(get('/'));
    expect(answer(get('/'))).toBeInstanceOf(Response);
    rmSync(own.path('index.html'));
    await reactor.clock.elapse(50);
    await expect(answer(get('/'))).rejects.toMatchObject({ status: 404 });
    const big = await answer(get('/big.bin'));
    expect(await big.text()).toHaveLength(String(BIG).length);
    const again = answer(get('/big.bin'));
    expect(again).toBeInstanceOf(Promise);
    await (await again).body?.cancel();
  });

  test('are kept in each form, and a fallback only for who gets it', async () => {
    const { own, answer } = setUp({ precompressed: true, fallback: 'index.html' });
    using _ = own;
    const packed = { 'accept-encoding': 'gzip' };
    for (let round = 0; round < 2; round++) {
      expect((await answer(get('/x.txt', packed))).headers.get('content-encoding')).toBe('gzip');
      expect((await answer(get('/x.txt'))).headers.get('content-encoding')).toBeNull();
      expect(await (await answer(get('/page', { accept: 'text/html' }))).text()).toBe('home');
      await expect(answer(get('/page'))).rejects.toMatchObject({ status: 404 });
    }
  });

  test('take no more memory than told', async () => {
    const cache = new FileCache({ maxBytes: 10_000, maxFileBytes: 3000 });
    expect(cache.takes(3001)).toBe(false);
    const file = {
      path: '',
      kind: 'file',
      size: 3000,
      mtimeMs: 0,
      mtimeNs: 0n,
      ctimeNs: 0n,
      device: 0n,
      inode: 0n,
    } as const;
    const form = { contentType: '', etag: undefined, maxRanges: 0, fields: {}, contentFields: {} };
    for (let at = 0; at < 10; at++)
      cache.put(String(at), { file, form, bytes: Buffer.alloc(3000) }, 0);
    expect(cache.bytes).toBeLessThanOrEqual(10_000);
    expect(cache.fresh('9', 0)).toBeDefined();
    expect(cache.fresh('7', 0)).toBeUndefined();
    expect(() => staticFiles('.', { cache: { maxBytes: -1 } })).toThrow(RangeError);
  });
});
