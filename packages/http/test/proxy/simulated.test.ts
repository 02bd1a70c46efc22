import { delay, serve } from '@hawser/core';
import { withoutLeaks } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { http, httpClient, reverseProxy } from '../../src/index.ts';
import { StubServer } from '../../testing/index.ts';

test('a proxy on a network leaves nothing behind, whoever leaves first', async () => {
  const stub = new StubServer();
  stub.expect('GET', '/').always({ body: ['a', 'b'], pieceDelayMs: 50 });
  stub.expect('GET', '/never').always('silence');
  stub
    .expect('GET', '/cut')
    .always({ raw: 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf', end: 'reset' });
  await withoutLeaks(async (sim) => {
    const [back, front, user] = sim.hosts('back', 'front', 'user');
    const behind = serve('tcp://:8080', stub);
    const before = serve(
      'tcp://:80',
      http(reverseProxy('http://back:8080', { timeouts: { headMs: 1_000 } })),
    );
    await behind.start(back);
    await before.start(front);
    const client = httpClient(user, { baseUrl: 'http://front/', retry: false });

    expect(await (await client.get('/')).text()).toBe('ab');
    expect((await client.get('/never')).status).toBe(504);
    await expect(
      client.get('/cut').addCallback((response) => response.text()),
    ).rejects.toMatchObject({
      code: 'HAWSER_HTTP_INCOMPLETE',
    });
    const left = client.get('/never');
    await delay(100, user.clock);
    left.cancel();
    await expect(left).rejects.toMatchObject({ code: 'HAWSER_CANCELLED' });

    await client.close();
    await before.stop();
    await behind.stop();
    await delay(10_000, user.clock);
    expect(stub.open).toBe(0);
  });
});
