import { createSimReactor, delay, group, runApplication, serve } from '@hawser/core';
import { createTestReactor, type TestReactor } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { type HttpClient, HttpResponse, http, httpClient, router } from '../../src/index.ts';
import { PipeEndpoint } from '../../testing/pipe-endpoint.ts';
import { failureOf } from './failure-of.ts';

const hello = new PipeEndpoint(http(() => HttpResponse.text('hello')));

/** A started client whose request is never answered. */
async function waitingForSilence(): Promise<{
  readonly reactor: TestReactor;
  readonly client: HttpClient;
  readonly asked: Promise<unknown>;
}> {
  const reactor = createTestReactor();
  const endpoint = new PipeEndpoint(http(() => new Promise<Response>(() => undefined)));
  const client = httpClient({ baseUrl: 'http://test/', endpoint });
  await client.start(reactor);
  const asked = failureOf(client.get('/'));
  await reactor.clock.settle();
  return { reactor, client, asked };
}

test('a client without a reactor works from its start to its stop, and again', async () => {
  const reactor = createTestReactor();
  const client = httpClient({ baseUrl: 'http://test/', endpoint: hello });
  const early = await failureOf(client.get('/'));
  expect(early).toMatchObject({ code: 'HAWSER_SERVICE_STATE' });
  expect(String(early)).toContain('give it to run()');
  expect(client.status).toEqual({ origins: 0, connections: 0, idle: 0, waiting: 0 });
  for (let life = 0; life < 2; life++) {
    await client.start(reactor);
    expect(await (await client.get('/')).text()).toBe('hello');
    await client.stop();
    expect(await failureOf(client.get('/'))).toMatchObject({ code: 'HAWSER_HTTP_CLIENT_CLOSED' });
  }
  await reactor.clock.settle();
  expect(reactor.clock.timers).toBe(0);
});

test('a client with a reactor is a service too, and is not disturbed by its start', async () => {
  const reactor = createTestReactor();
  const client = httpClient(reactor, { baseUrl: 'http://test/', endpoint: hello });
  const before = await client.get('/');
  await client.start(reactor);
  expect(await before.text()).toBe('hello');
  expect(client.status.connections).toBe(1);
  await client.stop();
  expect(client.status.connections).toBe(0);
});

test('a client that was never started can be stopped, closed and aborted', async () => {
  const client = httpClient();
  client.abort();
  await client.stop();
  await client.close();
  expect(client.status.connections).toBe(0);
});

test('what is still under way when it is stopped has a second', async () => {
  const { reactor, client, asked } = await waitingForSilence();
  let over = false;
  const stopped = Promise.resolve(client.stop()).then(() => {
    over = true;
  });
  await expect(client.start(reactor)).rejects.toMatchObject({ code: 'HAWSER_SERVICE_STATE' });
  await reactor.clock.elapse(999);
  expect(over).toBe(false);
  await reactor.clock.elapse(1);
  expect(await asked).toMatchObject({ code: 'HAWSER_HTTP_CLIENT_CLOSED' });
  await stopped;
});

test('a stop makes an end of a close that has more time', async () => {
  const { reactor, client, asked } = await waitingForSilence();
  const closed = client.close({ deadlineMs: 60_000 });
  await reactor.clock.elapse(100);
  const stopped = client.stop();
  await reactor.clock.elapse(1_000);
  expect([closed.peek().state, reactor.clock.now()]).toEqual(['fulfilled', 1_100]);
  await stopped;
  expect(await asked).toMatchObject({ code: 'HAWSER_HTTP_CLIENT_CLOSED' });
  expect(reactor.clock.timers).toBe(0);
});

test('a client that was aborted can be started again, and what was under way belongs to its life before', async () => {
  const reactor = createTestReactor();
  const client = httpClient({ baseUrl: 'http://test/', endpoint: hello });
  await client.start(reactor);
  const before = failureOf(client.get('/'));
  client.abort();
  expect(await before).toMatchObject({ code: 'HAWSER_HTTP_CLIENT_CLOSED' });
  await reactor.clock.settle();
  await client.start(reactor);
  expect(await (await client.get('/')).text()).toBe('hello');
  await client.stop();
  expect(reactor.clock.timers).toBe(0);
});

test('a retry that waits when its client is stopped does not go on in the next life', async () => {
  const reactor = createTestReactor();
  let asked = 0;
  const busy = new PipeEndpoint(
    http(() => {
      asked += 1;
      return new HttpResponse(null, { status: 503, headers: { 'retry-after': '1' } });
    }),
  );
  const client = httpClient({ baseUrl: 'http://test/', endpoint: busy, retry: { limit: 5 } });
  await client.start(reactor);
  const outcome = failureOf(client.get('/'));
  await reactor.clock.elapse(10);
  expect(asked).toBe(1);
  const stopped = client.stop();
  await reactor.clock.elapse(10);
  await stopped;
  await client.start(reactor);
  expect(await outcome).toMatchObject({ code: 'HAWSER_HTTP_CLIENT_CLOSED' });
  await reactor.clock.elapse(60_000);
  expect(asked).toBe(1);
  await client.stop();
});

test.each(['client first', 'server first'])(
  'a handler that finishes during a drain may still ask upstream (%s)',
  async (order) => {
    const sim = createSimReactor({ seed: 1 });
    const [gateway, upstream, phone] = sim.hosts('gateway', 'upstream', 'phone');
    sim.link(gateway, upstream, { latencyMs: 100 });
    sim.link(gateway, phone, { latencyMs: 10 });
    await upstream.tcp.listen(
      { port: 80 },
      http(() => HttpResponse.text('from upstream')),
    );

    const stock = httpClient({ baseUrl: 'http://upstream/' });
    const app = router().get('/', async ({ signal }) => {
      gateway.lifecycle.requestStop();
      await delay(1_000, gateway.clock);
      return stock.get('/', { signal });
    });
    const server = serve('tcp://:80', http(app));
    const services = order === 'client first' ? [stock, server] : [server, stock];
    const exit = runApplication(group(...services), {
      reactor: gateway,
      announce: () => undefined,
    });

    const asking = httpClient(phone, { retry: false });
    await delay(50, phone.clock);
    const response = await asking.get('http://gateway/');
    expect([response.status, await response.text()]).toEqual([200, 'from upstream']);
    expect(await exit).toBe(0);
    expect(stock.status.connections).toBe(0);
    await asking.close();
  },
);
