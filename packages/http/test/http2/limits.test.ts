import { pipeWorld } from '@hawser/core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import type { HttpExchange, Responder } from '../../src/contract/exchange.ts';
import { toHttp2Limits } from '../../src/http2/http2-limits.ts';
import type { Http2Options } from '../../src/http2/http2-options.ts';
import type { Http1Options } from '../../src/server/http-options.ts';
import { answering, collect, connectClient, connectRaw, send } from './h2-world.ts';
import { Flag, frame, headers, PREFACE, RawClient, request, uint32 } from './raw-client.ts';

const OK = { status: 200, fields: [] };
const CALM = 11;
const worlds: ReturnType<typeof pipeWorld>[] = [];
afterEach(async () => {
  for (const each of worlds.splice(0)) await each.stop();
});

async function raw(
  options: Http2Options & Http1Options = {},
  responder: Responder = (exchange) => exchange.respond(OK),
): Promise<{ client: RawClient; world: ReturnType<typeof pipeWorld> }> {
  const world = pipeWorld();
  worlds.push(world);
  const client = await connectRaw(world, answering(responder, options));
  return { client, world };
}

describe('a client that sends too much of what means nothing is sent away', () => {
  test.each<[string, Http2Options, (nth: number) => Buffer]>([
    [
      'resets',
      { maxResets: 5 },
      (nth) =>
        Buffer.concat([headers(nth * 2 + 1, request()), frame('rst', nth * 2 + 1, uint32(8))]),
    ],
    ['settings', { maxControlFrames: 5 }, () => frame('settings', 0)],
    ['pings', { maxControlFrames: 5 }, () => frame('ping', 0, Buffer.alloc(8))],
    ['priorities', { maxEmptyFrames: 5 }, () => frame('priority', 1, [...uint32(0), 16])],
    ['frames of no known type', { maxEmptyFrames: 5 }, () => frame('unknown', 0, [1])],
  ])('%s', async (_, options, make) => {
    const { client, world } = await raw(options);
    for (let nth = 0; nth < 12; nth++) {
      client.send(make(nth));
      await world.elapse(1);
    }
    await world.elapse(10);
    expect(client.outcome.goaway.at(-1)).toBe(CALM);
    expect(client.lost).toBe(true);
    expect(world.reports.problems).toEqual([]);
  });

  test.each<[string, Buffer]>([
    ['nothing', frame('data', 1)],
    ['padding', frame('data', 1, [3, 0, 0, 0], { flags: Flag.Padded })],
  ])('DATA of %s that ends nothing', async (_, data) => {
    const { client, world } = await raw({ maxEmptyFrames: 5 }, () => undefined);
    client.send(headers(1, request('POST'), 0), ...Array.from({ length: 7 }, () => data));
    await world.elapse(10);
    expect(client.outcome.goaway).toEqual([CALM]);
    expect(client.lost).toBe(true);
  });

  test('requests that are none, each of which has to be reset', async () => {
    const { client, world } = await raw({ maxResets: 5 });
    for (let nth = 0; nth < 12; nth++) {
      client.send(headers(nth * 2 + 1, request('POST', [['content-length', '1']])));
      await world.elapse(1);
    }
    await world.elapse(10);
    expect(client.outcome.reset).toHaveLength(6);
    expect(client.outcome.goaway).toHaveLength(1);
    expect(client.lost).toBe(true);
  });

  test.each<[string, (id: number) => Buffer[]]>([
    [
      'bodies longer than promised',
      (id) => [
        headers(id, request('POST', [['content-length', '2']]), 0),
        frame('data', id, [1, 2, 3], { flags: Flag.EndStream }),
      ],
    ],
    [
      'trailers that are none',
      (id) => [headers(id, request('POST'), 0), headers(id, request('GET'))],
    ],
    ['names in upper case', (id) => [headers(id, request('GET', [['X-A', '1']]))]],
  ])('requests that make the server reset their streams: %s', async (_, make) => {
    const { client, world } = await raw({ maxResets: 5 });
    for (let nth = 0; nth < 40; nth++) {
      client.send(...make(nth * 2 + 1));
      await world.elapse(1);
    }
    await world.elapse(10);
    expect(client.outcome.reset.length).toBeLessThan(9);
    expect(client.lost).toBe(true);
    expect(world.reports.problems).toEqual([]);
  });

  test('but streams that the server gives up itself are not the fault of the client', async () => {
    const { client, world } = await raw({ maxResets: 2 }, (exchange) =>
      exchange.stream(OK).abort(new Error('given up')),
    );
    for (let nth = 0; nth < 10; nth++) {
      client.send(headers(nth * 2 + 1, request()));
      await world.elapse(1);
    }
    await world.elapse(10);
    expect(client.outcome.reset).toHaveLength(10);
    expect(client.lost).toBe(false);
  });

  test('windows for what nobody sent', async () => {
    const { client, world } = await raw();
    for (let nth = 0; nth < 11; nth++) {
      client.send(...Array.from({ length: 100 }, () => frame('window', 0, uint32(1))));
      await world.elapse(1);
    }
    expect(client.outcome.goaway).toEqual([CALM]);
  });

  test('a head in many small pieces', async () => {
    const { client, world } = await raw();
    const head = request();
    client.send(frame('headers', 1, head.subarray(0, 1), { flags: Flag.EndStream }));
    for (let at = 1; at < 12; at++) {
      client.send(frame('continuation', 1, head.subarray(at, at + 1)));
    }
    await world.elapse(10);
    expect(client.outcome.goaway).toEqual([CALM]);
    expect(client.lost).toBe(true);
  });

  test('but as many as are allowed in each window of time are fine', async () => {
    const { client, world } = await raw({
      maxResets: 5,
      maxControlFrames: 6,
      floodWindowMs: 1_000,
    });
    for (let nth = 0; nth < 20; nth++) {
      client.send(headers(nth * 2 + 1, request()), frame('rst', nth * 2 + 1, uint32(8)));
      client.send(frame('ping', 0, Buffer.alloc(8)));
      await world.elapse(250);
    }
    expect(client.outcome.goaway).toEqual([]);
    expect(client.lost).toBe(false);
  });
});

describe('a head over the limits', () => {
  test.each<[string, number, [string, string][], string]>([
    ['too many fields', 431, Array.from({ length: 101 }, (_, at) => [`x-${at}`, '1']), '/'],
    ['too long', 431, [['x-a', 'a'.repeat(16_384)]], '/'],
    ['a target too long', 414, [], `/${'a'.repeat(8_192)}`],
  ])('%s: %i', async (_, status, more, path) => {
    const world = pipeWorld();
    worlds.push(world);
    const client = await connectClient(
      world,
      answering((exchange) => exchange.respond(OK)),
    );
    // The settings that announce the limit have not come yet.
    const answer = await send(client, { ':path': path, ...Object.fromEntries(more) });
    expect(answer.status).toBe(status);
    expect((await send(client)).status).toBe(200);
  });

  test('many cookies count as one', async () => {
    const world = pipeWorld();
    worlds.push(world);
    const client = await connectClient(
      world,
      answering((exchange) => exchange.respond(OK, String(exchange.fields.length))),
    );
    const cookie = Array.from({ length: 120 }, (_, at) => `c${at}=1`);
    expect((await send(client, { cookie })).body).toBe('4');
  });
});

describe('time', () => {
  test('a client that sends nothing, or half of a request, is let go after headTimeoutMs', async () => {
    const { client, world } = await raw({ headTimeoutMs: 2_000 });
    client.send(frame('headers', 1, request().subarray(0, 5), { flags: Flag.EndStream }));
    await world.elapse(1_900);
    expect(client.lost).toBe(false);
    await world.elapse(200);
    expect(client.outcome.goaway).toEqual([0]);
    expect(client.lost).toBe(true);
  });

  test('a client that never says that it has our settings is sent away, busy or not', async () => {
    const world = pipeWorld();
    worlds.push(world);
    const factory = answering((exchange) => exchange.respond(OK), { headTimeoutMs: 2_000 });
    const client = await world.connect(factory, new RawClient());
    client.send(PREFACE, frame('settings', 0));
    for (let nth = 0; nth < 4; nth++) {
      client.send(headers(nth * 2 + 1, request()));
      await world.elapse(499);
    }
    expect(client.lost).toBe(false);
    await world.elapse(10);
    expect(client.outcome).toMatchObject({ answered: [1, 3, 5, 7], goaway: [4] });
    expect(client.lost).toBe(true);
    expect(world.reports.problems).toEqual([]);
  });

  test('a connection without requests ends after keepAliveTimeoutMs, pings or not', async () => {
    const { client, world } = await raw({ keepAliveTimeoutMs: 3_000 });
    client.send(headers(1, request()));
    for (let second = 0; second < 2; second++) {
      await world.elapse(1_000);
      client.send(frame('ping', 0, Buffer.alloc(8)));
    }
    expect(client.lost).toBe(false);
    await world.elapse(1_100);
    expect(client.outcome).toMatchObject({ answered: [1], goaway: [0] });
    expect(client.lost).toBe(true);
  });

  test('a request on its way when that time is up still has headTimeoutMs', async () => {
    const { client, world } = await raw({ keepAliveTimeoutMs: 1_000, headTimeoutMs: 4_000 });
    client.send(headers(1, request()));
    await world.elapse(900);
    const late = headers(3, request());
    client.send(late.subarray(0, 12));
    await world.elapse(900);
    expect(client.lost).toBe(false);
    client.send(late.subarray(12));
    await world.elapse(10);
    expect(client.outcome.answered).toEqual([1, 3]);
    client.send(late.subarray(0, 12));
    await world.elapse(4_100);
    expect(client.lost).toBe(true);
  });

  test('a body that does not come fails, by its time or by its rate', async () => {
    for (const options of [{ requestTimeoutMs: 5_000 }, { minBodyRate: 100 }]) {
      const errors: string[] = [];
      const { client, world } = await raw(options, (exchange) => {
        collect(exchange.body).catch((error: { code: string }) => {
          errors.push(error.code);
          exchange.respond({ status: 408, fields: [] });
        });
      });
      client.send(headers(1, request('POST'), 0));
      for (let second = 0; second < 12; second++) {
        client.send(frame('data', 1, [1]));
        await world.elapse(1_000);
      }
      expect(errors).toEqual(['HAWSER_HTTP_REQUEST_TIMEOUT']);
      expect(client.outcome).toMatchObject({ answered: [1], reset: [[1, 0]] });
    }
  });

  test('a body that nobody reads is not the fault of the peer', async () => {
    let exchange: HttpExchange | undefined;
    const { client, world } = await raw({ minBodyRate: 100 }, (made) => {
      exchange = made;
    });
    client.send(headers(1, request('POST'), 0), frame('data', 1, [65]));
    await world.elapse(60_000);
    const got = collect((exchange as HttpExchange).body);
    client.send(frame('data', 1, [66], { flags: Flag.EndStream }));
    expect((await got).text).toBe('AB');
  });

  test('an exchange ends after maxExchangeMs: 503 before it was answered, a reset after that', async () => {
    const { client, world } = await raw({ maxExchangeMs: 5_000 }, (exchange) => {
      if (exchange.target === '/streams') exchange.stream(OK).write(Buffer.from('hello'));
    });
    client.send(headers(1, request()), headers(3, request('GET', [], '/streams')));
    await world.elapse(4_900);
    expect(client.outcome).toMatchObject({ answered: [3], reset: [] });
    await world.elapse(200);
    expect(client.outcome).toMatchObject({ answered: [3, 1], reset: [[3, 2]] });
  });
});

describe('the end of the process', () => {
  test('GOAWAY twice, then what is open is answered, then the connection ends', async () => {
    const held: HttpExchange[] = [];
    const drained: string[] = [];
    const { client, world } = await raw({}, (exchange) => {
      exchange.onDrain?.(() => void drained.push(exchange.target));
      held.push(exchange);
    });
    client.send(headers(1, request()));
    await world.elapse(1);
    world.drain();
    await world.elapse(1);
    // It may be on its way: not refused yet.
    client.send(headers(3, request('GET', [], '/late')));
    const pinged = client.frames.findLast(({ type }) => type === 6);
    client.send(frame('ping', 0, pinged?.payload ?? [], { flags: Flag.Ack }));
    await world.elapse(1);
    client.send(headers(5, request('GET', [], '/too-late')));
    await world.elapse(10);
    expect(held.map(({ target }) => target)).toEqual(['/', '/late']);
    expect(drained).toEqual(['/', '/late']);
    for (const exchange of held) exchange.respond(OK, 'bye');
    await world.elapse(10);
    expect(client.outcome.answered).toEqual([1, 3]);
    const goaways = client.frames.filter(({ type }) => type === 7);
    const [notice, ...last] = goaways.map(({ payload }) => payload.readUInt32BE(0));
    expect(notice).toBe(2 ** 31 - 1);
    // Node may say it again when it lets go.
    expect(new Set(last)).toEqual(new Set([3]));
    expect(client.lost).toBe(true);
  });

  test('what is open hears of it on a connection that was to end anyway, and not before', async () => {
    const drained: string[] = [];
    const { client, world } = await raw({ maxRequestsPerConnection: 1 }, (exchange) => {
      // A handler that has something to wait for first.
      queueMicrotask(() => exchange.onDrain?.(() => void drained.push(exchange.target)));
    });
    client.send(headers(1, request()));
    await world.elapse(10);
    expect(client.outcome.goaway).toEqual([0]);
    expect(drained).toEqual([]);
    world.drain();
    await world.elapse(10);
    expect(drained).toEqual(['/']);
  });

  test('an idle connection ends, though the client answers no ping', async () => {
    const { client, world } = await raw();
    world.drain();
    await world.elapse(1_100);
    expect(client.lost).toBe(true);
    expect(client.outcome.goaway).toEqual([0, 0]);
  });
});

test('a client that says goodbye still gets its answers, then the connection ends', async () => {
  const held: HttpExchange[] = [];
  const { client, world } = await raw({}, (exchange) => void held.push(exchange));
  client.send(headers(1, request()), headers(3, request('POST'), 0));
  client.send(frame('goaway', 0, [...uint32(0), ...uint32(0)]));
  await world.elapse(10);
  client.send(frame('data', 3, [65], { flags: Flag.EndStream }));
  await world.elapse(10);
  expect(held.map(({ gone }) => gone)).toEqual([false, false]);
  expect(client.lost).toBe(false);
  const body = collect((held[1] as HttpExchange).body);
  for (const exchange of held) exchange.respond(OK, 'bye');
  await world.elapse(10);
  expect((await body).text).toBe('A');
  expect(client.outcome).toMatchObject({ answered: [1, 3], reset: [] });
  expect(client.lost).toBe(true);
});

test('a request that is taken back in the breath that makes it is not answered, and keeps nothing', async () => {
  const asked: string[] = [];
  const { client, world } = await raw({ keepAliveTimeoutMs: 2_000 }, (exchange) => {
    asked.push(exchange.target);
    exchange.respond(OK);
  });
  client.send(headers(1, request('GET', [], '/first')));
  await world.elapse(10);
  // Without an error, so that what came of its body could still be read.
  const taken = [
    headers(3, request('POST'), 0),
    frame('data', 3, [65]),
    frame('rst', 3, uint32(0)),
  ];
  client.send(...taken);
  await world.elapse(10);
  expect(asked).toEqual(['/first']);
  await world.elapse(2_100);
  expect(client.outcome).toMatchObject({ answered: [1], goaway: [0] });
  expect(client.lost).toBe(true);
});

test('after so many requests the client is asked to come again', async () => {
  const { client, world } = await raw({ maxRequestsPerConnection: 2 });
  client.send(headers(1, request()), headers(3, request()), headers(5, request()));
  await world.elapse(10);
  expect(client.outcome).toMatchObject({ goaway: [0] });
  expect(client.outcome.answered.slice(0, 2)).toEqual([1, 3]);
  expect(client.lost).toBe(true);
});

describe('more requests at a time than allowed', () => {
  test('are refused, not queued, while the client may not know better', async () => {
    const world = pipeWorld();
    worlds.push(world);
    const factory = answering(() => undefined, { maxConcurrentStreams: 2 });
    const client = await world.connect(factory, new RawClient());
    client.send(PREFACE, frame('settings', 0), ...[1, 3, 5].map((id) => headers(id, request())));
    await world.elapse(10);
    expect(client.outcome).toMatchObject({ reset: [[5, 7]], goaway: [] });
  });

  test('are the end for a client that has said that it knows the limit', async () => {
    const { client, world } = await raw({ maxConcurrentStreams: 2 }, () => undefined);
    client.send(...[1, 3, 5].map((id) => headers(id, request())));
    await world.elapse(10);
    expect(client.outcome.answered).toEqual([]);
    expect(client.lost).toBe(true);
  });
});

test.each([
  ['maxConcurrentStreams', 0],
  ['maxResets', -1],
  ['floodWindowMs', Number.NaN],
])('a limit that is none is refused: %s', (name, value) => {
  expect(() => toHttp2Limits({ [name]: value })).toThrow(RangeError);
});
