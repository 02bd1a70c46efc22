import { createTestReactor, SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { type ClientProtocol, httpClient } from '../../src/index.ts';
import { PipeEndpoint, type StubReply, StubServer } from '../../testing/index.ts';

const ORIGINS = ['a', 'b', 'c'];
const LIMITS = { maxConnectionsPerOrigin: 2, maxConnections: 4, maxQueued: 6, queueMs: 900 };

const RAW = ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n', 'garbage'];

function anyReply(random: SeededRandom, over: ClientProtocol): StubReply {
  const pick = <T>(...all: T[]): T => all[Math.floor(random.float() * all.length)] as T;
  const timing = {
    delayMs: pick(0, 0, 1, 50, 400),
    pieceDelayMs: pick(0, 0, 20, 300),
    end: pick('keep', 'keep', 'keep', 'close', 'reset'),
  } as const;
  return pick<StubReply>(
    { body: 'ok', ...timing },
    { body: ['a', 'b'], framing: 'chunked', ...timing },
    { body: ['a', 'b'], framing: 'until-close', ...timing },
    { status: 204, ...timing },
    { status: 503, headers: { 'retry-after': '1' }, ...timing },
    { status: 307, headers: { location: '/next' }, body: 'x', ...timing },
    { ...(over === 'h2' ? { body: 'ok' } : { raw: pick(...RAW) }), ...timing },
    { body: 'early', early: true, ...timing },
    'silence',
    'reset',
  );
}

describe('the connections of a client', () => {
  test.each([
    [1, 'http/1.1'],
    [2, 'http/1.1'],
    [3, 'http/1.1'],
    [4, 'h2'],
    [5, 'h2'],
    [6, 'h2'],
  ] as const)(
    'are what is open, within their limits, whatever happens (seed %i, %s)',
    async (seed, over) => {
      const random = new SeededRandom(seed);
      const float = (): number => random.float();
      const reactor = createTestReactor();
      const stub = new StubServer();
      stub.expect('*').always(() => anyReply(random, over));
      const endpoint = new PipeEndpoint(stub);
      const client = httpClient(reactor, {
        endpoint,
        protocols: [over],
        http2: { maxConcurrentStreams: 2 },
        pool: { ...LIMITS, lifetimeMs: 5_000 },
        timeouts: { headMs: 700, bodyIdleMs: 500, totalMs: 4_000 },
        retry: { limit: 1 },
      });
      let asked = 0;
      let settled = 0;
      // Turns of the real loop take their time.
      const rounds = over === 'h2' ? 100 : 400;
      for (let round = 0; round < rounds; round++) {
        for (let burst = Math.floor(float() * 4); burst > 0; burst--) {
          const origin = ORIGINS[Math.floor(float() * ORIGINS.length)];
          const body = float() < 0.3 ? 'x'.repeat(Math.floor(float() * 100_000)) : undefined;
          const controller = new AbortController();
          const request = client
            .request(`http://${origin}/`, {
              method: body === undefined ? 'GET' : float() < 0.5 ? 'PUT' : 'POST',
              signal: controller.signal,
              ...(body === undefined ? {} : { body }),
            })
            .addCallback((response) => {
              if (float() < 0.2) response.discard();
              return response.bodyUsed ? undefined : response.text();
            });
          asked += 1;
          void request.addBoth(() => {
            settled += 1;
          });
          if (float() < 0.15) request.cancel();
          else if (float() < 0.2) reactor.clock.callLater(float() * 500, () => request.cancel());
          else if (float() < 0.1) reactor.clock.callLater(float() * 500, () => controller.abort());
        }
        await reactor.clock.elapse(Math.floor(float() * 120));
        const { connections, idle } = client.status;
        expect(connections).toBeLessThanOrEqual(LIMITS.maxConnections);
        expect(endpoint.servers.size).toBeLessThanOrEqual(LIMITS.maxConnections + 4);
        expect(idle).toBeLessThanOrEqual(connections);
      }
      await reactor.clock.elapse(70_000);
      expect(settled).toBe(asked);
      expect(client.status).toEqual({ origins: 0, connections: 0, idle: 0, waiting: 0 });
      expect([endpoint.servers.size, stub.open]).toEqual([0, 0]);
      await client.close();
      expect([reactor.clock.timers, reactor.reports.problems]).toEqual([0, []]);
    },
  );

  test('that served before do not keep those waiting who want a new one', async () => {
    // Twice a connection turns out to be stale, while others keep the only place busy.
    const reactor = createTestReactor();
    const stub = new StubServer();
    stub.expect('GET', '/stale').reply({ body: 'ok' }, 'reset', 'reset', { body: 'at last' });
    stub.expect('GET', '/busy').always({ body: 'ok', delayMs: 100 });
    const client = httpClient(reactor, {
      endpoint: new PipeEndpoint(stub),
      pool: { maxConnectionsPerOrigin: 1, queueMs: 5_000 },
    });
    const text = (target: string): Promise<string> =>
      Promise.resolve(client.get(`http://a${target}`).addCallback((response) => response.text()));
    expect(await text('/stale')).toBe('ok');
    let done = false;
    const busy = async (): Promise<void> => {
      while (!done) await text('/busy');
    };
    const others = [busy(), busy()];
    await reactor.clock.elapse(150);
    let answer: string | undefined;
    const waited = text('/stale').then((got) => {
      answer = got;
    });
    await reactor.clock.elapse(3_000);
    expect(answer).toBe('at last');
    done = true;
    await reactor.clock.elapse(1_000);
    await Promise.all([...others, waited]);
    await client.close();
  });
});
