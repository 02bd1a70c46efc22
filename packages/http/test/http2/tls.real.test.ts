import { connect as connectHttp2 } from 'node:http2';
import { createNodeReactor, stack, throttle, tls } from '@hawser/core';
import { createTestAuthority } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { http } from '../../src/index.ts';
import { send } from './h2-world.ts';

const host = '127.0.0.1';
const authority = createTestAuthority();
const app = http(async (request, context) => {
  const body = await request.text();
  return new Response(`${context.version} ${request.url} ${context.secure} ${body.length}`);
});

describe.each([
  ['on the socket itself', stack(tls(authority.server('localhost')))],
  [
    'above something else',
    stack(throttle({ readBytesPerSecond: 50_000_000 }), tls(authority.server('localhost'))),
  ],
])('HTTP/2 over TLS %s', (_, secure) => {
  test('answers many requests at a time, small and large', async () => {
    await using port = await createNodeReactor().tcp.listen({ host, port: 0 }, secure(app));
    const at = 'port' in port.address ? port.address.port : 0;
    const client = connectHttp2(`https://localhost:${at}`, {
      ca: authority.ca,
      lookup: (_name, _options, found) => found(null, [{ address: host, family: 4 }]),
    });
    const large = Buffer.alloc(500_000);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (__, nth) =>
        send(client, { ':method': 'POST', ':path': `/${nth}` }, nth % 2 === 0 ? large : 'small'),
      ),
    );
    for (const [nth, answer] of answers.entries()) {
      expect(answer.body).toBe(
        `2.0 https://localhost:${at}/${nth} true ${nth % 2 === 0 ? 500_000 : 5}`,
      );
    }
    client.close();
  });

  test('says goodbye to a client that stays, and is gone before its time', async () => {
    await using port = await createNodeReactor().tcp.listen({ host, port: 0 }, secure(app));
    const at = 'port' in port.address ? port.address.port : 0;
    const client = connectHttp2(`https://localhost:${at}`, {
      ca: authority.ca,
      lookup: (_name, _options, found) => found(null, [{ address: host, family: 4 }]),
    });
    const goaways: number[] = [];
    client.on('goaway', (code) => void goaways.push(code));
    await send(client, {});
    const report = await port.drain(createNodeReactor().clock.now() + 10_000);
    expect(report).toMatchObject({ aborted: 0 });
    expect(goaways[0]).toBe(0);
  });
});
