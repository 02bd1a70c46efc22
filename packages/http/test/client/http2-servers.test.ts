// Servers of HTTP/2 that refuse, leave, break the protocol or flood, frame by frame.
import type { Deferred } from '@hawser/core';
import { SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { ClientResponse, HttpClientOptions } from '../../src/index.ts';
import { type TestClient, testClient } from '../../testing/index.ts';
import { Flag, fields, frame, uint32 } from '../http2/raw-client.ts';
import { failureOf } from './failure-of.ts';
import {
  goaway,
  head,
  type RawHttp2Connection,
  RawHttp2Server,
  type RawScript,
  setting,
  Type,
} from './raw-http2-server.ts';

const MAX_CONCURRENT_STREAMS = 3;
const INITIAL_WINDOW_SIZE = 4;
const Code = { Protocol: 1, Internal: 2, Refused: 7, Cancel: 8, Calm: 11, Http1: 13 } as const;

type Asking = TestClient & { readonly raw: RawHttp2Connection[] };

function asking(
  script: RawScript,
  options: HttpClientOptions = {},
  settings: Buffer | null = frame('settings', 0),
): Asking {
  const server = new RawHttp2Server(script, settings);
  return Object.assign(testClient(server, { protocols: ['h2'], ...options }), {
    raw: server.connections,
  });
}

const textOf = (asked: Deferred<ClientResponse>): Promise<string> =>
  Promise.resolve(asked.addCallback((response) => response.text()));

/** Calls `answer` for each request. */
function onRequest(answer: (connection: RawHttp2Connection, stream: number) => void): RawScript {
  return (connection, { type, stream }) => {
    if (type === Type.Headers) answer(connection, stream);
  };
}

const answers = onRequest((connection, stream) => connection.answer(stream));

describe('a server that says goodbye', () => {
  test('answers what it has taken; the rest goes to another connection, whatever its method', async () => {
    await using client = asking(
      (connection, { type, stream }) => {
        if (type !== Type.Headers) return;
        if (client.raw.length > 1) connection.answer(stream, 'again');
        else if (stream === 3) {
          connection.send(goaway(1));
          connection.answer(1, 'first');
        }
      },
      { retry: {} },
    );
    const texts = [
      textOf(client.post('/1', { body: 'a' })),
      textOf(client.post('/2', { body: 'b' })),
    ];
    expect(await Promise.all(texts)).toEqual(['first', 'again']);
    await client.reactor.clock.settle();
    expect(client.raw.map(({ lost }) => lost)).toEqual([true, false]);
  });

  test('in two steps refuses nothing that was on its way', async () => {
    let at = 0;
    await using client = asking(
      onRequest((connection, stream) => {
        at += 1;
        if (at === 1) connection.send(goaway(0x7fff_ffff), goaway(stream));
        connection.answer(stream);
      }),
    );
    expect(await textOf(client.get('/'))).toBe('ok');
    expect(await textOf(client.get('/'))).toBe('ok');
    expect(client.raw).toHaveLength(2);
  });

  test('by a mistake of ours fails what it may have done, and only that', async () => {
    const script = onRequest((connection, stream) => {
      if (client.raw.length > 1) connection.answer(stream);
      else if (stream === 5) connection.send(goaway(3, Code.Internal));
    });
    await using client = asking(script, { retry: { limit: 1, initialDelayMs: 0 } });
    const first = textOf(client.get('/1'));
    const second = failureOf(client.post('/2'));
    const third = textOf(client.post('/3'));
    expect(await Promise.all([first, third])).toEqual(['ok', 'ok']);
    expect(await second).toMatchObject({ code: 'HAWSER_HTTP_INCOMPLETE', sent: 'something' });
  });

  test('before it was asked anything is asked on another connection', async () => {
    await using client = asking(answers);
    expect(await textOf(client.get('/'))).toBe('ok');
    client.raw[0]?.send(goaway(1));
    await client.reactor.clock.settle();
    expect(client.status.connections).toBe(0);
    expect(await textOf(client.get('/'))).toBe('ok');
    expect(client.raw).toHaveLength(2);
  });

  test('with a response that has come, leaves it to be read', async () => {
    await using client = asking(
      onRequest((connection, stream) => {
        connection.answer(stream, 'x'.repeat(10_000));
        const { clock } = connection.transport.reactor;
        clock.callLater(1, () => connection.send(goaway(stream, Code.Internal)));
      }),
    );
    const response = await client.get('/');
    await client.elapse(1);
    expect(client.status.connections).toBe(0);
    expect(await response.text()).toHaveLength(10_000);
  });

  test('after it has begun to answer is not asked twice to do what may be done only once', async () => {
    await using client = asking(
      onRequest((connection, stream) => {
        if (client.raw.length > 1) connection.answer(stream, 'twice');
        else connection.send(head(stream, [], { status: '103' }), goaway(0));
      }),
      { retry: {} },
    );
    const failed = failureOf(client.post('/', { body: 'once' }));
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_INCOMPLETE', sent: 'something' });
    expect(client.raw).toHaveLength(1);
  });

  describe('with the end of a response, by an error', () => {
    const rest = (stream: number): Buffer[] => [
      frame('data', stream, Buffer.from('abc')),
      frame('headers', stream, fields(['x-sum', '1']), {
        flags: Flag.EndHeaders | Flag.EndStream,
      }),
      goaway(stream, Code.Internal),
    ];

    test.each([0, 5])('has answered, when all else came %i ms before', async (ms) => {
      await using client = asking(
        onRequest((connection, stream) => {
          const { clock } = connection.transport.reactor;
          if (ms === 0) connection.send(head(stream), ...rest(stream));
          else {
            connection.send(head(stream));
            clock.callLater(ms, () => connection.send(...rest(stream)));
          }
        }),
      );
      const asked = client.get('/').addCallback(async (response) => {
        return [await response.text(), response.trailers.get('x-sum')];
      });
      await client.elapse(ms);
      expect(await asked).toEqual(['abc', '1']);
    });

    test.each([0, 5])('has not answered with half a body after %i ms', async (ms) => {
      await using client = asking(
        onRequest((connection, stream) => {
          const { clock } = connection.transport.reactor;
          connection.send(head(stream, [['content-length', '9']]));
          const leave = (): void => connection.send(...rest(stream));
          if (ms === 0) leave();
          else clock.callLater(ms, leave);
        }),
      );
      const failed = failureOf(textOf(client.get('/')));
      await client.elapse(ms);
      expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_MALFORMED', phase: 'body' });
    });

    test('has not answered with what is no response', async () => {
      await using client = asking(
        onRequest((connection, stream) => {
          const bad = head(stream, [['connection', 'close']], { flags: Flag.EndStream });
          connection.send(bad, goaway(stream, Code.Internal));
        }),
      );
      expect(await failureOf(client.get('/'))).toMatchObject({ code: 'HAWSER_HTTP_INCOMPLETE' });
    });
  });

  test('again and again is not asked for ever', async () => {
    await using client = asking(
      onRequest((connection) => connection.send(goaway(0))),
      { retry: { limit: 1, initialDelayMs: 100 } },
    );
    const failed = failureOf(client.post('/'));
    await client.elapse(1_000);
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_REFUSED', sent: 'nothing' });
    expect(client.raw.length).toBeLessThan(6);
  });
});

describe('a server that resets a request', () => {
  test('as it has not taken it is asked again, on the same connection', async () => {
    let refused = false;
    await using client = asking(
      onRequest((connection, stream) => {
        if (refused) connection.answer(stream);
        else connection.send(frame('rst', stream, uint32(Code.Refused)));
        refused = true;
      }),
      { retry: {} },
    );
    expect(await textOf(client.post('/', { body: 'once' }))).toBe('ok');
    expect(client.raw.map(({ asked }) => asked)).toEqual([[1, 3]]);
  });

  test('fails that one, and not its connection', async () => {
    await using client = asking(
      onRequest((connection, stream) => {
        if (stream === 1) connection.send(frame('rst', stream, uint32(Code.Internal)));
        else connection.answer(stream);
      }),
    );
    const failed = failureOf(client.get('/1'));
    const other = textOf(client.get('/2'));
    expect(await failed).toMatchObject({
      code: 'HAWSER_HTTP_INCOMPLETE',
      message: expect.stringContaining('INTERNAL_ERROR') as unknown,
    });
    expect(await other).toBe('ok');
    expect(client.raw.map(({ asked }) => asked)).toEqual([[1, 3]]);
  });

  test.each([0, Code.Cancel, Code.Internal])(
    'in the middle of its response has not completed it: code %i',
    async (code) => {
      await using client = asking(
        onRequest((connection, stream) => {
          const half = frame('data', stream, Buffer.from('half'));
          connection.send(head(stream), half, frame('rst', stream, uint32(code)));
        }),
      );
      const failed = failureOf(textOf(client.get('/')));
      expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_INCOMPLETE', phase: 'body' });
      expect(client.status.connections).toBe(1);
    },
  );

  test.each([
    ['at once', 0],
    ['once it opens its windows', 1],
    ['in one go', 2],
  ])('as it does not want the rest of its body has answered it: %s', async (_, way) => {
    await using client = asking(
      onRequest((connection, stream) => {
        const body = frame('data', stream, Buffer.from('enough'), { flags: Flag.EndStream });
        const answer = [head(stream), body, frame('rst', stream, uint32(0))];
        const windows = [0, stream].map((id) => frame('window', id, uint32(100_000)));
        if (way === 2) connection.send(...answer, ...windows);
        else for (const piece of answer) connection.send(piece);
        if (way === 1) connection.send(...windows);
      }),
    );
    let ended = false;
    async function* endless(): AsyncGenerator<string> {
      try {
        for (;;) yield 'x'.repeat(10_000);
      } finally {
        ended = true;
      }
    }
    const response = await client.post('/', { body: endless() });
    await client.reactor.clock.settle();
    expect(await response.text()).toBe('enough');
    await client.reactor.clock.settle();
    expect(ended).toBe(true);
    expect(client.status.idle).toBe(1);
    await client[Symbol.asyncDispose]();
    expect(client.reactor.clock.timers).toBe(0);
  });
});

describe('a server that does not end a response', () => {
  test.each([
    ['HEAD', '200', '5'],
    ['GET', '204', undefined],
    ['GET', '304', '5'],
    ['GET', '200', '0'],
  ])('in which nothing follows is given up: %s, %s', async (method, status, length) => {
    await using client = asking(
      onRequest((connection, stream) => {
        connection.send(head(stream, length ? [['content-length', length]] : [], { status }));
      }),
      { timeouts: { bodyIdleMs: 1_000 } },
    );
    const response = await client.request('/', { method });
    expect(response.status).toBe(Number(status));
    await client.elapse(3_000);
    expect(client.status).toMatchObject({ connections: 1, idle: 1 });
    expect(client.raw[0]?.resets).toEqual([[1, Code.Cancel]]);
  });

  test('at once, in which nothing follows, is waited for', async () => {
    await using client = asking(
      onRequest((connection, stream) => {
        connection.send(head(stream, [['content-length', '0']]));
        const end = frame('data', stream, [], { flags: Flag.EndStream });
        connection.transport.reactor.clock.callLater(500, () => connection.send(end));
      }),
      { timeouts: { bodyIdleMs: 1_000 } },
    );
    const response = await client.get('/');
    await client.elapse(2_000);
    expect(client.status.idle).toBe(1);
    expect(client.raw[0]?.resets).toEqual([]);
    expect(await response.text()).toBe('');
  });
});

describe('a server that takes few requests', () => {
  const one = setting(MAX_CONCURRENT_STREAMS, 1);

  test('gets one after the other', async () => {
    let open = 0;
    let most = 0;
    const script = onRequest((connection, stream) => {
      open += 1;
      most = Math.max(most, open);
      connection.transport.reactor.clock.callLater(10, () => {
        open -= 1;
        connection.answer(stream);
      });
    });
    await using client = asking(script, { pool: { maxConnectionsPerOrigin: 1 } }, one);
    const texts = ['/1', '/2', '/3'].map((path) => textOf(client.get(path)));
    await client.elapse(1_000);
    expect(await Promise.all(texts)).toEqual(['ok', 'ok', 'ok']);
    expect([most, client.raw.length]).toEqual([1, 1]);
  });

  test('gets them on as many connections as there may be', async () => {
    const script = onRequest((connection, stream) => {
      connection.transport.reactor.clock.callLater(10, () => connection.answer(stream));
    });
    await using client = asking(script, { pool: { maxConnectionsPerOrigin: 3 } }, one);
    const texts = ['/1', '/2', '/3', '/4'].map((path) => textOf(client.get(path)));
    await client.elapse(1_000);
    expect(await Promise.all(texts)).toHaveLength(4);
    expect(client.raw).toHaveLength(3);
  });

  test('none, gets none before it takes some', async () => {
    const script = onRequest((connection, stream) => {
      if (stream === 1) connection.send(frame('rst', 1, uint32(Code.Refused)));
      else connection.answer(stream);
    });
    const none = setting(MAX_CONCURRENT_STREAMS, 0);
    await using client = asking(script, { retry: {}, pool: { idleMs: 20_000 } }, none);
    const texts = ['/1', '/2'].map((path) => textOf(client.get(path)));
    await client.elapse(10_000);
    expect(client.raw.map(({ asked }) => asked)).toEqual([[1]]);
    client.raw[0]?.send(setting(MAX_CONCURRENT_STREAMS, 5));
    expect(await Promise.all(texts)).toEqual(['ok', 'ok']);
    expect(client.raw).toHaveLength(1);
  });

  test('none, for ever, leaves them waiting no longer than they may', async () => {
    const script = onRequest((connection) =>
      connection.send(frame('rst', 1, uint32(Code.Refused))),
    );
    const none = setting(MAX_CONCURRENT_STREAMS, 0);
    await using client = asking(script, { retry: {}, pool: { queueMs: 3_000 } }, none);
    const failed = failureOf(client.get('/'));
    await client.elapse(4_000);
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_TIMEOUT', phase: 'queue' });
    expect(client.raw.length).toBeLessThanOrEqual(2);
  });

  test('that never says so gets one', async () => {
    await using client = asking(() => undefined, { timeouts: { headMs: 3_000 } }, null);
    const failures = ['/1', '/2'].map((path) => failureOf(client.get(path)));
    await client.elapse(2_000);
    expect(client.raw.map(({ asked }) => asked)).toEqual([[1]]);
    await client.elapse(30_000);
    expect(await Promise.all(failures)).toMatchObject([
      { code: 'HAWSER_HTTP_TIMEOUT', phase: 'head' },
      { code: 'HAWSER_HTTP_TIMEOUT' },
    ]);
  });
});

describe('a server that takes nothing of a body', () => {
  const shut = setting(INITIAL_WINDOW_SIZE, 0);

  test('is given up, and others are answered meanwhile', async () => {
    const script = onRequest((connection, stream) => {
      if (stream !== 3) connection.answer(stream);
    });
    await using client = asking(script, { timeouts: { bodyIdleMs: 5_000 } }, shut);
    await textOf(client.get('/'));
    const failed = failureOf(client.post('/', { body: 'x'.repeat(100_000) }));
    expect(await textOf(client.get('/'))).toBe('ok');
    await client.elapse(5_000);
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_TIMEOUT', phase: 'send' });
    expect(client.raw[0]?.resets).toContainEqual([3, Code.Cancel]);
  });
});

describe('a server that breaks the protocol', () => {
  const fails = async (
    script: RawScript,
    options?: HttpClientOptions,
  ): Promise<{ failure: unknown; client: Asking }> => {
    const client = asking(script, options);
    const failure = await failureOf(textOf(client.get('/')));
    await client.reactor.clock.settle();
    return { failure, client };
  };

  test.each<[string, RawScript, string, boolean]>([
    [
      'too many fields',
      onRequest((connection, stream) => {
        const many = Array.from({ length: 120 }, (_, at) => [`x-${at}`, ''] as const);
        connection.send(head(stream, many));
      }),
      'head-too-long',
      true,
    ],
    [
      'a head that is too long',
      onRequest((connection, stream) => {
        const long = fields([':status', '200'], ['x', 'y'.repeat(10_000)]);
        connection.send(frame('headers', stream, long));
        const more = fields(['x', 'y'.repeat(10_000)]);
        connection.send(frame('continuation', stream, more, { flags: Flag.EndHeaders }));
      }),
      'head-too-long',
      true,
    ],
    [
      'a field of a connection',
      onRequest((connection, stream) => connection.send(head(stream, [['connection', 'close']]))),
      'malformed-stream',
      true,
    ],
    [
      'a name in upper case',
      onRequest((connection, stream) => connection.send(head(stream, [['X-A', 'b']]))),
      'malformed-stream',
      true,
    ],
    [
      'another length than it has promised',
      onRequest((connection, stream) =>
        connection.answer(stream, 'abc', [['content-length', '9']]),
      ),
      'malformed-stream',
      true,
    ],
    [
      'two lengths',
      onRequest((connection, stream) =>
        connection.answer(stream, 'abc', [
          ['content-length', '3'],
          ['content-length', '3'],
        ]),
      ),
      'malformed-stream',
      true,
    ],
    [
      'no status',
      onRequest((connection, stream) =>
        connection.send(frame('headers', stream, [], { flags: Flag.EndHeaders })),
      ),
      'malformed-stream',
      true,
    ],
    [
      'a switch of protocols',
      onRequest((connection, stream) => connection.send(head(stream, [], { status: '101' }))),
      'malformed-stream',
      true,
    ],
    [
      'interim responses without an end',
      onRequest((connection, stream) => {
        for (let at = 0; at < 200; at++) connection.send(head(stream, [], { status: '103' }));
      }),
      'too-many-interim',
      true,
    ],
    [
      'trailers that a body cannot have',
      onRequest((connection, stream) => {
        const forbidden = fields(['set-cookie', 'a']);
        connection.send(head(stream), frame('data', stream, Buffer.from('a')));
        connection.send(
          frame('headers', stream, forbidden, { flags: Flag.EndHeaders | Flag.EndStream }),
        );
      }),
      'forbidden-trailer',
      true,
    ],
    [
      'a promise to push',
      onRequest((connection, stream) => {
        const promised = Buffer.concat([Buffer.from(uint32(2)), Buffer.from([0x82])]);
        connection.send(frame('push', stream, promised, { flags: Flag.EndHeaders }));
      }),
      'malformed-frame',
      false,
    ],
    [
      'data on a stream that nobody opened',
      onRequest((connection) => connection.send(frame('data', 99, [1]))),
      'malformed-frame',
      false,
    ],
    [
      'a frame that is too long',
      onRequest((connection, stream) =>
        connection.send(frame('data', stream, [], { length: 1_000_000 })),
      ),
      'malformed-frame',
      false,
    ],
    [
      'HTTP/1',
      onRequest((connection) =>
        connection.transport.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
      ),
      'malformed-frame',
      false,
    ],
  ])('by %s', async (_, script, reason, staysOpen) => {
    const { failure, client } = await fails(script);
    expect(failure).toMatchObject({ code: 'HAWSER_HTTP_MALFORMED', reason });
    expect(client.status.connections).toBe(staysOpen ? 1 : 0);
    await client[Symbol.asyncDispose]();
    expect(client.reactor.clock.timers).toBe(0);
    expect(client.reactor.reports.problems).toEqual([]);
  });

  test.each([
    ['x-a', 'a\0b'],
    ['x-a', 'a\rb'],
    ['x a', 'b'],
  ])('by the field %j: %j, gets it into no answer', async (name, value) => {
    await using client = asking(
      onRequest((connection, stream) => connection.answer(stream, 'ok', [[name, value]])),
    );
    const response = await client.get('/');
    expect([...response.headers]).toEqual([]);
    expect(await response.text()).toBe('ok');
  });

  test('by HTTP/1 from the beginning', async () => {
    const script = (connection: RawHttp2Connection): void => {
      connection.transport.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    };
    await using client = asking(script, {}, null);
    expect(await failureOf(client.get('/'))).toMatchObject({ reason: 'not-http2' });
  });

  test.each<[string, string, () => Buffer]>([
    ['pings', 'control', () => frame('ping', 0, Buffer.alloc(8))],
    ['settings', 'control', () => frame('settings', 0)],
    ['frames that nobody knows', 'empty', () => frame('unknown', 0)],
    ['data without content', 'empty', () => frame('data', 1)],
    ['resets', 'resets', () => frame('rst', 1, uint32(0))],
    ['windows', 'window', () => frame('window', 0, uint32(1))],
  ])('by a flood of %s', async (_, reason, flood) => {
    await using client = asking(
      onRequest((connection, stream) => {
        connection.send(head(stream));
        const one = flood();
        for (let at = 0; at < 3_000; at++) connection.send(one);
      }),
    );
    const failed = failureOf(textOf(client.get('/')));
    await client.reactor.clock.settle();
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_FLOOD', reason });
    expect(client.status.connections).toBe(0);
  });

  test('by a head without end', async () => {
    await using client = asking(
      onRequest((connection, stream) => {
        connection.send(frame('headers', stream, [0x88]));
        for (let at = 0; at < 100; at++) connection.send(frame('continuation', stream, [0x88]));
      }),
    );
    const failed = failureOf(textOf(client.get('/')));
    expect(await failed).toMatchObject({ code: 'HAWSER_HTTP_FLOOD', reason: 'head' });
  });

  test.each([1, 2, 3])('by whatever bytes (seed %i)', async (seed) => {
    const random = new SeededRandom(seed);
    const types = ['data', 'headers', 'priority', 'rst', 'settings', 'ping', 'goaway'] as const;
    const anyFrame = (stream: number): Buffer => {
      const type = [...types, 'window', 'continuation', 'push', 'unknown'] as const;
      const payload = Buffer.from(random.bytes(Math.floor(random.float() * 12)));
      const kind = type[Math.floor(random.float() * type.length)] ?? 'data';
      const on = random.float() < 0.7 ? stream : Math.floor(random.float() * 5);
      return frame(kind, on, payload, { flags: Math.floor(random.float() * 256) });
    };
    for (let round = 0; round < 60; round++) {
      await using client = asking(
        onRequest((connection, stream) => {
          if (random.float() < 0.5) connection.send(head(stream));
          const count = Math.floor(random.float() * 4);
          for (let at = 0; at <= count; at++) connection.send(anyFrame(stream));
          if (random.float() < 0.3) connection.transport.abort();
        }),
        { timeouts: { headMs: 500, bodyIdleMs: 500 }, retry: { limit: 1 } },
      );
      let settled = 0;
      for (const method of ['GET', 'POST', 'PUT']) {
        void client
          .request('/', { method })
          .addCallback((response) => response.text())
          .addBoth(() => {
            settled += 1;
          });
      }
      await client.elapse(40_000);
      expect(settled).toBe(3);
      await client.close();
      expect(client.status).toEqual({ origins: 0, connections: 0, idle: 0, waiting: 0 });
      expect([client.reactor.clock.timers, client.reactor.reports.problems]).toEqual([0, []]);
    }
  });
});
