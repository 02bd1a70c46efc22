import { expect, test } from 'vitest';
import { stack, stackWarnings } from '../../../src/connection/stack.ts';
import type { CloseReason } from '../../../src/contract/close-reason.ts';
import type { Factory, Matcher } from '../../../src/contract/factory.ts';
import type { Port } from '../../../src/contract/port.ts';
import { maxConnections } from '../../../src/layers/admission/max-connections.ts';
import { matchTls } from '../../../src/layers/preamble/matchers.ts';
import { type SniffChoices, type SniffOptions, sniff } from '../../../src/layers/preamble/sniff.ts';
import { tls } from '../../../src/layers/transform/tls.ts';
import { connectPipe } from '../../../testing/pipe.ts';
import { createTestReactor } from '../../../testing/test-reactor.ts';
import { localhostCertificate } from '../../fixtures/localhost-certificate.ts';

const silent = { name: 'silent', buildProtocol: () => ({ dataReceived() {} }) };

function startsWith(text: string): Matcher {
  return {
    maxBytes: text.length,
    test(head) {
      const seen = head.toString('latin1', 0, text.length);
      if (!text.startsWith(seen)) return 'no';
      return seen === text ? 'yes' : 'more';
    },
  };
}

/** A client that says `hello` inside TLS. */
function securely(hello: string): Factory {
  const upper: Factory = {
    name: 'upper',
    buildProtocol: () => ({
      connectionMade: (transport) => void transport.write(Buffer.from(hello)),
      dataReceived() {},
    }),
  };
  return {
    name: 'client',
    buildProtocol: () => ({
      connectionMade: (transport) =>
        void transport.reactor.tls.startClient(transport, { verify: false }, upper),
      dataReceived() {},
    }),
  };
}

function setUp(names: readonly string[], options: SniffOptions & { cut?: 'bytes' } = {}) {
  const { cut, ...sniffOptions } = options;
  const reactor = createTestReactor();
  const got: Record<string, string> = {};
  const take = (name: string, match?: Matcher): Factory => ({
    name,
    match,
    buildProtocol() {
      got[name] ??= '';
      return {
        dataReceived(data) {
          got[name] += data.toString('latin1');
        },
      };
    },
  });
  const choices: Record<string, Factory> = {};
  for (const name of names) {
    const special = name === 'silent' || name === 'otherwise';
    choices[name] = take(name, special ? undefined : startsWith(name));
  }
  const ends = connectPipe(reactor, sniff(choices as SniffChoices, sniffOptions), silent, { cut });
  const reasons: CloseReason[] = [];
  ends.server.onClose((reason) => reasons.push(reason));
  return { ...ends, reactor, got, reasons };
}

test.each([undefined, 'bytes'] as const)('the first bytes decide, cut %s', async (cut) => {
  const { client, reactor, got } = setUp(['GET ', 'SSH-'], cut && { cut });
  client.write(Buffer.from('SSH-2.0-me\r\nmore'));
  await reactor.clock.settle();
  expect(got).toEqual({ 'SSH-': 'SSH-2.0-me\r\nmore' });
  expect(reactor.clock.timers).toBe(0);
});

test('an undecided earlier choice blocks a later one', async () => {
  const { client, reactor, got } = setUp(['GETTING', 'GET']);
  client.write(Buffer.from('GET'));
  await reactor.clock.settle();
  expect(got).toEqual({});
  client.write(Buffer.from('S'));
  await reactor.clock.settle();
  expect(got).toEqual({ GET: 'GETS' });
});

test('a matcher that still wants more at its limit says no', async () => {
  const reactor = createTestReactor();
  const greedy: Matcher = { maxBytes: 4, test: () => 'more' };
  let built = '';
  const take = (name: string) => ({
    name,
    buildProtocol() {
      built = name;
      return { dataReceived() {} };
    },
  });
  const server = sniff({ greedy: { match: greedy, to: take('greedy') }, otherwise: take('rest') });
  const { client } = connectPipe(reactor, server, silent);
  client.write(Buffer.from('123'));
  await reactor.clock.settle();
  expect(built).toBe('');
  client.write(Buffer.from('4'));
  await reactor.clock.settle();
  expect(built).toBe('rest');
});

test('a silent client goes to silent after silentAfterMs', async () => {
  const { client, reactor, got } = setUp(['GET ', 'silent'], { silentAfterMs: 300 });
  await reactor.clock.elapse(299);
  expect(got).toEqual({});
  await reactor.clock.elapse(1);
  expect(got).toEqual({ silent: '' });
  client.write(Buffer.from('HELO'));
  await reactor.clock.settle();
  expect(got).toEqual({ silent: 'HELO' });
});

test('a client that has said something is not silent any more', async () => {
  const { client, reactor, got, reasons } = setUp(['GET ', 'silent'], { decideWithinMs: 1000 });
  client.write(Buffer.from('G'));
  await reactor.clock.elapse(999);
  expect([got, reasons]).toEqual([{}, []]);
  await reactor.clock.elapse(1);
  expect(reasons).toEqual([{ kind: 'timeout', timer: 'handshake', afterMs: 1000 }]);
});

test('a client that sends a byte now and then does not put the deadline off', async () => {
  const { client, reactor, reasons } = setUp(['a very long beginning'], { decideWithinMs: 1000 });
  for (const byte of Buffer.from('a very l')) {
    client.write(Buffer.of(byte));
    await reactor.clock.elapse(150);
  }
  expect(reasons).toHaveLength(1);
});

test('without silent, a silent client is cut off at decideWithinMs', async () => {
  const { reactor, reasons } = setUp(['GET '], { decideWithinMs: 1000 });
  await reactor.clock.elapse(1000);
  expect(reasons).toEqual([{ kind: 'timeout', timer: 'handshake', afterMs: 1000 }]);
});

test('an unknown client goes to otherwise, and without it is cut off', async () => {
  const known = setUp(['GET ', 'otherwise']);
  known.client.write(Buffer.from('HELO'));
  await known.reactor.clock.settle();
  expect(known.got).toEqual({ otherwise: 'HELO' });

  const unknown = setUp(['GET ']);
  unknown.client.write(Buffer.from('HELO'));
  await unknown.reactor.clock.settle();
  expect(unknown.reasons).toMatchObject([
    { kind: 'protocol', error: { code: 'HAWSER_UNRECOGNISED' } },
  ]);
  expect(unknown.reactor.reports.problems).toEqual([]);
});

test('a client that ends before it has said enough is closed', async () => {
  const { client, reactor, reasons } = setUp(['GET ']);
  client.write(Buffer.from('G'));
  client.end();
  await reactor.clock.settle();
  expect(reasons).toEqual([{ kind: 'done' }]);
  expect(reactor.clock.timers).toBe(0);
});

test('a matcher that throws ends that connection alone and is reported', async () => {
  const reactor = createTestReactor();
  const match: Matcher = {
    maxBytes: 1,
    test() {
      throw new Error('a mistake');
    },
  };
  const { client, server } = connectPipe(reactor, sniff({ bad: { match, to: silent } }), silent);
  client.write(Buffer.from('x'));
  await reactor.clock.settle();
  expect(server.ending).toBe(true);
  expect(reactor.reports.problems).toHaveLength(1);
});

test('a choice without a matcher is a mistake', () => {
  expect(() => sniff({ plain: silent })).toThrow(TypeError);
});

test('a choice that is undefined is none', () => {
  const http = { match: startsWith('GET '), to: silent };
  expect(sniff({ http, ssh: undefined, silent: undefined }).name).toBe('sniff(http)');
});

test.each([{ silentAfterMs: 0 }, { silentAfterMs: Number.NaN }, { decideWithinMs: -1 }])(
  'times of %o are a mistake',
  (options) => {
    expect(() => sniff({ silent }, options)).toThrow(RangeError);
  },
);

test('matchTls knows a handshake record', () => {
  const verdicts = [[0x16], [0x16, 3], [0x16, 2], [0x47]].map((head) =>
    matchTls.test(Buffer.from(head)),
  );
  expect(verdicts).toEqual(['more', 'yes', 'no', 'no']);
});

test('a matcher that may ask for nothing or for too much is a mistake', () => {
  for (const maxBytes of [0, 65_537, Number.POSITIVE_INFINITY, 1.5]) {
    const match: Matcher = { maxBytes, test: () => 'more' };
    expect(() => sniff({ greedy: { match, to: silent } })).toThrow(RangeError);
  }
});

test('a client of a byte a second is cut off at the deadline, having cost no more than it sent', async () => {
  const heads: number[] = [];
  const match: Matcher = {
    maxBytes: 65_536,
    test(head) {
      heads.push(head.length);
      return 'more';
    },
  };
  const reactor = createTestReactor();
  const { client, server } = connectPipe(reactor, sniff({ slow: { match, to: silent } }), silent);
  const reasons: CloseReason[] = [];
  server.onClose((reason) => reasons.push(reason));
  for (let second = 0; second < 20 && !client.ending; second++) {
    client.write(Buffer.from('x'));
    await reactor.clock.elapse(1000);
  }
  expect(heads).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(reasons).toEqual([{ kind: 'timeout', timer: 'handshake', afterMs: 10_000 }]);
  expect(reactor.clock.timers).toBe(0);
});

test('a byte at the last moment before silence is an answer', async () => {
  const { client, reactor, got } = setUp(['GET ', 'silent'], { silentAfterMs: 300 });
  await reactor.clock.elapse(299);
  client.write(Buffer.from('G'));
  await reactor.clock.elapse(5000);
  expect(got).toEqual({});
  client.write(Buffer.from('ET /'));
  await reactor.clock.settle();
  expect(got).toEqual({ 'GET ': 'GET /' });
});

test('a process that stops closes clients that are not recognised yet', async () => {
  const { server, reactor, reasons } = setUp(['GET ', 'silent']);
  server.requestDrain(reactor.clock.now() + 1000);
  await reactor.clock.elapse(1000);
  expect(reasons).toHaveLength(1);
  expect(reactor.clock.timers).toBe(0);
});

test('every choice hears of ports that start and stop, once', () => {
  const heard: string[] = [];
  const hears = (name: string): Factory => ({
    ...silent,
    name,
    match: startsWith(name),
    started: () => heard.push(`${name} started`),
    stopped: () => heard.push(`${name} stopped`),
  });
  const [a, b] = [hears('a'), hears('b')];
  const factory = sniff({ a, again: a, b, silent: b, otherwise: hears('c') });
  const port = {} as Port;
  factory.started?.(port);
  factory.stopped?.(port);
  expect(heard.sort()).toEqual([
    'a started',
    'a stopped',
    'b started',
    'b stopped',
    'c started',
    'c stopped',
  ]);
});

test('clients that may wait for the server without a silent branch are reported, once', () => {
  const smtp = { ...silent, name: 'smtp', match: startsWith('EHLO'), speaksFirst: true };
  const plain = { ...smtp, speaksFirst: undefined };
  const layered = stack(maxConnections(3))(smtp);
  const wrong = [
    sniff({ smtp }),
    sniff({ smtp: { match: smtp.match, to: smtp } }),
    sniff({ smtp: { match: smtp.match, to: silent, speaksFirst: true } }),
    sniff({ smtp: layered }),
  ];
  const warning =
    'Cannot be meant: the clients of "smtp" may wait for the server to speak, but no "silent" takes them';
  for (const factory of wrong) {
    expect(stackWarnings(stack(maxConnections(9))(factory))).toEqual([warning]);
    const reactor = createTestReactor();
    connectPipe(reactor, factory, silent);
    connectPipe(reactor, factory, silent);
    expect(reactor.reports.problems).toMatchObject([
      { error: { code: 'HAWSER_LAYER_ORDER', message: warning } },
    ]);
  }
  const right = [
    sniff({ smtp, silent: smtp }),
    sniff({ plain }),
    sniff({ secure: stack(tls({}))(smtp) }),
  ];
  for (const factory of right) expect(stackWarnings(factory)).toEqual([]);
});

test('wrong orders inside of choices are found', () => {
  const secure = stack(tls({}), maxConnections(3))(silent);
  expect(stackWarnings(sniff({ secure }))).toHaveLength(1);
});

test.each(['whole', 'bytes'] as const)('inside TLS it sniffs again, cut %s', async (cut) => {
  const reactor = createTestReactor();
  const got: string[] = [];
  const take = (name: string): Factory => ({
    name,
    match: startsWith(name),
    buildProtocol: () => ({ dataReceived: (data) => void got.push(`${name}: ${String(data)}`) }),
  });
  const inside = sniff({ http: take('GET '), ssh: take('SSH-') });
  const server = sniff({ tls: stack(tls(localhostCertificate))(inside), ssh: take('SSH-') });
  for (const hello of ['GET /', 'SSH-2.0']) {
    const before = got.length;
    connectPipe(reactor, server, securely(hello), { cut });
    for (let turn = 0; got.length === before && turn < 100; turn++) await reactor.clock.settle();
  }
  expect(got.map((each) => each.slice(0, 6))).toEqual(['GET : ', 'SSH-: ']);
});

test('inside of TLS it offers what its choices speak, each name once, and nothing where they say nothing', () => {
  const match: Matcher = { maxBytes: 1, test: () => 'no' };
  const speaks = (...acceptableProtocols: string[]): Factory => ({
    name: 'speaks',
    match,
    acceptableProtocols,
    buildProtocol: () => undefined,
  });
  const mute: Factory = { name: 'mute', match, buildProtocol: () => undefined };
  expect(sniff({ mute }).acceptableProtocols).toBeUndefined();
  const choices = { one: speaks('h2', 'http/1.1'), mute, otherwise: speaks('http/1.1', 'x') };
  expect(stack(maxConnections(9))(sniff(choices)).acceptableProtocols).toEqual([
    'h2',
    'http/1.1',
    'x',
  ]);
});
