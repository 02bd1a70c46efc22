import { expect, test } from 'vitest';
import { stack, stackWarnings } from '../../src/connection/stack.ts';
import type { Factory } from '../../src/contract/factory.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import { maxConnections } from '../../src/layers/admission/max-connections.ts';
import { CLIENT_HELLO, clientHello } from '../../src/layers/preamble/client-hello.ts';
import {
  routeByServerName,
  type ServerNameRoutes,
} from '../../src/layers/preamble/client-hello-router.ts';
import { sniff } from '../../src/layers/preamble/sniff.ts';
import { tls } from '../../src/layers/transform/tls.ts';
import { chunkings } from '../../testing/chunkings.ts';
import { clientHelloBytes } from '../../testing/client-hello-bytes.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { feed } from '../../testing/feed.ts';
import { createTestReactor, type TestReactor } from '../../testing/test-reactor.ts';

const hello = clientHelloBytes({ serverName: 'a.example', alpn: ['h2'], recordBytes: 40 });

/** Answers with what it knows, then with every byte it gets. */
function teller(name: string): Factory {
  return {
    name,
    buildProtocol(incoming): Protocol {
      const asked = incoming.info(CLIENT_HELLO);
      return {
        connectionMade(t) {
          expect(t.info(CLIENT_HELLO)).toBe(asked);
          t.write(
            Buffer.from(`${name} ${asked?.serverName} ${asked?.alpn} ${asked?.versions[0]}|`),
          );
          this.dataReceived = (data) => void t.write(data);
        },
        dataReceived() {},
      };
    },
  };
}

test('whoever comes next knows the hello and gets every byte, however they were cut', async () => {
  const input = Buffer.concat([hello, Buffer.from('more')]);
  const fed = await feed(clientHello()(teller('inner')), input);
  expect(fed.written.toString('latin1')).toBe(
    `inner a.example h2 TLSv1.3|${input.toString('latin1')}`,
  );
  expect(fed.problems).toEqual([]);
});

test('garbage ends the connection at its first wrong byte, and builds nothing', async () => {
  const transport = new FakeTransport();
  transport.adopt(clientHello()({ name: 'never', buildProtocol: () => expect.fail() }));
  transport.receive('G');
  await transport.settle();
  expect(transport.closedWith).toMatchObject({
    kind: 'protocol',
    error: { code: 'HAWSER_BAD_CLIENT_HELLO' },
  });
  expect(transport.reactor.reports).toMatchObject({ problems: [] });
});

test('a client that does not finish its hello in time is cut off', async () => {
  const transport = new FakeTransport();
  transport.adopt(clientHello({ withinMs: 50 })(teller('inner')));
  const { clock } = reactorOf(transport);
  for (const byte of hello.subarray(0, 49)) {
    transport.receive(Buffer.of(byte));
    await clock.elapse(1);
  }
  expect(transport.closedWith).toBeUndefined();
  await clock.elapse(1);
  expect(transport.closedWith).toEqual({ kind: 'timeout', timer: 'handshake', afterMs: 50 });
  expect(clock.timers).toBe(0);
});

test('a client that ends or vanishes before its hello leaves no timer behind', async () => {
  for (const leave of ['receiveEnd', 'lose'] as const) {
    const transport = new FakeTransport();
    transport.adopt(clientHello()(teller('inner')));
    transport.receive(hello.subarray(0, 20));
    transport[leave]();
    const { clock } = reactorOf(transport);
    await clock.elapse(5_000);
    expect(transport.closedWith).toEqual({ kind: 'done' });
    expect(clock.timers).toBe(0);
  }
});

test('the time to wait must be a time', () => {
  expect(() => clientHello({ withinMs: 0 })).toThrow(RangeError);
  expect(() => clientHello({ withinMs: Number.NaN })).toThrow(RangeError);
});

const routes: ServerNameRoutes = {
  'a.example': teller('exact'),
  '*.example': teller('wildcard'),
  otherwise: teller('otherwise'),
};

test.each([
  ['a.example', 'exact'],
  ['b.example', 'wildcard'],
  ['c.b.example', 'otherwise'],
  [undefined, 'otherwise'],
])('a client that asks for %s gets %s', async (serverName, expected) => {
  const input = clientHelloBytes({ serverName });
  const { written } = await feed(routeByServerName(routes), input, { cuts: 'bytes' });
  expect(written.toString('latin1').split(' ')[0]).toBe(expected);
  expect(written.subarray(written.indexOf('|') + 1)).toEqual(input);
});

test.each([
  ['b.example', 'nobody serves "b.example"'],
  [undefined, 'the client asks for no name'],
])('without otherwise, a client that asks for %s is refused', async (serverName, why) => {
  const input = clientHelloBytes({ serverName });
  const { closedWith } = await feed(routeByServerName({ 'a.example': teller('a') }), input);
  expect(closedWith).toEqual({ kind: 'refused', by: 'serverName', why });
});

test('reports name who was chosen, and wrong orders behind a name are found', async () => {
  const reactor = createTestReactor();
  const broken: Factory = {
    name: 'broken',
    buildProtocol: () => ({
      dataReceived() {
        throw new Error('a mistake');
      },
    }),
  };
  const transport = new FakeTransport({ reactor });
  transport.adopt(routeByServerName({ 'a.example': broken }));
  transport.receive(hello);
  await transport.settle();
  expect(transport.context.label).toBe('broken');
  expect(reactor.reports.problems).toMatchObject([{ where: 'broken.dataReceived' }]);
  const wrong = stack(tls({}), maxConnections(3))(broken);
  expect(stackWarnings(routeByServerName({ 'a.example': wrong }))).toHaveLength(1);
});

test('a router prints its names, starts and stops each of its factories once, and refuses nonsense', () => {
  const told: string[] = [];
  const shared: Factory = {
    ...teller('shared'),
    started: () => void told.push('started'),
    stopped: () => void told.push('stopped'),
  };
  const router = routeByServerName({ 'a.example': shared, 'b.example': shared, otherwise: shared });
  expect(router.name).toBe('clientHello > serverName(a.example|b.example|otherwise)');
  const port = {} as Parameters<NonNullable<Factory['started']>>[0];
  router.started?.(port);
  router.stopped?.(port);
  expect(told).toEqual(['started', 'stopped']);
  expect(() => routeByServerName({ '*': teller('a') })).toThrow(TypeError);
});

test('sniff knows the layer, and the hello is read behind it', async () => {
  const http = { match: { maxBytes: 1, test: () => 'yes' as const }, to: teller('http') };
  const factory = sniff({ tls: stack(clientHello())(teller('tls')), http });
  for (const chunks of chunkings(hello, 5)) {
    const transport = new FakeTransport();
    transport.adopt(factory);
    for (const chunk of chunks) transport.receive(chunk);
    await transport.settle();
    expect(transport.takeText('latin1')).toBe(
      `tls a.example h2 TLSv1.3|${hello.toString('latin1')}`,
    );
  }
});

function reactorOf({ reactor }: FakeTransport): TestReactor {
  return reactor as TestReactor;
}
