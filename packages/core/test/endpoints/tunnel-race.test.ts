// A name that is looked up on this side of a SOCKS proxy: its addresses are asked for in turn.
import { beforeEach, describe, expect, test } from 'vitest';
import type { Factory } from '../../src/contract/factory.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { ResolvedAddress } from '../../src/contract/resolver.ts';
import type { Tcp } from '../../src/contract/tcp.ts';
import { Deferred } from '../../src/deferred/deferred.ts';
import { fail } from '../../src/deferred/fail.ts';
import { succeed } from '../../src/deferred/succeed.ts';
import { parseClientEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { CancelledError, ConnectError } from '../../src/errors.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { createTestReactor, type TestReactor } from '../../testing/test-reactor.ts';

type Lookup = (host: string, family: 4 | 6) => Deferred<readonly ResolvedAddress[]>;

const TEXT = 'socks5+tcp://me:pw@proxy:1080/example.net:25?resolve=local&socks5.timeoutMs=4000';
const SHOWN = String(parseClientEndpoint(TEXT)).replace('pw', '***');
const LET_IN = Buffer.from('0500', 'hex');
const OPEN = Buffer.from('05000001000000000000', 'hex');
const REFUSED = Buffer.from('0505', 'hex');
const V4 = '050100010a0000090019';
const V6 = '0501000420010db80000000000000000000000090019';

let reactor: TestReactor;
/** One for each connection to the proxy. */
let tunnels: FakeTransport[];
let heard: string[];
let made: number;
let proxyIsDown: boolean;

beforeEach(() => {
  heard = [];
  tunnels = [];
  made = 0;
  proxyIsDown = false;
  const connect: Tcp['connect'] = (_place, factory) => {
    const transport = new FakeTransport({ reactor, side: 'client' });
    tunnels.push(transport);
    if (proxyIsDown) return fail(new ConnectError('HAWSER_CONNECT', 'connect ECONNREFUSED'));
    transport.adopt(factory as Factory);
    return succeed(transport);
  };
  reactor = createTestReactor({ tcp: { connect, listen: () => expect.unreachable() } });
});

const upper = (): Protocol => {
  made += 1;
  return {
    connectionMade: () => void heard.push('made'),
    dataReceived: (data) => void heard.push(String(data)),
    connectionLost: ({ kind }) => void heard.push(`lost ${kind}`),
  };
};
const both: Lookup = (_host, family) =>
  succeed([{ family, host: family === 4 ? '10.0.0.9' : '2001:db8::9' }]);

function connecting(
  lookup: Lookup,
  factory: () => Protocol | undefined = upper,
): Deferred<Protocol> {
  const resolver = {
    lookup: (host: string, { family = 4 }: { family?: 4 | 6 | undefined } = {}) =>
      lookup(host, family),
  };
  return parseClientEndpoint(TEXT).connect({ ...reactor, resolver }, factory);
}

/** What the proxy was asked for on a connection, once it has let this side in. */
async function askedFor(index: number): Promise<string> {
  tunnels[index]?.receive(LET_IN);
  await reactor.clock.settle();
  return tunnels[index]?.take().toString('hex').slice('05020002'.length) ?? '';
}

test('the proxy is told an address, never the name', async () => {
  const asked: string[] = [];
  const lookup = new Deferred<readonly ResolvedAddress[]>();
  const connected = connecting((host, family) => {
    asked.push(`${host} ${family}`);
    return family === 4 ? lookup : fail(new ConnectError('HAWSER_RESOLVE', 'no such address'));
  });
  expect(asked).toEqual(['example.net 6', 'example.net 4']);
  expect(tunnels).toEqual([]);
  lookup.resolve([{ host: '10.0.0.9', family: 4 }]);
  expect(await askedFor(0)).toBe(V4);
  // What comes behind the answer belongs to the protocol.
  tunnels[0]?.receive(Buffer.concat([OPEN, Buffer.from('220')]));
  await connected;
  await reactor.clock.settle();
  tunnels[0]?.receive(' hello');
  tunnels[0]?.lose();
  await reactor.clock.settle();
  expect(heard).toEqual(['made', '220', ' hello', 'lost done']);
  expect(made).toBe(1);
  expect(reactor.clock.timers).toBe(0);
});

test('an address that the proxy cannot reach is followed by the next at once', async () => {
  const connected = connecting(both);
  expect(await askedFor(0)).toBe(V6);
  tunnels[0]?.receive(REFUSED);
  await reactor.clock.settle();
  expect(await askedFor(1)).toBe(V4);
  tunnels[1]?.receive(OPEN);
  await connected;
  expect(tunnels.map(({ wireState }) => wireState)).toEqual(['reset', 'open']);
  expect([made, heard]).toEqual([1, ['made']]);
});

test('an address that does not answer is joined by the next, and the slower one is given up', async () => {
  const connected = connecting(both);
  await askedFor(0);
  expect(tunnels).toHaveLength(1);
  reactor.clock.advance(250);
  expect(await askedFor(1)).toBe(V4);
  tunnels[1]?.receive(OPEN);
  await connected;
  await reactor.clock.settle();
  expect(tunnels.map(({ wireState }) => wireState)).toEqual(['reset', 'open']);
  expect(made).toBe(1);
  expect(reactor.clock.timers).toBe(0);
});

test('two that open in the same turn make one protocol', async () => {
  const connected = connecting(both);
  await askedFor(0);
  reactor.clock.advance(250);
  await askedFor(1);
  for (const tunnel of tunnels) tunnel.receive(OPEN);
  await connected;
  await reactor.clock.settle();
  expect(tunnels.map(({ wireState }) => wireState).toSorted()).toEqual(['open', 'reset']);
  expect([made, heard]).toEqual([1, ['made']]);
});

test('a tunnel that is lost as it opens is one that failed', async () => {
  const connected = connecting(both);
  await askedFor(0);
  tunnels[0]?.receive(OPEN);
  tunnels[0]?.lose();
  await reactor.clock.settle();
  expect([made, heard]).toEqual([0, []]);
  await askedFor(1);
  tunnels[1]?.receive(OPEN);
  await connected;
  expect([made, heard]).toEqual([1, ['made']]);
});

test('a factory that refuses is HAWSER_REFUSED', async () => {
  const connected = connecting(both, () => undefined);
  await askedFor(0);
  tunnels[0]?.receive(OPEN);
  await expect(connected).rejects.toMatchObject({ code: 'HAWSER_REFUSED' });
  expect(tunnels[0]?.wireState).toBe('reset');
});

describe('nothing is connected', () => {
  test('when the proxy refuses every address: the error tells why for each', async () => {
    const connected = connecting(both);
    for (const index of [0, 1]) {
      await askedFor(index);
      tunnels[index]?.receive(REFUSED);
      await reactor.clock.settle();
    }
    await expect(connected).rejects.toMatchObject({
      name: 'ConnectError',
      code: 'HAWSER_PROXY',
      message: `Cannot connect to ${SHOWN}: all 2 addresses failed: 2001:db8::9 (the proxy refused: connection refused), 10.0.0.9 (the proxy refused: connection refused)`,
    });
  });

  test.each([
    ['does not let this side in', Buffer.from('05ff', 'hex'), 'no way to log in is acceptable'],
    ['is none', Buffer.from('SSH-2.0'), 'the answer of the proxy is not understood'],
  ])('when the proxy %s: it is not asked again for each address', async (_, answer, why) => {
    const connected = connecting(both);
    tunnels[0]?.receive(answer);
    await expect(connected).rejects.toMatchObject({
      code: 'HAWSER_PROXY',
      message: expect.stringContaining(why),
    });
    expect(tunnels).toHaveLength(1);
  });

  test('when there is no proxy', async () => {
    proxyIsDown = true;
    await expect(connecting(both)).rejects.toMatchObject({ message: 'connect ECONNREFUSED' });
    expect(tunnels).toHaveLength(1);
  });

  test('when everything together takes too long', async () => {
    const lookup = new Deferred<readonly ResolvedAddress[]>();
    const connected = connecting(() => lookup);
    reactor.clock.advance(4_000);
    await expect(connected).rejects.toMatchObject({
      name: 'ConnectError',
      code: 'HAWSER_CONNECT_TIMEOUT',
      message: expect.stringContaining(SHOWN),
    });
    expect(lookup.peek().state).toBe('rejected');
    expect(reactor.clock.timers).toBe(0);
    expect(tunnels).toEqual([]);
  });

  test('when the name has no address: the proxy is not told the name instead', async () => {
    await expect(connecting(() => succeed([]))).rejects.toMatchObject({ code: 'HAWSER_RESOLVE' });
    expect(tunnels).toEqual([]);
  });

  test.each(['lookup', 'tunnel'])('when it is cancelled during the %s', async (at) => {
    const lookup = new Deferred<readonly ResolvedAddress[]>();
    const connected = connecting(at === 'lookup' ? () => lookup : both);
    connected.cancel();
    await expect(connected).rejects.toBeInstanceOf(CancelledError);
    await reactor.clock.settle();
    expect(tunnels.map(({ wireState }) => wireState)).toEqual(at === 'lookup' ? [] : ['reset']);
    expect(reactor.clock.timers).toBe(0);
    expect(made).toBe(0);
  });
});
