import { createSimReactor, serve } from '@hawser/core';
import express from 'express';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import {
  blocking,
  type HttpHandler,
  HttpResponse,
  html,
  http,
  type Middleware,
  router,
} from '../src/index.ts';
import { testClient } from '../testing/index.ts';

// What is said to whoever makes a mistake: what it is, and what to do.

const ok: HttpHandler = () => HttpResponse.text('ok');
const wrong = <T>(value: unknown): T => value as T;

/** The one problem that a request leads to. */
async function problemOf(app: HttpHandler): Promise<string> {
  await using client = testClient(app);
  const response = await client.post('/', { json: { a: 1 } });
  expect(response.status).toBe(500);
  expect(await response.text()).toBe('Internal Server Error\n');
  expect(client.reactor.reports.problems).toHaveLength(1);
  const [problem] = client.reactor.reports.problems;
  expect(problem?.error).toBeInstanceOf(Error);
  return String(problem?.error);
}

describe('a handler', () => {
  const gave = 'TypeError: Cannot answer a request as the handler gave';
  const used: { response?: Response } = {};

  test.each<[string, HttpHandler, string]>([
    ['forgets to return', wrong(() => undefined), `${gave} undefined and no Response: return one`],
    [
      'that waits forgets to return',
      wrong(async () => undefined),
      `${gave} undefined and no Response: return one`,
    ],
    [
      'returns text',
      wrong(() => 'hello'),
      `${gave} a string and no Response: return HttpResponse.text(...)`,
    ],
    [
      'returns a value',
      wrong(async () => ({ a: 1 })),
      `${gave} an object and no Response: return HttpResponse.json(...)`,
    ],
    [
      'throws a string',
      () => {
        throw 'oops';
      },
      'TypeError: Cannot answer a request as a string was thrown: throw an Error: "oops"',
    ],
    [
      'reads the body twice',
      async (request) => HttpResponse.json([await request.json(), await request.json()]),
      'TypeError: Cannot read the body as it was read or is being read already: keep what it gave, or read a clone()',
    ],
    [
      'forgets to await json()',
      (request) => HttpResponse.json(request.json()),
      'TypeError: Cannot write the data of a response as JSON as it is a promise: await it',
    ],
    [
      'forgets to await text()',
      (request) => HttpResponse.text(wrong(request.text())),
      'TypeError: Cannot write the data of a response as text as it is a promise: await it',
    ],
    [
      'sends a promise',
      (request) => new HttpResponse(wrong(request.text())),
      'TypeError: Cannot send a promise: await it',
    ],
    [
      'sends a promise as HTML',
      (request) => HttpResponse.html(wrong(request.text())),
      'TypeError: Cannot write the data of a response as text as it is a promise: await it',
    ],
    [
      'puts a promise into HTML',
      (request) => HttpResponse.html(html`<p>${wrong<string>(request.text())}</p>`),
      'TypeError: Cannot put a value into HTML as it is a promise: await it',
    ],
    [
      'sends a value',
      () => new HttpResponse(wrong({ a: 1 })),
      'TypeError: Cannot send an object: HttpResponse.json(...) writes it as JSON',
    ],
    [
      'sends nothing as JSON',
      () => HttpResponse.json(undefined),
      'TypeError: Cannot write the data of a response as JSON: undefined',
    ],
    [
      'gives a response that was sent',
      async () => {
        used.response ??= new Response('once');
        await used.response.text();
        return used.response;
      },
      'TypeError: Cannot send a response as its body was used already',
    ],
  ])('that %s is told', async (_what, handler, message) => {
    used.response = new Response('once');
    expect(await problemOf(handler)).toBe(message);
  });
});

describe('middleware', () => {
  const gave = 'TypeError: Cannot answer a request as the middleware gave';

  test.each<[string, Middleware]>([
    ['neither answers nor goes on', wrong(() => undefined)],
    [
      'forgets to return what next gives',
      wrong(async (_request: Request, next: () => unknown) => {
        await next();
      }),
    ],
  ])('that %s is told', async (_what, middleware) => {
    const message = `${gave} undefined and no Response: return what next() gives, or an answer`;
    expect(await problemOf(router().use(middleware).post('/', ok))).toBe(message);
    expect(await problemOf(router().post('/', middleware, ok))).toBe(message);
  });

  test('knows whose mistake it is, and an error handler can answer it', async () => {
    const app = router()
      .use((_request, next) => next())
      .post(
        '/',
        wrong(() => undefined),
      );
    expect(await problemOf(app)).toContain('the handler gave undefined');
    const answered = router()
      .post(
        '/',
        wrong(() => undefined),
      )
      .onError(TypeError, ({ message }) => HttpResponse.text(message));
    await using client = testClient(answered);
    expect(await (await client.post('/')).text()).toContain('return one');
  });
});

describe('an app that is put together wrongly says so before there are requests', () => {
  test.each<[string, () => unknown, string]>([
    [
      'the same route twice',
      () => router().get('/ships/:name', ok).get('/ships/:id', ok),
      'Cannot add "GET /ships/:id" as the router could not tell it from "GET /ships/:name"',
    ],
    [
      'a path without a slash',
      () => router().get(wrong<'/'>('ships'), ok),
      'Cannot add a route as it must begin with "/"',
    ],
    ['no handler', () => router().get('/', wrong(undefined)), 'as it is no function: undefined'],
    [
      'a handler that is called',
      () => router().get('/', wrong(Promise.resolve(ok))),
      'Cannot add the route "/" as it is no function: a promise',
    ],
    [
      'middleware for a path',
      () => wrong<{ use(...all: unknown[]): unknown }>(router()).use('/api', ok),
      'Cannot use middleware for a path alone: take mount(path, router().use(...))',
    ],
    [
      'nothing mounted',
      () => router().mount('/api', wrong(undefined)),
      'Cannot mount undefined at "/api": give a router, a handler, an app with fetch, or nodeApp(app)',
    ],
    [
      'an error handler before its class',
      () => wrong<{ onError(...all: unknown[]): unknown }>(router()).onError(ok, Error),
      'Cannot handle errors without their class: onError(Class, handler)',
    ],
    [
      'no handler at all',
      () => http(wrong(undefined)),
      'Cannot serve undefined as it is no handler',
    ],
    ['an Express app', () => http(wrong(express())), 'or nodeApp(app) for an app'],
    ['a Hono app', () => http(wrong(new Hono())), 'or fetchApp(app) for an app'],
    [
      'a module of no place',
      () => blocking('./primes.ts'),
      'Cannot run "./primes.ts" in threads as it is not an absolute URL: give new URL(',
    ],
  ])('%s', (_what, make, message) => {
    expect(make).toThrow(message);
  });
});

test('a port that is in use is said with its address', async () => {
  const [host] = createSimReactor({ seed: 1 }).hosts('host');
  const first = serve('tcp://127.0.0.1:8080', http(ok));
  await first.start(host);
  await expect(serve('tcp://127.0.0.1:8080', http(ok)).start(host)).rejects.toThrow(
    'Cannot listen on tcp://127.0.0.1:8080: the address is in use',
  );
});
