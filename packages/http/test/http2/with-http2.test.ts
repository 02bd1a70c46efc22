import { pipeWorld } from '@hawser/core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { http, http2, matchHttp2 } from '../../src/index.ts';
import { connectClient, send } from './h2-world.ts';
import { frame, headers, PREFACE, RawClient, request } from './raw-client.ts';

const worlds: ReturnType<typeof pipeWorld>[] = [];
function world(cut?: 'bytes' | number): ReturnType<typeof pipeWorld> {
  const made = pipeWorld(cut === undefined ? {} : { cut });
  worlds.push(made);
  return made;
}
afterEach(async () => {
  for (const each of worlds.splice(0)) await each.stop();
});

const echo = http(async (asked, context) => {
  const body = await asked.text();
  return new Response(`${context.version} ${asked.method} ${asked.url} ${body}`, {
    headers: { 'x-version': context.version },
  });
});

describe.each([
  ['whole', undefined],
  ['a byte at a time', 'bytes' as const],
  ['at random places', 5],
])('one factory, input cut %s', (_, cut) => {
  test('speaks HTTP/2 with whoever begins with its preface', async () => {
    const place = world(cut);
    const client = await connectClient(place, echo);
    const answer = await send(client, { ':method': 'POST', ':path': '/a?b' }, 'hello');
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'x-version': '2.0' },
      body: '2.0 POST http://hawser.example/a?b hello',
    });
    expect(place.reports.problems).toEqual([]);
  });

  test.each(['GET', 'POST', 'PUT', 'PROPFIND', 'PROPPATCH'])(
    'speaks HTTP/1 with whoever begins with %s',
    async (method) => {
      const place = world(cut);
      const chunks: Buffer[] = [];
      await place.connect(echo, {
        connectionMade(transport) {
          transport.write(
            Buffer.from(`${method} / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`),
          );
        },
        dataReceived: (data) => void chunks.push(data),
      });
      await place.elapse(100);
      expect(Buffer.concat(chunks).toString()).toMatch(new RegExp(`1\\.1 ${method} http://a/ $`));
    },
  );
});

describe('a connection whose version is not known yet', () => {
  async function open(
    options = {},
  ): Promise<{ client: RawClient; text: () => string; place: ReturnType<typeof pipeWorld> }> {
    const place = world();
    const chunks: Buffer[] = [];
    const client = new RawClient();
    client.feed = (chunk) => void chunks.push(chunk);
    await place.connect(
      http(() => new Response('hi'), options),
      client,
    );
    return { client, text: () => Buffer.concat(chunks).toString('latin1'), place };
  }

  test('has the time of a head', async () => {
    const { client, place } = await open({ headTimeoutMs: 2_000 });
    client.send(PREFACE.subarray(0, 10));
    await place.elapse(2_100);
    expect(client.lost).toBe(true);
  });

  test('ends at once when the process stops', async () => {
    const { client, place } = await open();
    place.drain();
    await place.elapse(10);
    expect(client.lost).toBe(true);
  });

  test('is refused as HTTP/1 when it was none', async () => {
    const { client, text, place } = await open();
    client.send(Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n'));
    await place.elapse(10);
    expect(text()).toMatch(/^HTTP\/1\.1 501 /);
  });

  test('is refused the preface without HTTP/2', async () => {
    const { client, text, place } = await open({ http2: false });
    client.send(PREFACE, frame('settings', 0), headers(1, request()));
    await place.elapse(10);
    expect(text()).toMatch(/^HTTP\/1\.1 501 /);
  });
});

test('a port for HTTP/2 alone serves the same handler', async () => {
  const client = await connectClient(
    world(),
    http2(() => new Response('two')),
  );
  expect((await send(client)).body).toBe('two');
});

test('a factory is known by the openings of both, and names both for ALPN', () => {
  const { match, acceptableProtocols } = http(() => new Response());
  expect(acceptableProtocols).toEqual(['h2', 'http/1.1', 'http/1.0']);
  for (const opening of ['GET / HTTP/1.1\r\n', PREFACE.toString('latin1')]) {
    expect(match?.test(Buffer.from(opening))).toBe('yes');
    expect(match?.test(Buffer.from(opening.slice(0, 2)))).toBe('more');
  }
  expect(match?.test(Buffer.from('EHLO a\r\n'))).toBe('no');
  expect(match?.test(Buffer.from('PRI * HTTP/3'))).toBe('no');
  expect(matchHttp2.test(Buffer.from('GET'))).toBe('no');
  const one = http(() => new Response(), { http2: false });
  expect(one.acceptableProtocols).toEqual(['http/1.1', 'http/1.0']);
});

test('a handler that throws is reported and answered with 500, and the connection goes on', async () => {
  const place = world();
  const client = await connectClient(
    place,
    http((asked) => {
      if (asked.url.endsWith('/bad')) throw new Error('oops');
      return new Response('fine');
    }),
  );
  expect(await send(client, { ':path': '/bad' })).toMatchObject({ status: 500, rstCode: 0 });
  expect(place.reports.problems).toHaveLength(1);
  expect((await send(client)).body).toBe('fine');
});
