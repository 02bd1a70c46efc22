import { describe, expect, test } from 'vitest';
import type { StubRequest } from '../../testing/index.ts';
import { proxyWorld, stubbing } from './proxy-world.ts';

/** What the server behind a proxy gets of the bytes that a peer sends. */
async function received(text: string): Promise<StubRequest> {
  const stub = stubbing({ body: 'ok' });
  const world = proxyWorld(stub);
  world.peer.send(text.replaceAll('\n', '\r\n'));
  await world.reactor.clock.elapse(10);
  await world.over();
  const [request] = stub.requests;
  if (!request || stub.requests.length > 1)
    throw new Error(`${stub.requests.length} requests came`);
  return request;
}

describe('behind a proxy, a request', () => {
  test.each(['websocket', 'h2c'])(
    'with a body keeps it, and its method, where it asks for %s',
    async (protocol) => {
      const request = await received(
        `POST /x HTTP/1.1\nHost: a\nConnection: upgrade\nUpgrade: ${protocol}\nContent-Length: 4\n\nbody`,
      );
      expect([request.method, request.text]).toEqual(['POST', 'body']);
      expect([request.headers.get('upgrade'), request.headers.get('connection')]).toEqual([
        null,
        null,
      ]);
    },
  );

  test.each(['h2c', 'H2C', 'h2', 'HTTP/2.0'])(
    'cannot tunnel HTTP past it as %s',
    async (protocol) => {
      const request = await received(
        `GET /x HTTP/1.1\nHost: a\nConnection: Upgrade, HTTP2-Settings\nUpgrade: ${protocol}\nHTTP2-Settings: AA\n\n`,
      );
      expect([request.headers.get('upgrade'), request.headers.get('http2-settings')]).toEqual([
        null,
        null,
      ]);
    },
  );

  test('asks for the first protocol that may be tunnelled', async () => {
    const request = await received(
      'GET /x HTTP/1.1\nHost: a\nConnection: upgrade\nUpgrade: h2c, websocket\n\n',
    );
    expect(request.headers.get('upgrade')).toBe('websocket');
  });

  test('is for the authority of its absolute target, whatever its Host says', async () => {
    const request = await received('GET http://one/x HTTP/1.1\nHost: two\n\n');
    expect(request.headers.get('x-forwarded-host')).toBe('one');
  });

  test('that comes where there should be a body stays what it is', async () => {
    const smuggled = 'GET /no HTTP/1.1\nHost: a\n\n';
    const request = await received(
      `GET /x HTTP/1.1\nHost: a\nContent-Length: ${smuggled.length + 3}\n\n${smuggled}`,
    );
    expect([request.target, request.text]).toEqual(['/x', '']);
  });
});
