import { type Deferred, type Factory, stack, TLS, tls } from '@hawser/core';
import { createTestReactor, FakeTls, type TestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import {
  type ClientResponse,
  type HttpClient,
  type HttpClientOptions,
  http,
  httpClient,
} from '../../src/index.ts';
import { PipeEndpoint, StubServer } from '../../testing/index.ts';
import { frame, uint32 } from '../http2/raw-client.ts';
import { failureOf } from './failure-of.ts';
import { goaway, type RawHttp2Connection, RawHttp2Server, Type } from './raw-http2-server.ts';

const HTTP_1_1_REQUIRED = 13;

interface Secured {
  readonly reactor: TestReactor;
  readonly client: HttpClient;
  readonly endpoint: PipeEndpoint;
}

/** A client of a server with TLS that speaks `versions`, best first. */
function secured(
  versions: Readonly<Record<string, Factory>>,
  options: HttpClientOptions = {},
  fake: FakeTls = new FakeTls(),
): Secured {
  const reactor = createTestReactor({ tls: fake });
  const names = Object.keys(versions);
  const chooser: Factory = {
    name: 'server',
    acceptableProtocols: names,
    buildProtocol: (incoming) => {
      const chosen = incoming.info(TLS)?.alpn ?? names.at(-1) ?? '';
      return versions[chosen]?.buildProtocol(incoming);
    },
  };
  const endpoint = new PipeEndpoint(stack(tls({ cert: 'fake', key: 'fake' }))(chooser));
  const client = httpClient(reactor, {
    baseUrl: 'https://server.example/',
    endpoint,
    protocols: ['h2', 'http/1.1'],
    ...options,
  });
  return { reactor, endpoint, client };
}

const textOf = (asked: Deferred<ClientResponse>): Promise<string> =>
  Promise.resolve(
    asked.addCallback((response) =>
      response.text().addCallback((text) => `${response.version} ${text}`),
    ),
  );

function stubOf(body: string): StubServer {
  const made = new StubServer();
  made.expect('*').always({ body });
  return made;
}

async function leavesNothing({ client, reactor }: Secured): Promise<void> {
  const closed = client.close();
  await reactor.clock.elapse(10_000);
  await closed;
  expect(client.status).toEqual({ origins: 0, connections: 0, idle: 0, waiting: 0 });
  expect([reactor.clock.timers, reactor.reports.problems]).toEqual([0, []]);
}

/** Answers every request, after `first` for the first one. */
function answering(
  first: (connection: RawHttp2Connection, stream: number) => void,
): RawHttp2Server {
  let asked = 0;
  return new RawHttp2Server((connection, { type, stream }) => {
    if (type !== Type.Headers) return;
    asked += 1;
    if (asked === 1) first(connection, stream);
    else connection.answer(stream);
  });
}

describe('a server with TLS', () => {
  test('that speaks both is asked over HTTP/2, by all who wait on one connection', async () => {
    const both = stubOf('ok');
    const world = secured({ h2: both, 'http/1.1': both });
    const all = Array.from({ length: 30 }, (_, at) => textOf(world.client.get(`/${at}`)));
    expect(world.client.status).toMatchObject({ connections: 1, waiting: 30 });
    expect(new Set(await Promise.all(all))).toEqual(new Set(['2.0 ok']));
    expect(both.requests.map(({ target }) => target)).toEqual(
      Array.from({ length: 30 }, (_, at) => `/${at}`),
    );
    expect(both.connections).toBe(1);
    await leavesNothing(world);
  });

  test('that speaks HTTP/1.1 is asked on as many connections as there may be, once that is known', async () => {
    const old = stubOf('ok');
    const world = secured({ 'http/1.1': old }, { pool: { maxConnectionsPerOrigin: 4 } });
    const all = Array.from({ length: 8 }, (_, at) => textOf(world.client.get(`/${at}`)));
    expect(world.client.status.connections).toBe(1);
    expect(new Set(await Promise.all(all))).toEqual(new Set(['1.1 ok']));
    expect(old.connections).toBe(4);
    // It is remembered after all of them have gone.
    await world.reactor.clock.elapse(5_000);
    const more = [textOf(world.client.get('/a')), textOf(world.client.get('/b'))];
    expect(world.client.status.connections).toBe(2);
    await Promise.all(more);
    await leavesNothing(world);
  });

  test('that speaks HTTP/2 alone is asked over it', async () => {
    const world = secured({ h2: stubOf('ok') }, { protocols: ['h2'] });
    expect(await textOf(world.client.get('/'))).toBe('2.0 ok');
    await leavesNothing(world);
  });

  test('is asked over HTTP/1.1 where nothing else is wanted, or said', async () => {
    const both = stubOf('ok');
    for (const protocols of [['http/1.1'], undefined] as const) {
      const world = secured({ h2: both, 'http/1.1': both }, { protocols });
      expect(await textOf(world.client.get('/'))).toBe('1.1 ok');
      await leavesNothing(world);
    }
  });

  test('that cannot be connected to fails all who wait for the one connection', async () => {
    const world = secured(
      { h2: stubOf('ok') },
      { retry: false },
      new FakeTls({ handshake: 'server refuses' }),
    );
    const failures = ['/1', '/2', '/3'].map((path) => failureOf(world.client.get(path)));
    await world.reactor.clock.settle();
    expect(await Promise.all(failures)).toMatchObject(
      failures.map(() => ({ code: 'HAWSER_TLS_HANDSHAKE', phase: 'connect' })),
    );
    await leavesNothing(world);
  });

  test('is not connected to any more when nobody waits', async () => {
    const world = secured({ h2: stubOf('ok') }, {}, new FakeTls({ handshake: 'server hangs' }));
    const all = ['/1', '/2'].map((path) => world.client.get(path));
    const failures = all.map((each) => failureOf(each));
    await world.reactor.clock.settle();
    all[0]?.cancel();
    expect(world.client.status).toMatchObject({ connections: 1, waiting: 1 });
    all[1]?.cancel();
    await Promise.all(failures);
    await leavesNothing(world);
  });

  test('is asked for something else than HTTP on a connection of HTTP/1.1', async () => {
    const upgrading = new StubServer();
    const said = 'HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n';
    upgrading.expect('GET', '/echo').reply({ raw: said });
    const world = secured({ h2: stubOf('ok'), 'http/1.1': upgrading });
    expect(await textOf(world.client.get('/'))).toBe('2.0 ok');
    const upgraded = await world.client.upgrade('/echo', 'echo');
    expect(upgraded.status).toBe(101);
    upgraded.abort();
    expect(await textOf(world.client.get('/'))).toBe('2.0 ok');
    await leavesNothing(world);
    const alone = secured({ h2: stubOf('ok') }, { protocols: ['h2'] });
    await expect(alone.client.upgrade('/', 'echo')).rejects.toMatchObject({
      code: 'HAWSER_NOT_AVAILABLE',
    });
  });
});

describe('a server that does not do what it has agreed on', () => {
  const old = (): StubServer => stubOf('old');
  /** Says `bytes`, or nothing at all before it leaves. */
  const speaking = (bytes: string): Factory => ({
    name: 'liar',
    buildProtocol: () => ({
      connectionMade(transport) {
        if (bytes === '') transport.close();
        else transport.write(Buffer.from(bytes));
      },
      dataReceived() {},
    }),
  });

  test('but answers in HTTP/1 is asked again over that, whatever the method', async () => {
    const world = secured({ h2: speaking('HTTP/1.1 400 Bad Request\r\n\r\n'), 'http/1.1': old() });
    const all = [world.client.post('/', { body: 'a' }), world.client.get('/')].map(textOf);
    await world.reactor.clock.settle();
    expect(await Promise.all(all)).toEqual(['1.1 old', '1.1 old']);
    await leavesNothing(world);
  });

  test('but ends the connection is asked again over HTTP/1.1, what may be', async () => {
    const world = secured({ h2: speaking(''), 'http/1.1': old() });
    const text = textOf(world.client.get('/'));
    await world.reactor.clock.elapse(1_000);
    expect(await text).toBe('1.1 old');
    await leavesNothing(world);
  });

  test('for ten minutes', async () => {
    const liar = speaking('HTTP/1.1 400 Bad Request\r\n\r\n');
    const current: { h2: Factory } = { h2: liar };
    const h2: Factory = {
      name: 'h2',
      buildProtocol: (incoming) => current.h2.buildProtocol(incoming),
    };
    const world = secured({ h2, 'http/1.1': old() });
    expect(await textOf(world.client.get('/'))).toBe('1.1 old');
    current.h2 = stubOf('new');
    await world.reactor.clock.elapse(590_000);
    expect(await textOf(world.client.get('/'))).toBe('1.1 old');
    await world.reactor.clock.elapse(10_000);
    expect(await textOf(world.client.get('/'))).toBe('2.0 new');
    await leavesNothing(world);
  });

  test.each<[string, (connection: RawHttp2Connection, stream: number) => void]>([
    [
      'a reset',
      (connection, stream) => connection.send(frame('rst', stream, uint32(HTTP_1_1_REQUIRED))),
    ],
    ['goodbye', (connection, stream) => connection.send(goaway(stream, HTTP_1_1_REQUIRED))],
  ])('but asks for HTTP/1.1 by %s gets it', async (_, says) => {
    const world = secured({ h2: answering(says), 'http/1.1': old() });
    const text = textOf(world.client.post('/', { body: 'a' }));
    await world.reactor.clock.elapse(1_000);
    expect(await text).toBe('1.1 old');
    await leavesNothing(world);
  });
});

describe('connections of HTTP/2', () => {
  test('end when nothing happens on them, and when they are old', async () => {
    const server = stubOf('ok');
    const world = secured({ h2: server }, { pool: { idleMs: 4_000, lifetimeMs: 6_000 } });
    for (const [wait, connection] of [
      [3_000, 1],
      [3_000, 1],
      [3_000, 2],
      [4_000, 2],
      [0, 3],
    ] as const) {
      expect(await textOf(world.client.get('/'))).toBe('2.0 ok');
      expect(server.requests.at(-1)?.connection).toBe(connection);
      await world.reactor.clock.elapse(wait);
    }
    await leavesNothing(world);
  });

  test('that are busy for ever take no more once they are old', async () => {
    const server = new StubServer();
    server.expect('GET', '/slow').reply({ body: 'slow', delayMs: 20_000 });
    server.expect('GET', '/').always({ body: 'ok' });
    const world = secured({ h2: server }, { pool: { lifetimeMs: 6_000 } });
    const slow = textOf(world.client.get('/slow'));
    for (let at = 0; at < 4; at++) {
      await world.reactor.clock.elapse(3_000);
      expect(await textOf(world.client.get('/'))).toBe('2.0 ok');
    }
    await world.reactor.clock.elapse(20_000);
    expect(await slow).toBe('2.0 slow');
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 1, 1, 2, 2]);
    await leavesNothing(world);
  });

  test('finish what is under way when the client is closed', async () => {
    const server = new StubServer();
    server.expect('GET').always({ body: ['a', 'b'], delayMs: 100, pieceDelayMs: 100 });
    const world = secured({ h2: server });
    const texts = ['/1', '/2'].map((path) => textOf(world.client.get(path)));
    await world.reactor.clock.elapse(150);
    const closed = world.client.close();
    await world.reactor.clock.elapse(5_000);
    expect(await Promise.all(texts)).toEqual(['2.0 ab', '2.0 ab']);
    await closed;
    await leavesNothing(world);
  });

  test('are told goodbye by a server that stops, which answers what is open', async () => {
    const answers: ((response: Response) => void)[] = [];
    const app = http(() => new Promise((answer) => answers.push(answer)));
    const world = secured({ h2: app });
    const first = textOf(world.client.get('/1'));
    await world.reactor.clock.settle();
    for (const server of world.endpoint.servers) {
      (server as unknown as { requestDrain(deadline: number): void }).requestDrain(60_000);
    }
    await world.reactor.clock.elapse(100);
    const second = textOf(world.client.get('/2'));
    await world.reactor.clock.elapse(100);
    expect([answers.length, world.client.status.connections]).toEqual([2, 2]);
    answers[0]?.(new Response('first'));
    answers[1]?.(new Response('second'));
    await world.reactor.clock.elapse(100);
    expect(await Promise.all([first, second])).toEqual(['2.0 first', '2.0 second']);
    expect(world.client.status.connections).toBe(1);
    await leavesNothing(world);
  });

  test('are limited in all, and make room for others', async () => {
    const server = stubOf('ok');
    const world = secured({ h2: server }, { pool: { maxConnections: 1 } });
    const urls = ['https://a/', 'https://b/', 'https://a/', 'https://c/'];
    const texts = urls.map((url) => textOf(world.client.get(url)));
    await world.reactor.clock.settle();
    expect(await Promise.all(texts)).toEqual(urls.map(() => '2.0 ok'));
    await leavesNothing(world);
  });
});

test.each([
  { streamWindowBytes: 0 },
  { maxConcurrentStreams: -1 },
  { connectionWindowBytes: 2 ** 31 },
])('limits of HTTP/2 that make no sense are refused: %j', (http2) => {
  expect(() => httpClient(createTestReactor(), { http2 })).toThrow(RangeError);
});

test.each([[], ['h3'], ['http/1.0', 'h2']])(
  'protocols nobody knows are refused: %j',
  (...names) => {
    const protocols = names.flat() as unknown as readonly ['h2'];
    expect(() => httpClient(createTestReactor(), { protocols })).toThrow(RangeError);
  },
);
