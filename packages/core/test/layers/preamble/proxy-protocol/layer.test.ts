import { describe, expect, test } from 'vitest';
import { REAL_LOCAL, REAL_PEER } from '../../../../src/connection/info-keys.ts';
import { stack, stackWarnings } from '../../../../src/connection/stack.ts';
import type { Factory, Incoming } from '../../../../src/contract/factory.ts';
import type { Transport } from '../../../../src/contract/transport.ts';
import { perAddress } from '../../../../src/layers/admission/per-address.ts';
import { PROXY_HEADER } from '../../../../src/layers/preamble/proxy-protocol/header.ts';
import {
  type ProxyProtocolOptions,
  proxyProtocol,
} from '../../../../src/layers/preamble/proxy-protocol/layer.ts';
import { encodeProxyHeader } from '../../../../src/layers/preamble/proxy-protocol/write.ts';
import { tls } from '../../../../src/layers/transform/tls.ts';
import { Arrivals, type From, inet } from '../../arrive.ts';
import { realHeaders } from './real-headers.ts';

const PROXY = '10.0.0.5';
const V1 = realHeaders['v1 TCP4'];

/** Records what the protocol behind the header sees. */
class Seen implements Factory {
  readonly name = 'app';
  incoming: Incoming | undefined;
  transport: Transport | undefined;
  text = '';
  ended = false;

  buildProtocol(incoming: Incoming) {
    this.incoming = incoming;
    return {
      connectionMade: (transport: Transport) => {
        this.transport = transport;
      },
      dataReceived: (data: Buffer) => {
        this.text += data.toString('latin1');
      },
      readEnded: () => {
        this.ended = true;
      },
    };
  }
}

function setUp(options: Partial<ProxyProtocolOptions> = {}, from: From = PROXY) {
  const app = new Seen();
  const layer = proxyProtocol({ trust: ['10.0.0.0/8'], ...options });
  const server = new Arrivals(stack(layer)(app));
  return { app, server, connection: server.arrive(from), clock: server.reactor.clock };
}

test('the reported ends take the place of the real ones, which stay known', () => {
  const { app, connection } = setUp();
  const real = { peer: connection.peer, local: connection.local };
  connection.receive(Buffer.concat([V1, Buffer.from('hello')]));
  for (const seen of [app.incoming, app.transport]) {
    expect(seen?.peer).toEqual(inet('192.0.2.1', 56_324));
    expect(seen?.local).toEqual(inet('198.51.100.1', 443));
    expect(seen?.info(REAL_PEER)).toEqual(real.peer);
    expect(seen?.info(REAL_LOCAL)).toEqual(real.local);
    expect(seen?.info(PROXY_HEADER)).toMatchObject({ version: 1, command: 'proxy' });
  }
  expect(app.text).toBe('hello');
});

test.each(Object.entries(realHeaders))('%s passes a byte at a time', async (_, header) => {
  const { app, connection, clock, server } = setUp();
  for (const byte of header) {
    expect(app.incoming).toBeUndefined();
    connection.receive(Buffer.of(byte));
  }
  connection.receive('x');
  connection.receiveEnd();
  await connection.settle();
  expect([app.text, app.ended]).toEqual(['x', true]);
  expect(clock.timers).toBe(0);
  expect(server.reactor.reports.problems).toEqual([]);
});

test.each(['v1 UNKNOWN', 'v2 health check', 'v2 unspecified'] as const)(
  'after %s the ends are the real ones',
  (name) => {
    const { app, connection } = setUp();
    connection.receive(realHeaders[name]);
    expect(app.transport?.peer).toMatchObject({ host: PROXY });
    expect(app.transport?.info(REAL_PEER)).toBeUndefined();
    expect(app.transport?.info(PROXY_HEADER)).toBeDefined();
  },
);

test('a source that is not trusted is reset, header or not', async () => {
  const { app, connection } = setUp({}, '192.0.2.66');
  connection.receive(V1);
  await connection.settle();
  expect(connection.closedWith).toEqual({
    kind: 'refused',
    by: 'proxy',
    why: 'the peer is not a trusted proxy',
  });
  expect(connection.wireState).toBe('reset');
  expect(app.incoming).toBeUndefined();
});

test('a proxy on a Unix socket is trusted by that word only', () => {
  const unix = { kind: 'unix', path: '' } as const;
  expect(setUp({}, unix).connection.ending).toBe(true);
  expect(setUp({ trust: ['unix'] }, unix).connection.ending).toBe(false);
});

test('a header that is wrong ends the connection as the fault of the peer', async () => {
  const { app, connection, server, clock } = setUp();
  connection.receive('GET / HTTP/1.1\r\n');
  await connection.settle();
  expect(connection.closedWith).toMatchObject({
    kind: 'protocol',
    error: { code: 'HAWSER_BAD_PROXY_HEADER' },
  });
  expect(app.incoming).toBeUndefined();
  expect(server.reactor.reports.problems).toEqual([]);
  expect(clock.timers).toBe(0);
});

test('a header over maxBytes is refused by its length, without waiting for it', async () => {
  const { connection } = setUp({ maxBytes: 40 });
  connection.receive(
    encodeProxyHeader({
      source: inet('192.0.2.1', 1),
      destination: inet('192.0.2.2', 2),
      authority: 'a name that is too long',
    }).subarray(0, 16),
  );
  await connection.settle();
  expect(connection.closedWith).toMatchObject({ kind: 'protocol' });
});

describe('the deadline', () => {
  test('cuts off who says nothing, or not all of it', async () => {
    for (const head of ['', 'PROXY TCP4 ']) {
      const { connection, clock } = setUp({ timeoutMs: 500 });
      connection.receive(head);
      await clock.elapse(499);
      expect(connection.ending).toBe(false);
      await clock.elapse(1);
      expect(connection.closedWith).toEqual({ kind: 'timeout', timer: 'handshake', afterMs: 500 });
    }
  });

  test('is not put off by a byte now and then', async () => {
    const { connection, clock } = setUp({ timeoutMs: 500 });
    for (const byte of V1.subarray(0, 10)) {
      connection.receive(Buffer.of(byte));
      await clock.elapse(60);
    }
    expect(connection.closedWith).toMatchObject({ kind: 'timeout' });
  });

  test('does not hold after the header', async () => {
    const { connection, clock } = setUp({ timeoutMs: 500 });
    connection.receive(V1);
    expect(clock.timers).toBe(0);
    await clock.elapse(10_000);
    expect(connection.ending).toBe(false);
  });
});

test('a connection that ends at once is closed, one that ends inside the header is a fault', async () => {
  const probe = setUp();
  probe.connection.receiveEnd();
  await probe.connection.settle();
  expect(probe.connection.closedWith).toEqual({ kind: 'done' });
  const cut = setUp();
  cut.connection.receive('PROXY T');
  cut.connection.receiveEnd();
  await cut.connection.settle();
  expect(cut.connection.closedWith).toMatchObject({ kind: 'protocol' });
});

describe('where a header is not required', () => {
  test('who begins otherwise passes as itself, with every byte', () => {
    const { app, connection } = setUp({ required: false });
    connection.receive('PRO');
    expect(app.incoming).toBeUndefined();
    connection.receive('BE / HTTP');
    expect(app.text).toBe('PROBE / HTTP');
    expect(app.transport?.peer).toMatchObject({ host: PROXY });
    expect(app.transport?.info(PROXY_HEADER)).toBeUndefined();
  });

  test('a header is still read', () => {
    const { app, connection } = setUp({ required: false });
    connection.receive(V1);
    expect(app.transport?.peer).toMatchObject({ host: '192.0.2.1' });
  });

  test('silence passes after the deadline, half a header does not', async () => {
    const silent = setUp({ required: false, timeoutMs: 500 });
    await silent.clock.elapse(500);
    expect(silent.app.transport?.peer).toMatchObject({ host: PROXY });
    const half = setUp({ required: false, timeoutMs: 500 });
    half.connection.receive('PROXY ');
    await half.clock.elapse(500);
    expect(half.connection.closedWith).toMatchObject({ kind: 'timeout' });
  });

  test('others are not let in by it', () => {
    expect(setUp({ required: false }, '192.0.2.66').connection.ending).toBe(true);
  });
});

test('a chain of proxies: each trusted, the first real peer stays the real one', () => {
  const app = new Seen();
  const trust = ['10.0.0.0/8'];
  const server = new Arrivals(stack(proxyProtocol({ trust }), proxyProtocol({ trust }))(app));
  const connection = server.arrive(PROXY);
  const real = connection.peer;
  const inner = { source: inet('10.7.7.7', 1), destination: inet('10.0.0.1', 2) };
  connection.receive(Buffer.concat([encodeProxyHeader(inner), V1, Buffer.from('x')]));
  expect(app.transport?.peer).toMatchObject({ host: '192.0.2.1' });
  expect(app.transport?.info(REAL_PEER)).toEqual(real);
  expect(app.text).toBe('x');
});

test('layers above judge the client, not the proxy', () => {
  const factory = stack(proxyProtocol({ trust: [PROXY] }), perAddress(1))(new Seen());
  const server = new Arrivals(factory);
  const admitted = ['192.0.2.1', '192.0.2.1', '192.0.2.2'].map((host) => {
    const connection = server.arrive(PROXY);
    const ends = { source: inet(host, 1), destination: inet('198.51.100.1', 443) };
    connection.receive(encodeProxyHeader(ends));
    return !connection.ending;
  });
  expect(admitted).toEqual([true, false, true]);
});

test('above TLS it is in the wrong place, and says so', () => {
  const proxy = proxyProtocol({ trust: [] });
  const secure = tls({});
  expect(stackWarnings(stack(secure, proxy)(new Seen()))).toHaveLength(1);
  expect(stackWarnings(stack(proxy, secure)(new Seen()))).toEqual([]);
});

test.each<Partial<ProxyProtocolOptions>>([
  { timeoutMs: 0 },
  { maxBytes: 15 },
  { maxBytes: 20.5 },
  { trust: ['example.net'] },
])('%o is a mistake', (options) => {
  expect(() => proxyProtocol({ trust: [], ...options })).toThrow(RangeError);
});
