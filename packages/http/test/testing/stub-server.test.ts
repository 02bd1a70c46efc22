import { describe, expect, test } from 'vitest';
import { StubServer, testClient } from '../../testing/index.ts';

describe('a stub server', () => {
  test('answers in the order in which it was told', async () => {
    const stub = new StubServer();
    stub.expect('GET', '/a').reply({ body: 'one' }, { status: 404 });
    stub.expect('*', /^\/b/).always((request) => ({ body: request.target }));
    await using client = testClient(stub);
    const texts: string[] = [];
    for (const path of ['/a', '/b1', '/a', '/b2']) {
      const response = await client.get(path);
      texts.push(`${response.status} ${await response.text()}`);
    }
    expect(texts).toEqual(['200 one', '200 /b1', '404 ', '200 /b2']);
    expect(stub.requests.map(String)).toEqual(['GET /a', 'GET /b1', 'GET /a', 'GET /b2']);
    expect(() => stub.verify()).not.toThrow();
  });

  test('is loud about a request that nobody expects', async () => {
    const stub = new StubServer();
    stub.expect('GET', '/a');
    await using client = testClient(stub);
    await (await client.get('/a')).text();
    const response = await client.post('/a', { body: 'x' });
    expect([response.status, await response.text()]).toEqual([
      501,
      'Nobody expected the request POST /a',
    ]);
    expect(client.reactor.reports.problems).toMatchObject([
      { where: 'stub', error: { code: 'HAWSER_HTTP_UNEXPECTED_REQUEST' } },
    ]);
    expect(() => stub.verify()).toThrow('nobody expected POST /a');
  });

  test('misses what does not come', () => {
    const stub = new StubServer();
    stub.expect('GET', '/a').reply({}, {});
    expect(() => stub.verify()).toThrow('GET /a did not come');
  });

  test('misses what comes less often than it was told to answer differently', async () => {
    const stub = new StubServer();
    stub.expect('GET', '/a').reply({}, { status: 404 }).always({ status: 410 });
    await using client = testClient(stub);
    await (await client.get('/a')).text();
    expect(() => stub.verify()).toThrow('GET /a did not come');
    await (await client.get('/a')).text();
    expect(() => stub.verify()).not.toThrow();
  });

  test('misses the rest of a request', async () => {
    const stub = new StubServer();
    stub.expect('POST', '/a');
    await using client = testClient(stub);
    async function* broken(): AsyncGenerator<string> {
      yield 'half';
      await client.elapse(0);
      throw new Error('The source broke');
    }
    await expect(client.post('/a', { body: broken() })).rejects.toThrow('source failed');
    expect(() => stub.verify()).toThrow('POST /a did not come as a whole');
  });

  test('matches by a pattern, whatever its flags are', async () => {
    const stub = new StubServer();
    stub.expect('GET', /a/g).reply({}, {}, {});
    await using client = testClient(stub);
    for (const path of ['/xa', '/a', '/a']) {
      expect((await client.get(path)).status).toBe(200);
    }
    stub.verify();
  });

  test('waits on the clock of the test', async () => {
    const stub = new StubServer();
    stub.expect('GET').reply({ delayMs: 3_600_000, body: ['a', 'b'], pieceDelayMs: 60_000 });
    await using client = testClient(stub, { timeouts: { headMs: 0, bodyIdleMs: 0 } });
    const text = client.get('/').addCallback((response) => response.text());
    await client.elapse(3_659_999);
    expect(text.peek().state).toBe('pending');
    await client.elapse(1);
    expect(await text).toBe('ab');
    expect(stub.requests[0]?.at).toBe(0);
  });

  test('reads requests as strictly as a server', async () => {
    const stub = new StubServer();
    await using client = testClient({
      name: 'between',
      buildProtocol: (incoming) => {
        const protocol = stub.buildProtocol(incoming);
        return {
          connectionMade: (transport) => protocol.connectionMade?.(transport),
          dataReceived: (data) => protocol.dataReceived(Buffer.concat([Buffer.from('X '), data])),
          connectionLost: (reason) => protocol.connectionLost?.(reason),
        };
      },
    });
    await expect(client.get('/')).rejects.toMatchObject({ code: 'HAWSER_HTTP_INCOMPLETE' });
    expect(() => stub.verify()).toThrow('a request was malformed');
  });
});

describe('a test client', () => {
  test('runs on virtual time', async () => {
    await using client = testClient(
      async () => {
        await new Promise<void>((done) => client.reactor.clock.callLater(86_400_000, done));
        return new Response('tomorrow');
      },
      { timeouts: { headMs: 0 } },
    );
    const asked = client.get('/');
    await client.elapse(86_399_999);
    expect(asked.peek().state).toBe('pending');
    await client.elapse(1);
    expect(await (await asked).text()).toBe('tomorrow');
  });

  test('has limits of the server to test', async () => {
    const server = { maxBodyBytes: 10 };
    await using client = testClient(async (request) => new Response(await request.text()), {
      server,
    });
    expect((await client.post('/', { body: 'x'.repeat(11) })).status).toBe(413);
  });

  test('cuts what is sent as it is told', async () => {
    await using client = testClient(async (request) => new Response(await request.text()), {
      cut: 'bytes',
    });
    expect(await (await client.post('/', { body: 'in pieces' })).text()).toBe('in pieces');
  });

  test('leaves nothing behind', async () => {
    const client = testClient(() => new Promise<Response>(() => undefined));
    const asked = client.get('/');
    await client.elapse(10);
    await client[Symbol.asyncDispose]();
    await expect(asked).rejects.toMatchObject({ code: 'HAWSER_HTTP_CLIENT_CLOSED' });
    expect([client.connections.size, client.reactor.clock.timers]).toEqual([0, 0]);
  });
});
