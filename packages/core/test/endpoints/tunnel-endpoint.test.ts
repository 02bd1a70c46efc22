import { beforeEach, describe, expect, test } from 'vitest';
import type { Factory } from '../../src/contract/factory.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Tcp } from '../../src/contract/tcp.ts';
import { succeed } from '../../src/deferred/succeed.ts';
import { HttpConnectClientEndpoint } from '../../src/endpoints/http-connect-endpoint.ts';
import { parseClientEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { Socks5ClientEndpoint } from '../../src/endpoints/socks5-endpoint.ts';
import { TcpClientEndpoint } from '../../src/endpoints/tcp-endpoint.ts';
import { CancelledError, UsageError } from '../../src/errors.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { createTestReactor, type TestReactor } from '../../testing/test-reactor.ts';

let reactor: TestReactor;
let transport: FakeTransport;
let dialled: string[];
let heard: string[];
const upper: Protocol = {
  connectionMade: () => void heard.push('made'),
  dataReceived: (data) => void heard.push(String(data)),
  connectionLost: ({ kind }) => void heard.push(`lost ${kind}`),
};

beforeEach(() => {
  heard = [];
  dialled = [];
  const connect: Tcp['connect'] = ({ host, port }, factory) => {
    dialled.push(`${host}:${port}`);
    transport.adopt(factory as Factory);
    return succeed(transport);
  };
  reactor = createTestReactor({ tcp: { connect, listen: () => expect.unreachable() } });
  transport = new FakeTransport({ reactor, side: 'client' });
});

const SOCKS = 'socks5+tcp://me:pw@proxy/example.net:25';
const HTTP = 'http-connect+tcp://me:pw@proxy:3128/example.net:25';

test('through SOCKS 5: early bytes reach the protocol after its connectionMade', async () => {
  const connected = parseClientEndpoint(SOCKS).connect(reactor, () => upper);
  expect(dialled).toEqual(['proxy:1080']);
  expect(transport.take().toString('hex')).toBe('05020002');
  transport.receive(Buffer.from('0502', 'hex'));
  expect(transport.take().toString('hex')).toBe('01026d65027077');
  transport.receive(Buffer.from('0100', 'hex'));
  expect(transport.take().toString('latin1')).toContain('example.net');
  expect(connected.peek().state).toBe('pending');
  transport.receive(
    Buffer.concat([Buffer.from('05000001000000000000', 'hex'), Buffer.from('220')]),
  );
  expect(await connected).toBe(upper);
  expect(heard).toEqual(['made', '220']);
  // No timer is left, and the bytes pass by nobody else.
  expect(reactor.clock.timers).toBe(0);
  transport.receive('hi');
  transport.lose();
  expect(heard).toEqual(['made', '220', 'hi', 'lost done']);
});

test('through HTTP CONNECT', async () => {
  const connected = parseClientEndpoint(HTTP).connect(reactor, () => upper);
  expect(transport.takeText()).toBe(
    `CONNECT example.net:25 HTTP/1.1\r\nHost: example.net:25\r\nProxy-Authorization: Basic ${btoa('me:pw')}\r\n\r\n`,
  );
  for (const byte of 'HTTP/1.1 200 OK\r\n\r\n220') transport.receive(byte);
  expect(await connected).toBe(upper);
  expect(heard.join('')).toBe('made220');
  expect(reactor.clock.timers).toBe(0);
});

test('who has the connection listens for its end, nobody else', async () => {
  const onClose = transport.onClose.bind(transport);
  let listening = 0;
  transport.onClose = (listener) => {
    const heard = onClose(listener);
    listening += 1;
    return {
      [Symbol.dispose]() {
        listening -= 1;
        heard[Symbol.dispose]();
      },
    };
  };
  const connected = parseClientEndpoint(HTTP).connect(reactor, () => upper);
  expect(listening).toBe(1);
  transport.receive('HTTP/1.1 200 OK\r\n\r\n');
  await connected;
  expect(listening).toBe(0);
});

describe.each([
  ['SOCKS 5', SOCKS, 'socks5+tcp://me:***@proxy:1080/example.net:25'],
  ['HTTP CONNECT', HTTP, 'http-connect+tcp://me:***@proxy:3128/example.net:25'],
])('a tunnel by %s that does not open', (_, text, shown) => {
  test('because the peer is no proxy', async () => {
    const connected = parseClientEndpoint(text).connect(reactor, () => upper);
    transport.receive('SSH-2.0-OpenSSH\r\n');
    await expect(connected).rejects.toMatchObject({
      name: 'ConnectError',
      code: 'HAWSER_PROXY',
      message: expect.stringContaining(`Cannot connect to ${shown}: the answer of the proxy`),
      cause: { name: 'ProtocolError' },
    });
    expect(transport.wireState).toBe('reset');
    expect(reactor.clock.timers).toBe(0);
    // The peer is at fault, not the program.
    expect(reactor.reports.problems).toEqual([]);
  });

  test('because the proxy is silent', async () => {
    const connected = parseClientEndpoint(text).connect(reactor, () => upper);
    reactor.clock.advance(30_000);
    await expect(connected).rejects.toMatchObject({
      code: 'HAWSER_CONNECT_TIMEOUT',
      message: `Cannot connect to ${shown}: handshake timeout after 30000 ms`,
    });
  });

  test('because the proxy goes away', async () => {
    const connected = parseClientEndpoint(text).connect(reactor, () => upper);
    transport.receiveEnd();
    await expect(connected).rejects.toMatchObject({
      code: 'HAWSER_PROXY',
      message: `Cannot connect to ${shown}: the proxy closed the connection`,
    });
    expect(reactor.clock.timers).toBe(0);
  });

  test('because the connection breaks', async () => {
    const connected = parseClientEndpoint(text).connect(reactor, () => upper);
    transport.lose(new Error('read ECONNRESET'));
    await expect(connected).rejects.toMatchObject({ code: 'HAWSER_PROXY' });
    expect(reactor.clock.timers).toBe(0);
  });

  test('because it is cancelled, by hand or by signal', async () => {
    const connected = parseClientEndpoint(text).connect(reactor, () => upper);
    connected.cancel();
    await expect(connected).rejects.toBeInstanceOf(CancelledError);
    expect(transport.wireState).toBe('reset');
    const controller = new AbortController();
    transport = new FakeTransport({ reactor, side: 'client' });
    const { signal } = controller;
    const second = parseClientEndpoint(text).connect(reactor, () => upper, { signal });
    controller.abort();
    await expect(second).rejects.toBeInstanceOf(CancelledError);
    expect(transport.wireState).toBe('reset');
    await transport.settle();
    expect(reactor.clock.timers).toBe(0);
    expect(heard).toEqual([]);
  });

  test('because the process stops', async () => {
    const connected = parseClientEndpoint(text).connect(reactor, () => upper);
    transport.requestDrain(1_000);
    await expect(connected).rejects.toThrow('shut down');
  });
});

test('a factory that refuses is HAWSER_REFUSED', async () => {
  const connected = parseClientEndpoint(HTTP).connect(reactor, () => undefined);
  transport.receive('HTTP/1.1 200 OK\r\n\r\n');
  await expect(connected).rejects.toMatchObject({ code: 'HAWSER_REFUSED' });
  expect(transport.wireState).toBe('reset');
});

test('a proxy behind a proxy', async () => {
  const text = 'socks5+http-connect+tcp://a:1080/b:3128/c:25';
  const connected = parseClientEndpoint(text).connect(reactor, () => upper);
  transport.receive(Buffer.from('0500', 'hex'));
  transport.receive(Buffer.from('05000001000000000000', 'hex'));
  await transport.settle();
  expect(transport.takeText('latin1')).toContain('CONNECT c:25 HTTP/1.1');
  transport.receive('HTTP/1.1 200 OK\r\n\r\n220');
  expect(await connected).toBe(upper);
});

test('the text of values can be parsed back', () => {
  const proxy = new TcpClientEndpoint({ host: '::1', port: 1080, noDelay: false });
  const login = { user: 'a@b:c/d', password: '%?&#:@/' };
  const socks = new Socks5ClientEndpoint({
    proxy,
    target: { host: '2001:db8::1', port: 1 },
    login,
    resolve: 'local',
    timeoutMs: 5,
  });
  const http = new HttpConnectClientEndpoint({
    proxy: socks,
    target: { host: 'x', port: 2 },
    login: { user: 'u', password: undefined },
    maxHeaderBytes: 100,
  });
  const text = String(http);
  expect(text).toBe(
    'socks5+http-connect+tcp://a%40b%3Ac%2Fd:%25%3F%26%23%3A%40%2F@[::1]:1080/u@[2001:db8::1]:1/x:2' +
      '?noDelay=false&socks5.resolve=local&socks5.timeoutMs=5&http-connect.maxHeaderBytes=100',
  );
  expect(parseClientEndpoint(text)).toEqual(http);
  expect(String(parseClientEndpoint(text))).toBe(text);
});

test.each([
  ['socks5+unix:///run/tor.sock?target=h:1', 'socks5+unix:/run/tor.sock?socks5.target=h:1'],
  ['http-connect+unix://run/x?target=h:1', 'http-connect+unix:/run/x?http-connect.target=h:1'],
])('%s prints as %s, which can be parsed back', (text, printed) => {
  expect(String(parseClientEndpoint(text))).toBe(printed);
  expect(String(parseClientEndpoint(printed))).toBe(printed);
});

test.each(['target=a:1&target=b:2', 'target=a:1&login=a:b&socks5.login=c:d'])(
  'the options %s are refused, as one is given twice',
  (options) => {
    expect(() => parseClientEndpoint(`socks5+unix:/x?${options}`)).toThrow('is given twice');
  },
);

test('over TLS to the proxy', () => {
  const text = 'tls+socks5+tcp://proxy:1080/x:25';
  const proxy = parseClientEndpoint('tls://proxy:1080');
  const endpoint = new Socks5ClientEndpoint({ proxy, target: { host: 'x', port: 25 } });
  expect(String(endpoint)).toBe(text);
});

test.each([
  [{ host: 'a b', port: 1 }],
  [{ host: 'a\r\nX: y', port: 1 }],
  [{ host: '', port: 1 }],
  [{ host: 'fe80::1%eth0', port: 1 }],
  [{ host: 'a', port: 0 }],
  [{ host: 'a', port: 65_536 }],
])('the target %j is refused', (target) => {
  const proxy = new TcpClientEndpoint({ host: 'proxy', port: 1 });
  expect(() => new Socks5ClientEndpoint({ proxy, target })).toThrow(UsageError);
  expect(() => new HttpConnectClientEndpoint({ proxy, target })).toThrow(UsageError);
});
