import { describe, expect, test } from 'vitest';
import { http } from '../../src/index.ts';
import { testClient } from '../../testing/index.ts';

const protocols = ['h2'] as const;

describe('a client with HTTP/2', () => {
  test('asks and is answered, on one connection', async () => {
    await using client = testClient(
      http(
        async (request) => new Response(`${request.method} ${request.url} ${await request.text()}`),
      ),
      { protocols },
    );
    const response = await client.post('/a?b', { body: 'hello' });
    expect(response.version).toBe('2.0');
    expect(await response.text()).toBe('POST http://test/a?b hello');
    const texts = await Promise.all(
      Array.from({ length: 20 }, (_, at) => client.get(`/${at}`).addCallback((r) => r.text())),
    );
    expect(texts).toHaveLength(20);
    expect(client.connections.size).toBe(1);
    expect(client.status).toEqual({ origins: 1, connections: 1, idle: 1, waiting: 0 });
    await client.elapse(4_000);
    expect(client.connections.size).toBe(0);
    await client.close();
    expect(client.reactor.clock.timers).toBe(0);
  });
});
