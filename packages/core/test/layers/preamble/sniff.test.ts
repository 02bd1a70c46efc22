import { expect, test } from 'vitest';
import type { CloseReason } from '../../../src/contract/close-reason.ts';
import type { Factory, Matcher } from '../../../src/contract/factory.ts';
import { matchTls } from '../../../src/layers/preamble/matchers.ts';
import { type SniffChoices, type SniffOptions, sniff } from '../../../src/layers/preamble/sniff.ts';
import { connectPipe } from '../../../testing/pipe.ts';
import { createTestReactor } from '../../../testing/test-reactor.ts';

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

test('matchTls knows a handshake record', () => {
  const verdicts = [[0x16], [0x16, 3], [0x16, 2], [0x47]].map((head) =>
    matchTls.test(Buffer.from(head)),
  );
  expect(verdicts).toEqual(['more', 'yes', 'no', 'no']);
});
