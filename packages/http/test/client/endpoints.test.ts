import { serve, stack, tls } from '@hawser/core';
import { createTestAuthority, withoutLeaks } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { type HttpClientOptions, http, httpClient } from '../../src/index.ts';
import { PipeEndpoint, StubServer, testClient } from '../../testing/index.ts';

const app = http((request) => new Response(request.url));

/** Asks for a URL in a simulation with a server at `where`, and leaves nothing behind. */
function asking(
  where: string,
  url: string,
  options: HttpClientOptions = {},
  factory = app,
): Promise<string> {
  return withoutLeaks(async (sim) => {
    const [server, other] = sim.hosts('server', 'other');
    const listener = serve(where, factory);
    await listener.start(server);
    const client = httpClient(where.startsWith('unix:') ? server : other, {
      retry: false,
      ...options,
    });
    try {
      return await (await client.get(url)).text();
    } finally {
      await client.close();
      await listener.stop();
    }
  });
}

describe('a client reaches a server', () => {
  test('by the host and port of its URL', async () => {
    expect(await asking('tcp://:80', 'http://server/')).toBe('http://server/');
    expect(await asking('tcp://:8080', 'http://server:8080/x')).toBe('http://server:8080/x');
  });

  test('by an endpoint of its own', async () => {
    const url = 'http://any.example/x';
    expect(await asking('tcp://:99', url, { endpoint: 'sim://server:99' })).toBe(url);
    expect(await asking('unix:/run/app.sock', url, { endpoint: 'unix:/run/app.sock' })).toBe(url);
  });

  test('by an endpoint for some origins', async () => {
    const endpoint: HttpClientOptions['endpoint'] = ({ hostname, port, scheme }) =>
      hostname === 'any.example' && port === 80 && scheme === 'http'
        ? 'tcp://server:99'
        : undefined;
    expect(await asking('tcp://:99', 'http://any.example/', { endpoint })).toBe(
      'http://any.example/',
    );
    expect(await asking('tcp://:80', 'http://server/', { endpoint })).toBe('http://server/');
  });

  test('with TLS for the name of its URL, whatever the way', async () => {
    const authority = createTestAuthority();
    const secured = stack(tls(authority.server('secure.example')))(app);
    const trust = { ca: authority.ca };
    const url = 'https://secure.example/';
    expect(
      await asking('tcp://:443', url, { tls: trust, endpoint: 'tcp://server:443' }, secured),
    ).toBe(url);
    expect(
      await asking('unix:/run/s.sock', url, { tls: trust, endpoint: 'unix:/run/s.sock' }, secured),
    ).toBe(url);
    const wrong = { tls: trust, endpoint: 'tcp://server:443' };
    await expect(asking('tcp://:443', 'https://other.example/', wrong, secured)).rejects.toThrow(
      /other\.example/,
    );
  });

  test('but not one that is not there', async () => {
    await expect(asking('tcp://:80', 'http://nowhere.example/')).rejects.toMatchObject({
      cause: { code: 'HAWSER_RESOLVE', phase: 'connect' },
    });
    await expect(asking('tcp://:80', 'http://server:81/')).rejects.toMatchObject({
      cause: { code: 'HAWSER_CONNECT', phase: 'connect', sent: 'nothing' },
    });
    await expect(asking('tcp://:80', 'http://a/', { endpoint: 'nonsense' })).rejects.toMatchObject({
      cause: { code: 'HAWSER_BAD_ENDPOINT' },
    });
  });

  test('of a request, which a redirect to elsewhere leaves', async () => {
    const stub = new StubServer();
    stub
      .expect('GET', '/')
      .reply(
        { status: 302, headers: { location: '/next' } },
        { status: 302, headers: { location: 'http://server:81/end' } },
      );
    stub
      .expect('GET', '/next')
      .reply({ status: 302, headers: { location: 'http://server:81/end' } });
    await withoutLeaks(async (sim) => {
      const [server, other] = sim.hosts('server', 'other');
      const here = serve('unix:/run/a.sock', stub);
      const there = serve('tcp://:81', app);
      await here.start(server);
      await there.start(server);
      const client = httpClient(server);
      const response = await client.get('http://local/', { endpoint: 'unix:/run/a.sock' });
      expect(await response.text()).toBe('http://server:81/end');
      expect(other.up).toBe(true);
      await client.close();
      await here.stop();
      await there.stop();
    });
    expect(stub.requests.map(String)).toEqual(['GET /', 'GET /next']);
  });

  test('and no other one, when two ways to the same name look alike', async () => {
    const [one, two] = [new StubServer(), new StubServer()];
    one.expect('*').always({ body: 'one' });
    two.expect('*').always({ body: 'two' });
    const ways = [new PipeEndpoint(one), new PipeEndpoint(two)];
    await using client = testClient(one);
    const texts: string[] = [];
    for (const endpoint of [...ways, ...ways]) {
      texts.push(await (await client.get('http://same/', { endpoint })).text());
    }
    expect(texts).toEqual(['one', 'two', 'one', 'two']);
    expect([one.connections, two.connections]).toEqual([1, 1]);
  });
});
