import { expect, test } from 'vitest';
import type { Factory } from '../../src/contract/factory.ts';
import type { Tcp } from '../../src/contract/tcp.ts';
import { fail } from '../../src/deferred/fail.ts';
import { succeed } from '../../src/deferred/succeed.ts';
import { parseClientEndpoint, parseServerEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { withLayers } from '../../src/endpoints/with-layers.ts';
import { ConnectError } from '../../src/errors.ts';
import { maxConnections } from '../../src/layers/admission/max-connections.ts';
import { transform } from '../../src/layers/transform/transform.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

const upper = transform('upper', () => ({
  received: (data) => Buffer.from(String(data).toUpperCase()),
}));

test('listening puts the layers in front of the factory, the first nearest the wire', () => {
  let listened = '';
  const reactor = createTestReactor({
    tcp: {
      listen(_, factory) {
        listened = (factory as Factory).name;
        return fail(new Error('not really'));
      },
      connect: () => expect.unreachable(),
    },
  });
  const endpoint = withLayers(parseServerEndpoint('tcp://:80'), maxConnections(5), upper);
  void endpoint.listen(reactor, { name: 'app', buildProtocol: () => undefined });
  expect(listened).toBe('max(5) > upper > app');
  expect(String(endpoint)).toBe('tcp://:80 max(5) > upper');
  expect(String(withLayers(parseServerEndpoint('tcp://:80')))).toBe('tcp://:80');
});

function connecting(): { transport: FakeTransport; reactor: ReturnType<typeof createTestReactor> } {
  const connect: Tcp['connect'] = (_, factory) => {
    if (transport.adopt(factory as Factory)) return succeed(transport);
    return fail(new ConnectError('HAWSER_REFUSED', 'refused by our own factory'));
  };
  const reactor = createTestReactor({ tcp: { connect, listen: () => expect.unreachable() } });
  const transport = new FakeTransport({ reactor, side: 'client' });
  return { transport, reactor };
}

test('connecting gives the protocol on top of the layers', async () => {
  const { transport, reactor } = connecting();
  const heard: string[] = [];
  const protocol = { dataReceived: (data: Buffer) => void heard.push(String(data)) };
  const endpoint = withLayers(parseClientEndpoint('tcp://host:80'), upper);
  expect(String(endpoint)).toBe('tcp://host:80 upper');
  expect(await endpoint.connect(reactor, () => protocol)).toBe(protocol);
  transport.receive('hello');
  expect(heard).toEqual(['HELLO']);
});

test('a layer that refuses the connection fails it', async () => {
  const { reactor } = connecting();
  const full = maxConnections(1);
  full({ name: 'other', buildProtocol: () => ({ dataReceived() {} }) }).buildProtocol(
    new FakeTransport(),
  );
  const endpoint = withLayers(parseClientEndpoint('tcp://host:80'), full);
  await expect(endpoint.connect(reactor, () => ({ dataReceived() {} }))).rejects.toMatchObject({
    code: 'HAWSER_REFUSED',
  });
});

test('errors name the endpoint without passwords', async () => {
  const { reactor, transport } = connecting();
  const tunnel = parseClientEndpoint('socks5+tcp://me:s3cret@proxy:1/host:80');
  const connected = withLayers(tunnel, upper).connect(reactor, () => undefined);
  transport.receive(Buffer.from('050005000001000000000000', 'hex'));
  await expect(connected).rejects.toMatchObject({
    code: 'HAWSER_REFUSED',
    message: expect.stringContaining(
      'Cannot connect to socks5+tcp://me:***@proxy:1/host:80 upper:',
    ),
  });
});

test('a factory that refuses its own connection is HAWSER_REFUSED', async () => {
  const { reactor } = connecting();
  const endpoint = withLayers(parseClientEndpoint('tcp://host:80'), upper);
  await expect(endpoint.connect(reactor, () => undefined)).rejects.toMatchObject({
    code: 'HAWSER_REFUSED',
  });
});
