import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HttpError } from '../../src/http-error.ts';
import { fileResponse } from '../../src/static/file-response.ts';
import { get, makeContext, makeSite } from './site.ts';

test('one file is sent, in parts and on conditions as well', async () => {
  using site = makeSite({ 'report.txt': 'hello, world\n' });
  const path = site.path('report.txt');
  const whole = await fileResponse(get('/any'), path);
  expect(await whole.text()).toBe('hello, world\n');
  expect(whole.headers.get('content-disposition')).toBeNull();
  expect(whole.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  const part = await fileResponse(get('/any', { range: 'bytes=0-4' }), path);
  expect([part.status, await part.text()]).toEqual([206, 'hello']);
  const etag = whole.headers.get('etag') ?? '';
  const same = await fileResponse(get('/any', { 'if-none-match': etag }), path);
  expect(same.status).toBe(304);
});

test('a download has a name', async () => {
  using site = makeSite({ 'report.txt': 'x' });
  const path = site.path('report.txt');
  const name = async (download: boolean | string) =>
    (await fileResponse(get('/'), path, { download })).headers.get('content-disposition');
  expect(await name(true)).toBe('attachment; filename="report.txt"');
  expect(await name('Übersicht.txt')).toContain("filename*=UTF-8''%C3%9Cbersicht.txt");
  expect(await name(false)).toBeNull();
});

test('tag, type, time and other fields are as told', async () => {
  using site = makeSite({ x: 'x' });
  const { clock } = makeContext().reactor;
  const response = await fileResponse(get('/'), site.path('x'), {
    etag: '"mine"',
    contentType: 'application/pdf',
    cacheControl: 'private',
    headers: { 'x-more': 'yes' },
    clock,
  });
  expect(Object.fromEntries(response.headers)).toMatchObject({
    etag: '"mine"',
    'content-type': 'application/pdf',
    'cache-control': 'private',
    'x-more': 'yes',
  });
  const spelled = await fileResponse(get('/'), site.path('x'), {
    headers: { 'Cache-Control': 'private', 'X-Content-Type-Options': 'nosniff' },
  });
  expect(spelled.headers.get('cache-control')).toBe('private');
  expect(spelled.headers.get('x-content-type-options')).toBe('nosniff');
  const strong = await fileResponse(get('/'), site.path('x'), { etag: 'strong' });
  expect(strong.headers.get('etag')).toMatch(/^"/);
});

test('what is no file, or another method, is an HttpError', async () => {
  using site = makeSite({});
  mkdirSync(site.path('dir'));
  const status = (request: Request, name: string) =>
    fileResponse(request, site.path(name)).then(
      () => 0,
      (error: unknown) => (error instanceof HttpError ? error.status : error),
    );
  expect(await status(get('/'), 'missing')).toBe(404);
  expect(await status(get('/'), 'dir')).toBe(404);
  expect(await status(get('/', {}, 'POST'), 'dir')).toBe(405);
});
