// What existing apps do holds when they are mounted: each answers as on the server that it was made for.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pipeWorld } from '@hawser/core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { http, nodeApp } from '../../src/index.ts';
import { reasonPhrase } from '../../src/wire/reason-phrase.ts';
import { connectClient, send } from '../http2/h2-world.ts';
import { type AppUnderTest, FILE } from './apps/app-under-test.ts';
import { expressApp, makeExpress } from './apps/express-app.ts';
import { fastifyApp } from './apps/fastify-app.ts';
import { honoApp } from './apps/hono-app.ts';
import { koaApp } from './apps/koa-app.ts';
import { ask, exchange, type Seen } from './mount-world.ts';

const APPS = { Express: expressApp, Koa: koaApp, Fastify: fastifyApp, Hono: honoApp };
type AppName = keyof typeof APPS;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function world(): ReturnType<typeof pipeWorld> {
  const made = pipeWorld();
  ends.push(() => made.stop());
  return made;
}

async function appOf(name: AppName): Promise<AppUnderTest> {
  const app = await APPS[name]();
  ends.push(() => app.stop());
  return app;
}

const json = { 'Content-Type': 'application/json' };
const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
const octets = { 'Content-Type': 'application/octet-stream' };
const upload = ask('POST /upload', octets, 'x'.repeat(100_000));
const all: readonly AppName[] = ['Express', 'Koa', 'Fastify', 'Hono'];

interface Row {
  readonly requests: readonly (string | readonly string[])[];
  /** The statuses that come back. */
  readonly statuses: readonly number[];
  readonly of?: readonly AppName[];
}

const rows: Readonly<Record<string, Row>> = {
  text: { requests: [ask('GET /text')], statuses: [200] },
  HEAD: { requests: [ask('HEAD /text'), ask('GET /text')], statuses: [200, 200] },
  'HEAD of a stream': { requests: [ask('HEAD /stream'), ask('GET /text')], statuses: [200, 200] },
  JSON: {
    requests: [ask('POST /json', json, '{"a":1}'), ask('POST /json', json, '[2]')],
    statuses: [201, 201],
  },
  'JSON that is none': {
    requests: [ask('POST /json', json, '{"a"')],
    statuses: [400],
  },
  'JSON that is too long': {
    requests: [ask('POST /json', json, `"${'a'.repeat(2_000)}"`)],
    statuses: [413],
  },
  'a form': { requests: [ask('POST /form', form, 'a=1&b=2')], statuses: [200] },
  'an upload': { requests: [upload, ask('GET /text')], statuses: [200, 200] },
  'an upload in chunks': {
    requests: [
      `${ask('POST /upload', { ...octets, 'Transfer-Encoding': 'chunked' })}5\r\nhello\r\n0\r\n\r\n`,
      ask('GET /text'),
    ],
    statuses: [200, 200],
  },
  'an upload that waits to be asked for': {
    requests: [ask('POST /upload', { ...octets, Expect: '100-continue' }, 'hello')],
    statuses: [200],
  },
  'a body that is not read': {
    requests: [ask('POST /unread', octets, 'x'.repeat(5_000)), ask('GET /text')],
    statuses: [403, 200],
  },
  'a stream': { requests: [ask('GET /stream'), ask('GET /text')], statuses: [200, 200] },
  'a file': { requests: [ask('GET /file'), ask('HEAD /file')], statuses: [200, 200] },
  'a part of a file': {
    requests: [ask('GET /file', { Range: 'bytes=2-5' })],
    statuses: [206],
    of: ['Express'],
  },
  'files of a directory': {
    requests: [ask('GET /static/app-under-test.ts'), ask('GET /static/../apps.test.ts')],
    statuses: [200, 404],
    of: ['Express'],
  },
  nothing: { requests: [ask('GET /empty'), ask('GET /text')], statuses: [204, 200] },
  'a redirect': { requests: [ask('GET /redirect')], statuses: [302] },
  cookies: { requests: [ask('GET /cookies')], statuses: [200] },
  'an error for the peer': {
    requests: [ask('GET /throws'), ask('GET /text')],
    statuses: [418, 200],
  },
  'a handler that rejects': {
    requests: [ask('GET /rejects'), ask('GET /text')],
    statuses: [500, 200],
  },
  '404': { requests: [ask('GET /nowhere'), ask('GET /text')], statuses: [404, 200] },
  OPTIONS: { requests: [ask('OPTIONS /json')], statuses: [200], of: ['Express'] },
  'what it knows of the request': {
    requests: [ask('GET /who?a=1&b=%20', { 'X-Requested-With': 'XMLHttpRequest' })],
    statuses: [200],
  },
  'pipelined requests': {
    requests: [
      [ask('GET /stream'), ask('POST /json', json, '[1]'), ask('GET /text')],
      ask('GET /text'),
    ],
    statuses: [200, 201, 200, 200],
  },
  'many requests on a connection': {
    requests: Array.from({ length: 20 }, () => ask('GET /text')),
    statuses: Array.from({ length: 20 }, () => 200),
  },
  'a router': { requests: [ask('GET /sub/x?y')], statuses: [200], of: ['Express'] },
  'a schema': {
    requests: [ask('POST /schema', json, '{"a":1}'), ask('POST /schema', json, '{"b":1}')],
    statuses: [201, 400],
    of: ['Fastify'],
  },
  'a type it does not take': {
    requests: [ask('POST /json', { 'Content-Type': 'text/x' }, 'a')],
    statuses: [415],
    of: ['Fastify'],
  },
  'the response itself': { requests: [ask('GET /hijacked')], statuses: [200], of: ['Fastify'] },
  'the response of node': { requests: [ask('GET /respond')], statuses: [200], of: ['Koa'] },
};

/** Where an app gives no phrase, it is up to the server: node has other words, and some of its own. */
function withPhraseOf(name: AppName): (seen: Seen) => Seen {
  return (seen) => (name === 'Hono' ? { ...seen, statusText: reasonPhrase(seen.status) } : seen);
}

test('Express below a prefix keeps what was asked for', async () => {
  const { seen } = await exchange(world(), http(nodeApp(makeExpress(), { prefix: '/old' })), [
    ask('GET /old/who?a=1'),
    ask('GET /old/sub/x'),
  ]);
  expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({
    path: '/who',
    originalUrl: '/old/who?a=1',
  });
  expect(seen[1]?.body).toBe('/sub /x /old/sub/x');
});

describe.each(all)('%s, mounted, answers as where it was made for:', (name) => {
  const own = Object.entries(rows).filter(([, { of = all }]) => of.includes(name));

  test.each(own)('%s', async (_, { requests, statuses }) => {
    const app = await appOf(name);
    const plain = await exchange(world(), app.plain, requests);
    const place = world();
    const mounted = await exchange(place, app.mounted, requests);
    expect(mounted.seen).toEqual(plain.seen.map(withPhraseOf(name)));
    expect(mounted.seen.map(({ status }) => status)).toEqual(statuses);
    expect(place.reports.problems).toEqual([]);
  });

  test('a peer that knows the ETag', async () => {
    const app = await appOf(name);
    const place = world();
    const [first] = (await exchange(place, app.mounted, [ask('GET /text')])).seen;
    const again = [ask('GET /text', { 'If-None-Match': first?.headers['etag'] ?? '' })];
    const { seen } = await exchange(place, app.mounted, again);
    expect(seen).toMatchObject([{ status: 304, body: '' }]);
    const plain = await exchange(world(), app.plain, again);
    expect(seen).toEqual(plain.seen.map(withPhraseOf(name)));
  });

  test('HTTP/2', async () => {
    const app = await appOf(name);
    const place = world();
    const client = await connectClient(place, app.mounted);
    const post = { ':method': 'POST', ':path': '/json', 'content-type': 'application/json' };
    expect(await send(client, post, '{"a":1}')).toMatchObject({
      status: 201,
      body: '{"got":{"a":1}}',
      rstCode: 0,
    });
    expect(await send(client, { ':path': '/stream' })).toMatchObject({ body: 'one two three' });
    const up = { ...post, ':path': '/upload', 'content-type': 'application/octet-stream' };
    const { body } = await send(client, up, Buffer.alloc(150_000));
    expect(JSON.parse(body)).toEqual({ bytes: 150_000 });
    const file = await send(client, { ':path': '/file' });
    const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
    expect(sha(file.body)).toBe(sha(readFileSync(FILE, 'utf8')));
    expect(await send(client, { ':path': '/rejects' })).toMatchObject({ status: 500, rstCode: 0 });
    expect(await send(client, { ':path': '/text', ':method': 'HEAD' })).toMatchObject({
      status: 200,
      body: '',
    });
    expect(place.reports.problems).toEqual([]);
  });
});
