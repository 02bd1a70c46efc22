import { delay, serve, simulate } from '@hawser/core';
import type { FakeTransport } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import type { HttpExchange } from '../../src/contract/exchange.ts';
import { http } from '../../src/index.ts';
import { RawClient } from '../raw-client.ts';
import { collect, echoTarget, get, post, served } from './served.ts';

const OK = { status: 200, fields: [] } as const;

test('a peer that ends its side gets its answer, and then the end', async () => {
  const { transport, exchanges, text } = served();
  transport.receive(get('/'));
  const [exchange] = exchanges as [HttpExchange];
  const { signal } = exchange;
  const gone: Error[] = [];
  exchange.onGone((reason) => gone.push(reason));
  transport.receiveEnd();
  expect(signal.aborted).toBe(true);
  expect(exchange.gone).toBe(false);
  echoTarget(exchange);
  await transport.settle();
  expect(text()).toMatch(/\/$/);
  expect(transport.closedWith).toEqual({ kind: 'done' });
  expect(gone).toEqual([]);
});

test('a signal that is asked for after the peer ended its side is aborted', () => {
  const { transport, exchanges } = served();
  transport.receive(get('/'));
  exchanges[0]?.onGone(() => undefined);
  transport.receiveEnd();
  expect(exchanges[0]?.signal.aborted).toBe(true);
});

test.each<[string, (transport: FakeTransport) => void]>([
  ['ends its side', (transport) => transport.receiveEnd()],
  ['is lost', (transport) => transport.lose(new Error('reset'))],
])(
  'a peer that pipelines and then %s is noticed while a handler takes its time',
  async (_what, leave) => {
    const { transport, exchanges } = served();
    transport.receive(get('/1'));
    const { signal } = exchanges[0] as HttpExchange;
    for (let at = 2; at < 20; at++) transport.receive(get(`/${at}`));
    expect(transport.reading).toBe(true);
    leave(transport);
    await transport.settle();
    expect(signal.aborted).toBe(true);
    expect(exchanges).toHaveLength(1);
  },
);

test('over a network, a peer that pipelines and leaves is noticed after the way of its last packet', async () => {
  const noticedAfter = await simulate(
    async (sim) => {
      const [server, client] = sim.hosts('server', 'client');
      sim.link(server, client, { latencyMs: 10 });
      return sim.settled.until(async () => {
        let leftAt = 0;
        const noticed = new Promise<number>((done) => {
          const never = http(({ signal }) => {
            signal.addEventListener('abort', () => done(server.clock.now() - leftAt));
            return new Promise(() => undefined);
          });
          void serve('tcp://:80', never).start(server);
        });
        const peer = new RawClient();
        await client.tcp.connect({ host: 'server', port: 80 }, () => peer);
        for (let at = 0; at < 10; at++) {
          peer.send(get(`/${at}`));
          await delay(100, client.clock);
        }
        leftAt = server.clock.now();
        peer.transport.abort();
        return noticed;
      });
    },
    { drive: 'manual' },
  );
  expect(noticedAfter.result).toBe(10);
});

test('a peer that leaves in the middle of a body which nobody has asked for yet is noticed', async () => {
  const { transport, exchanges } = served();
  transport.receive(post('/', 'x'.repeat(1_000)).slice(0, -500));
  const { signal } = exchanges[0] as HttpExchange;
  transport.receive('more');
  transport.receiveEnd();
  expect(signal.aborted).toBe(true);
});

test('a pipeline that ends with the side of the peer is answered to its end', async () => {
  const { transport, exchanges, text } = served();
  transport.receive(get('/1') + get('/2'));
  transport.receiveEnd();
  echoTarget(exchanges[0] as HttpExchange);
  echoTarget(exchanges[1] as HttpExchange);
  await transport.settle();
  expect(text()).toMatch(/\/1HTTP[^]*\/2$/);
  expect(transport.closedWith).toEqual({ kind: 'done' });
});

test('a peer that ended its side may take a large answer in large steps', async () => {
  const { transport, exchanges, reactor } = served();
  transport.receive(get('/'));
  transport.receiveEnd();
  transport.stall();
  exchanges[0]?.respond({ status: 200, fields: [] }, Buffer.alloc(2_000_000));
  let taken = 0;
  for (let step = 0; step < 20; step++) {
    await reactor.clock.elapse(20_000);
    transport.drained();
    taken += transport.take().length;
    transport.stall();
  }
  transport.drained();
  await transport.settle();
  expect(taken).toBeGreaterThan(2_000_000);
  expect(transport.closedWith).toEqual({ kind: 'done' });
});

test('an end between two requests ends the connection', async () => {
  const { transport, text } = served(echoTarget);
  transport.receive(get('/'));
  text();
  transport.receiveEnd();
  await transport.settle();
  expect(text()).toBe('');
  expect(transport.closedWith).toEqual({ kind: 'done' });
});

test('an end inside a head is a bad request', async () => {
  const { transport, text, reports } = served(echoTarget);
  transport.receive('GET / HT');
  transport.receiveEnd();
  await transport.settle();
  expect(text()).toMatch(/^HTTP\/1\.1 400 /);
  expect(transport.wireState).not.toBe('open');
  expect(reports.problems).toEqual([]);
});

test('an end inside a body fails its reader, and the answer is the last', async () => {
  const { transport, exchanges, text } = served();
  transport.receive(post('/', 'hello').slice(0, -2));
  const [exchange] = exchanges as [HttpExchange];
  const got = collect(exchange);
  transport.receiveEnd();
  expect(got).toMatchObject({ ended: false, failed: { code: 'HAWSER_HTTP_MALFORMED' } });
  exchange.respond({ status: 400, fields: [] });
  await transport.settle();
  expect(text()).toMatch(/^HTTP\/1\.1 400 [^]*connection: close/);
});

test('a peer that leaves while it is answered is told to everybody who asked', async () => {
  const { transport, exchanges, reports } = served();
  transport.receive(get('/'));
  const [exchange] = exchanges as [HttpExchange];
  const heard: string[] = [];
  exchange.signal.addEventListener('abort', () => heard.push('signal'));
  exchange.onGone(() => heard.push('first'));
  exchange.onGone(() => heard.push('removed'))[Symbol.dispose]();
  exchange.onGone(() => {
    throw new Error('broken');
  });
  exchange.onGone(() => heard.push('last'));
  void exchange.done.then(() => heard.push('done'));
  transport.lose(new Error('reset'));
  await transport.settle();
  expect(heard).toEqual(['signal', 'first', 'last', 'done']);
  expect(exchange.gone).toBe(true);
  expect(reports.problems).toHaveLength(1);
  // Too late for anything, but not a mistake.
  exchange.onGone(() => heard.push('late'));
  exchange.inform(103, []);
  exchange.respond(OK, 'late');
  await transport.settle();
  expect(heard.at(-1)).toBe('late');
  expect(reports.problems).toHaveLength(1);
});

test('a stream to a peer that has left is dropped', async () => {
  const { transport, exchanges, reports } = served();
  transport.receive(get('/'));
  const [exchange] = exchanges as [HttpExchange];
  const body = exchange.stream(OK);
  transport.lose(new Error('reset'));
  expect(body.write(Buffer.from('x'))).toBe(false);
  body.onceDrained(() => {
    throw new Error('not drained');
  });
  body.end();
  body.abort(new Error('late'));
  await transport.settle();
  expect(reports.problems).toEqual([]);
});

test('nobody is told of a peer that leaves after its answer', async () => {
  const { transport, exchanges } = served(echoTarget);
  transport.receive(get('/'));
  const heard: Error[] = [];
  const [exchange] = exchanges as [HttpExchange];
  const { signal } = exchange;
  exchange.onGone((reason) => heard.push(reason));
  transport.lose(new Error('reset'));
  await transport.settle();
  expect(heard).toEqual([]);
  expect(signal.aborted).toBe(false);
});

test('what has arrived of a body can be read after the peer has left, if it is all of it', () => {
  const { transport, exchanges } = served();
  transport.receive(post('/', 'hello'));
  transport.lose(new Error('reset'));
  const [exchange] = exchanges as [HttpExchange];
  expect(exchange.body.received).toBe(true);
  expect(collect(exchange)).toEqual({ text: 'hello', ended: true, failed: undefined });
});

test('a reader that pauses gets the rest of a body that has arrived', () => {
  const { transport, exchanges } = served();
  transport.receive('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  const { body } = exchanges[0] as HttpExchange;
  const pieces: string[] = [];
  body.consume({
    data(chunk) {
      pieces.push(chunk.toString());
      body.pause();
    },
    end: () => void pieces.push('end'),
    failed: (error) => void pieces.push(String(error)),
  });
  transport.receive('1\r\na\r\n1\r\nb\r\n0\r\n\r\n');
  expect(pieces).toEqual(['a']);
  transport.lose(new Error('reset'));
  body.resume();
  expect(pieces).toEqual(['a', 'b']);
  body.resume();
  expect(pieces).toEqual(['a', 'b', 'end']);
});

test('a body that has not arrived fails when the peer leaves, whoever asks for it when', () => {
  const { transport, exchanges } = served();
  transport.receive(post('/', 'hello').slice(0, -2));
  transport.lose(new Error('reset'));
  expect(collect(exchanges[0] as HttpExchange)).toMatchObject({
    text: '',
    failed: { code: 'HAWSER_HTTP_MALFORMED' },
  });
});

test('an answer that cannot be completed resets the connection', async () => {
  const { transport, exchanges, text, reports } = served();
  transport.receive(get('/'));
  const body = (exchanges[0] as HttpExchange).stream(OK);
  body.write(Buffer.from('half'));
  body.abort(new Error('source broke'));
  await transport.settle();
  expect(text()).not.toContain('0\r\n\r\n');
  expect(transport.wireState).toBe('reset');
  expect(reports.problems).toEqual([]);
});

test('a reader that answers when it hears that the peer is gone starts nothing', async () => {
  const { transport, reactor, exchanges, text } = served((exchange) =>
    exchange.body.consume({
      data: () => undefined,
      end: () => undefined,
      failed: () => exchange.stream(OK).write(Buffer.from('late')),
    }),
  );
  transport.receive(post('/', 'part').replace('Length: 4', 'Length: 10'));
  transport.lose();
  await transport.settle();
  expect(exchanges[0]?.gone).toBe(true);
  expect(text()).toBe('');
  expect(reactor.clock.timers).toBe(0);
});
