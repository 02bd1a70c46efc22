import { connect } from 'node:tls';
import { createNodeReactor, sniff, stack, tls } from '@hawser/core';
import { createTestAuthority } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { http } from '../src/index.ts';

const host = '127.0.0.1';
const authority = createTestAuthority();

/** What a client that offers `names` agrees on, or why it does not. */
function agreed(port: number, names: string[]): Promise<unknown> {
  return new Promise((done) => {
    const options = { ca: authority.ca, servername: 'localhost', ALPNProtocols: names };
    const socket = connect({ host, port, ...options }, () => {
      done(socket.alpnProtocol);
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code));
  });
}

test('over TLS a client agrees on HTTP/2, or on whatever it speaks', async () => {
  const app = sniff({ http: http(() => new Response('hi')) });
  const secured = stack(tls(authority.server('localhost')))(app);
  await using port = await createNodeReactor().tcp.listen({ host, port: 0 }, secured);
  const at = 'port' in port.address ? port.address.port : 0;
  expect(await agreed(at, ['http/1.1', 'h2'])).toBe('h2');
  expect(await agreed(at, ['h2'])).toBe('h2');
  expect(await agreed(at, ['http/1.1'])).toBe('http/1.1');
  expect(await agreed(at, [])).toBe(false);
});

test('without HTTP/2 a client that prefers it agrees on HTTP/1.1, and one that speaks nothing else is told', async () => {
  const app = sniff({ http: http(() => new Response('hi'), { http2: false }) });
  const secured = stack(tls(authority.server('localhost')))(app);
  await using port = await createNodeReactor().tcp.listen({ host, port: 0 }, secured);
  const at = 'port' in port.address ? port.address.port : 0;
  expect(await agreed(at, ['h2', 'http/1.1'])).toBe('http/1.1');
  expect(await agreed(at, ['http/1.0'])).toBe('http/1.0');
  expect(await agreed(at, [])).toBe(false);
  expect(await agreed(at, ['h2'])).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
});
