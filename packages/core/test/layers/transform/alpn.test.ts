import { expect, test } from 'vitest';
import { TLS } from '../../../src/connection/info-keys.ts';
import { stack, stackWarnings } from '../../../src/connection/stack.ts';
import { maxConnections } from '../../../src/layers/admission/max-connections.ts';
import { alpn } from '../../../src/layers/transform/alpn.ts';
import { tls } from '../../../src/layers/transform/tls.ts';
import { FakeTransport } from '../../../testing/fake-transport.ts';

const named = (name: string) => ({ name, buildProtocol: () => ({ dataReceived() {} }) });
const routes = { h2: named('http2'), 'http/1.1': named('http1') };

test.each([
  ['h2', 'http2'],
  ['http/1.1', 'http1'],
  [undefined, 'http1'],
])('a client that agreed on %s is one of %s from then on', (agreed, label) => {
  const transport = new FakeTransport({ info: new Map([[TLS, { alpn: agreed }]]) });
  transport.adopt(alpn({ ...routes, otherwise: routes['http/1.1'] }));
  expect(transport.context.label).toBe(label);
});

test.each([
  ['spdy', 'nobody speaks what was agreed'],
  [undefined, 'the client offers no ALPN'],
])('without otherwise, a client that agreed on %s is refused', async (agreed, why) => {
  const transport = new FakeTransport({ info: new Map([[TLS, { alpn: agreed }]]) });
  transport.adopt(alpn(routes));
  await transport.settle();
  expect(transport.closedWith).toEqual({ kind: 'refused', by: 'alpn', why });
});

test('wrong orders behind a name are found', () => {
  const wrong = stack(tls({}), maxConnections(3))(routes.h2);
  expect(stackWarnings(alpn({ h2: wrong }))).toHaveLength(1);
});
