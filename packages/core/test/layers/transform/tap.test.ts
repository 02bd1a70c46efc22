import { expect, test } from 'vitest';
import { stack } from '../../../src/connection/stack.ts';
import type { Transport } from '../../../src/contract/transport.ts';
import { ConversationRecorder, type TapOptions, tap } from '../../../src/layers/transform/tap.ts';
import { FakeTransport } from '../../../testing/fake-transport.ts';
import { connectPipe } from '../../../testing/pipe.ts';
import { replayConversation } from '../../../testing/replay-conversation.ts';
import { createTestReactor } from '../../../testing/test-reactor.ts';

/** Greets, echoes lines, and says goodbye. */
const echo = (banner = 'ready') => {
  let transport: Transport;
  return {
    connectionMade(given: Transport) {
      transport = given;
      transport.write(Buffer.from(`${banner}\r\n`));
    },
    dataReceived: (data: Buffer) => void transport.write(data),
    readEnded() {
      transport.write(Buffer.from('bye\r\n'));
      transport.end();
    },
  };
};

async function record(options: TapOptions = {}) {
  const recorder = new ConversationRecorder();
  const reactor = createTestReactor();
  const { client } = connectPipe(
    reactor,
    stack(tap(recorder.sink, options))(() => echo()),
    () => ({ dataReceived() {}, readEnded() {} }),
  );
  await reactor.clock.settle();
  client.write(Buffer.from('hello\r\n'));
  await reactor.clock.settle();
  client.write(Buffer.from('00ff', 'hex'));
  await reactor.clock.settle();
  client.end();
  await reactor.clock.settle();
  return { text: recorder.conversations[0], recorder, reactor };
}

test('both sides are written down, with their ends and the reason', async () => {
  const { text } = await record();
  expect(text).toBe(
    [
      'S: ready\\r\\n',
      'C: hello\\r\\n',
      'S: hello\\r\\n',
      'C# 00ff',
      'S# 00ff',
      'C.',
      'S: bye\\r\\n',
      'S.',
      '# closed cleanly',
      '',
    ].join('\n'),
  );
});

test('on the connecting side it is the other way round', async () => {
  const recorder = new ConversationRecorder();
  const reactor = createTestReactor();
  const client = stack(tap(recorder.sink))(() => ({
    connectionMade: (transport: Transport) => void transport.write(Buffer.from('hi')),
    dataReceived() {},
  }));
  connectPipe(reactor, () => ({ dataReceived() {} }), client);
  await reactor.clock.settle();
  expect(recorder.conversations).toEqual(['C: hi\n']);
});

test('a recording can be replayed, however what the client says is cut', async () => {
  const { text = '' } = await record();
  for (const cuts of ['whole', 'bytes', 7] as const) {
    await replayConversation(() => echo(), text, { cuts });
  }
  const wrong = replayConversation(() => echo('go away'), text);
  await expect(wrong).rejects.toThrow('expected\nS: ready\\r\\n\nbut heard\nS: go away\\r\\n');
});

test('a replay misses what is not said, and hears what is said too much', async () => {
  const mute = () => ({ dataReceived() {}, readEnded() {} });
  await expect(replayConversation(mute, 'C: hi\nS: hi\n')).rejects.toThrow('but heard\nnothing');
  await expect(replayConversation(mute, 'C.\nS.\n')).rejects.toThrow('expected\nthe end');
  await expect(replayConversation(() => echo(), 'C: hi\n')).rejects.toThrow('nothing more');
  const cutOff = replayConversation(() => echo(), 'C: hi\n...\n');
  await expect(cutOff).resolves.toBeUndefined();
});

test('a client can be replayed against the server of a recording', async () => {
  const asks = () => ({
    connectionMade: (transport: Transport) => void transport.write(Buffer.from('who?\n')),
    dataReceived() {},
  });
  const replay = replayConversation(asks, 'C: who?\\n\nS: me\\n\n', { side: 'client' });
  await expect(replay).resolves.toBeUndefined();
});

test('a replay waits for an answer that takes its time', async () => {
  let transport: Transport;
  const slow = () => ({
    connectionMade(given: Transport) {
      transport = given;
    },
    dataReceived() {
      transport.reactor.clock.callLater(5000, () => transport.write(Buffer.from('at last')));
    },
  });
  await replayConversation(slow, 'C: hi\nS: at last\n');
  const impatient = replayConversation(slow, 'C: hi\nS: at last\n', { waitMs: 1000 });
  await expect(impatient).rejects.toThrow('nothing');
});

test('only maxBytes are written down, and the conversation goes on', async () => {
  const { text } = await record({ maxBytes: 10 });
  expect(text).toBe('S: ready\\r\\n\nC: hel\n...\n');
});

test('a sink that throws is reported once and does not end the connection', async () => {
  const reactor = createTestReactor();
  let got = '';
  const broken = tap(() => {
    throw new Error('disk full');
  });
  const { client } = connectPipe(
    reactor,
    stack(broken)(() => echo()),
    () => ({
      dataReceived(data) {
        got += data.toString();
      },
    }),
  );
  client.write(Buffer.from('x'));
  await reactor.clock.settle();
  expect(got).toBe('ready\r\nx');
  expect(reactor.reports.problems).toMatchObject([
    { where: 'tap', error: { message: 'disk full' } },
  ]);
});

test('the recorder forgets the oldest conversation', async () => {
  const recorder = new ConversationRecorder({ maxConversations: 2 });
  const reactor = createTestReactor();
  for (const name of ['a', 'b', 'c']) {
    connectPipe(
      reactor,
      stack(tap(recorder.sink))(() => echo(name)),
      () => ({ dataReceived() {} }),
    );
    await reactor.clock.settle();
  }
  expect(recorder.conversations).toEqual(['S: b\\r\\n\n', 'S: c\\r\\n\n']);
});

test('what a forgotten conversation goes on to say is forgotten as well', () => {
  const recorder = new ConversationRecorder({ maxConversations: 1 });
  const [old, young] = [new FakeTransport(), new FakeTransport()];
  recorder.sink('C: one\n', old);
  recorder.sink('C: two\n', young);
  recorder.sink('C: half of one\n', old);
  expect(recorder.conversations).toEqual(['C: two\n']);
});

test.each([0, 1.5, Number.NaN])('%d conversations to keep are a mistake', (maxConversations) => {
  expect(() => new ConversationRecorder({ maxConversations })).toThrow(RangeError);
});

test.each([-1, 1.5])('maxBytes of %d is a mistake', (maxBytes) => {
  expect(() => tap(() => undefined, { maxBytes })).toThrow(RangeError);
});
