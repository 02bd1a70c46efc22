import { describe, expect, test } from 'vitest';
import { stack } from '../../src/connection/stack.ts';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { idleTimeout } from '../../src/layers/observer/idle-timeout.ts';
import { transform } from '../../src/layers/transform/transform.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { connectPipe } from '../../testing/pipe.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

/** Writes down what it hears. */
class Listener implements Protocol {
  readonly heard: string[] = [];
  transport: Transport | undefined;

  connectionMade(transport: Transport): void {
    this.transport = transport;
    this.heard.push('made');
  }
  dataReceived(data: Buffer): void {
    this.heard.push(String(data));
  }
  readEnded(): void {
    this.heard.push('ended');
  }
  writeDrained(): void {
    this.heard.push('drained');
  }
  drainRequested(): void {
    this.heard.push('drain');
  }
  connectionLost(reason: CloseReason): void {
    this.heard.push(`lost: ${reason.kind}`);
  }
}

function joined(): {
  readonly reactor: ReturnType<typeof createTestReactor>;
  readonly here: Listener;
  readonly there: Listener;
  readonly ends: ReturnType<typeof connectPipe>;
} {
  const reactor = createTestReactor();
  const [here, there] = [new Listener(), new Listener()];
  const ends = connectPipe(
    reactor,
    () => here,
    () => there,
  );
  return { reactor, here, there, ends };
}

const ways: Readonly<Record<string, (ends: ReturnType<typeof joined>['ends']) => void>> = {
  'a close': ({ server }) => server.close(),
  'a close of the peer': ({ client }) => client.close(),
  'an abort': ({ server }) => server.abort(),
  'an abort of the peer': ({ client }) => client.abort(),
};

describe('the loss of a connection is told once and last', () => {
  const pairs = Object.keys(ways).flatMap((one) => Object.keys(ways).map((two) => [one, two]));

  test.each(pairs)('%s and %s in one turn', async (one = '', two = '') => {
    const { reactor, here, there, ends } = joined();
    for (const each of [here, there]) each.readEnded = () => each.transport?.end();
    await reactor.clock.settle();
    ways[one]?.(ends);
    ways[two]?.(ends);
    await reactor.clock.settle();
    // A close may wait for its peer, but not for ever.
    await reactor.clock.elapse(60_000);
    for (const { heard } of [here, there]) {
      expect(heard.filter((each) => each.startsWith('lost'))).toHaveLength(1);
      expect(heard.at(-1)).toMatch(/^lost/);
    }
  });
});

test('nothing is heard after the loss, whatever the wire still has', async () => {
  const listener = new Listener();
  const transport = new FakeTransport();
  transport.start(listener);
  transport.lose();
  await transport.settle();
  transport.receive('late');
  transport.receiveEnd();
  transport.drained();
  transport.requestDrain(1_000);
  transport.lose(new Error('again'));
  await transport.settle();
  expect(listener.heard).toEqual(['made', 'lost: done']);
});

test('the reason tells a clean end, a reset by the peer and an abort of our own apart', async () => {
  for (const [end, reason] of [
    [(ends: ReturnType<typeof joined>['ends']) => ends.client.close(), 'done'],
    [(ends: ReturnType<typeof joined>['ends']) => ends.client.abort(), 'reset'],
    [(ends: ReturnType<typeof joined>['ends']) => ends.server.abort(), 'aborted'],
  ] as const) {
    const { reactor, here, ends } = joined();
    here.readEnded = () => ends.server.close();
    await reactor.clock.settle();
    end(ends);
    await reactor.clock.settle();
    expect(here.heard.at(-1)).toBe(`lost: ${reason}`);
  }
});

test('a throw after an abort is reported, and the abort stays the reason', async () => {
  const reactor = createTestReactor();
  const transport = new FakeTransport({ reactor });
  transport.start({
    connectionMade: () => undefined,
    dataReceived() {
      transport.abort();
      throw new Error('a mistake');
    },
  });
  transport.receive('x');
  await transport.settle();
  expect(transport.closedWith).toEqual({ kind: 'aborted' });
  expect(reactor.reports.problems).toHaveLength(1);
});

test('after the loss write, end, close and abort are harmless', async () => {
  const { reactor, here, ends } = joined();
  await reactor.clock.settle();
  ends.client.abort();
  await reactor.clock.settle();
  const { transport, heard } = here;
  const before = [...heard];
  expect(transport?.write(Buffer.from('x'))).toBe(false);
  transport?.end();
  transport?.close();
  transport?.abort();
  await reactor.clock.settle();
  expect(heard).toEqual(before);
  expect(reactor.clock.timers).toBe(0);
});

test('layers inside layers pass on half-close, pauses, drains and the address of the peer', async () => {
  const same = transform('same', () => ({}));
  const listener = new Listener();
  const peer = { kind: 'tcp', host: '192.0.2.1', port: 4000, family: 4 } as const;
  const transport = new FakeTransport({ peer });
  transport.adopt(stack(same, idleTimeout(60_000), same, same)(() => listener));
  expect(listener.transport?.peer).toEqual(peer);

  listener.transport?.pauseReading();
  transport.receive('one');
  transport.receiveEnd();
  await transport.settle();
  expect(listener.heard).toEqual(['made']);
  listener.transport?.resumeReading();
  await transport.settle();
  expect(listener.heard).toEqual(['made', 'one', 'ended']);

  transport.requestDrain(1_000);
  listener.transport?.write(Buffer.from('still here'));
  await transport.settle();
  expect(transport.takeText()).toBe('still here');
  listener.transport?.end();
  await transport.settle();
  expect(listener.heard).toEqual(['made', 'one', 'ended', 'drain', 'lost: done']);
});
