import { expect, test } from 'vitest';
import type { Factory } from '../../src/contract/factory.ts';
import { succeed } from '../../src/deferred/succeed.ts';
import { asClientEndpoint, asServerEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { parseUdpEndpoint } from '../../src/endpoints/udp-endpoint.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

test.each(['tcp://host:25', 'unix:/run/x.sock'])(
  'connecting to %s gives the protocol of the factory, and passes the signal on',
  async (text) => {
    const { signal } = new AbortController();
    const seen: unknown[] = [];
    const connect = (options: object, factory: unknown): never => {
      seen.push(options);
      const transport = new FakeTransport();
      transport.adopt(factory as Factory);
      return succeed(transport) as never;
    };
    const refuse = (): never => expect.unreachable();
    const reactor = createTestReactor({
      tcp: { connect, listen: refuse },
      unix: { connect, listen: refuse },
    });
    const protocol = { dataReceived: () => undefined };
    expect(await asClientEndpoint(text).connect(reactor, () => protocol, { signal })).toBe(
      protocol,
    );
    expect(seen).toEqual([expect.objectContaining({ signal })]);
  },
);

test('an endpoint is itself, whatever it is made of', () => {
  const endpoint = asServerEndpoint('tcp://:0');
  expect(asServerEndpoint(endpoint)).toBe(endpoint);
});

test('what the reactor cannot do rejects', async () => {
  const reactor = createTestReactor();
  const unavailable = { code: 'HAWSER_NOT_AVAILABLE' };
  const discard = { dataReceived: () => undefined, datagramReceived: () => undefined };
  await expect(asServerEndpoint('tcp://:0').listen(reactor, () => discard)).rejects.toMatchObject(
    unavailable,
  );
  await expect(asServerEndpoint('unix:/x').listen(reactor, () => discard)).rejects.toMatchObject(
    unavailable,
  );
  await expect(parseUdpEndpoint('udp://:0').bind(reactor, discard)).rejects.toMatchObject(
    unavailable,
  );
});
