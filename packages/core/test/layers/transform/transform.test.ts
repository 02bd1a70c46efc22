import { expect, test } from 'vitest';
import { stack } from '../../../src/connection/stack.ts';
import { type TransformControl } from '../../../src/connection/transform-wire.ts';
import type { CloseReason } from '../../../src/contract/close-reason.ts';
import type { Layer } from '../../../src/contract/layer.ts';
import type { Transport } from '../../../src/contract/transport.ts';
import { transform } from '../../../src/layers/transform/transform.ts';
import { connectPipe } from '../../../testing/pipe.ts';
import { createTestReactor } from '../../../testing/test-reactor.ts';

test('a resume of the protocol never lifts the hold of a layer, nor the other way round', async () => {
  const reactor = createTestReactor();
  let control: TransformControl | undefined;
  let upper: Transport | undefined;
  let got = '';
  const holding = transform('holding', (given) => {
    control = given;
    return {};
  });
  const server = stack(holding)(() => ({
    connectionMade(t) {
      upper = t;
    },
    dataReceived(data) {
      got += data.toString('latin1');
    },
  }));
  const { client } = connectPipe(reactor, server, () => ({ dataReceived() {} }));
  const send = async (text: string): Promise<string> => {
    client.write(Buffer.from(text));
    await reactor.clock.settle();
    return got;
  };
  const first = control?.hold();
  const second = control?.hold();
  upper?.pauseReading();
  upper?.resumeReading();
  expect(await send('1')).toBe('');
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  expect(await send('2')).toBe('');
  upper?.pauseReading();
  second?.[Symbol.dispose]();
  expect(await send('3')).toBe('');
  upper?.resumeReading();
  expect(await send('4')).toBe('1234');
});

test('a transformation that throws on its way down ends that connection alone and is reported', async () => {
  const reactor = createTestReactor();
  const broken = transform('broken', () => ({
    sent() {
      throw new Error('a mistake');
    },
  }));
  const reasons: CloseReason[] = [];
  let written: unknown;
  const { server } = connectPipe(
    reactor,
    stack(broken)(() => ({
      connectionMade(t) {
        t.onClose((reason) => reasons.push(reason));
        t.reactor.clock.callSoon(() => {
          written = t.write(Buffer.from('x'));
        });
      },
      dataReceived() {},
    })),
    () => ({ dataReceived() {} }),
  );
  await reactor.clock.settle();
  expect(server.ending).toBe(true);
  expect(reasons).toMatchObject([{ kind: 'protocol', error: { message: 'a mistake' } }]);
  expect(reactor.reports.problems).toHaveLength(1);
  expect(typeof written).toBe('boolean');
});

test('a transformation hears both ends once, behind the data, and a throw ends the connection', async () => {
  const reactor = createTestReactor();
  const heard: string[] = [];
  const listening = transform('listening', () => ({
    received(data) {
      heard.push(`received ${String(data)}`);
      return data;
    },
    receivedEnd: () => void heard.push('received the end'),
    sentEnd() {
      heard.push('sent the end');
      throw new Error('a mistake');
    },
  }));
  const reasons: CloseReason[] = [];
  const { client, server } = connectPipe(
    reactor,
    stack(listening)(() => ({ dataReceived() {} })),
    () => ({ dataReceived() {} }),
  );
  server.onClose((reason) => reasons.push(reason));
  client.write(Buffer.from('x'));
  client.end();
  await reactor.clock.settle();
  expect(heard).toEqual(['received x', 'received the end', 'sent the end']);
  expect(reasons).toMatchObject([{ kind: 'protocol', error: { message: 'a mistake' } }]);
  expect(reactor.reports.problems).toMatchObject([{ error: { message: 'a mistake' } }]);
});

/** A server behind layers whose protocol does nothing, and a client that only reads. */
function behind(...layers: readonly Layer[]) {
  const reactor = createTestReactor();
  const heard: string[] = [];
  let upper: Transport | undefined;
  const { client } = connectPipe(
    reactor,
    stack(...layers)(() => ({
      connectionMade(transport) {
        upper = transport;
      },
      dataReceived() {},
      writeDrained: () => heard.push('drained'),
      connectionLost: ({ kind }) => heard.push(kind),
    })),
    () => ({ dataReceived() {}, readEnded() {} }),
  );
  if (!upper) throw new TypeError('the server was refused');
  return { reactor, heard, client, upper };
}

test('drained comes though a transformation sends less than was written', async () => {
  const half = transform('half', () => ({ sent: (data) => data.subarray(data.length >> 1) }));
  const { reactor, heard, client, upper } = behind(half);
  client.pauseReading();
  expect(upper.write(Buffer.alloc(80_000))).toBe(false);
  await reactor.clock.settle();
  client.resumeReading();
  await reactor.clock.settle();
  expect(heard).toEqual(['drained']);
});

test('drained comes though what was full has left while the last writes were corked', async () => {
  const { reactor, heard, client, upper } = behind(transform('same', () => ({})));
  client.pauseReading();
  expect(upper.write(Buffer.alloc(60_000))).toBe(true);
  upper.cork();
  expect(upper.write(Buffer.alloc(10_000))).toBe(false);
  client.resumeReading();
  await reactor.clock.settle();
  upper.uncork();
  await reactor.clock.settle();
  expect(heard).toEqual(['drained']);
});

test.each([0, 1, 2])(
  'with %i layers, a close that has sent all is done, whatever its deadline',
  async (count) => {
    const layers = Array.from({ length: count }, () => transform('same', () => ({})));
    const { reactor, heard, upper } = behind(...layers);
    upper.write(Buffer.from('bye'));
    upper.close({ deadlineMs: 500 });
    await reactor.clock.elapse(1999);
    expect(heard).toEqual([]);
    await reactor.clock.elapse(1);
    expect(heard).toEqual(['done']);
    expect(reactor.clock.timers).toBe(0);
  },
);

test('a close with nothing to send that stays corked ends at its deadline', async () => {
  const { reactor, heard, upper } = behind(transform('same', () => ({})));
  upper.cork();
  upper.close({ deadlineMs: 500 });
  await reactor.clock.elapse(500);
  expect(heard).toEqual(['timeout']);
});
