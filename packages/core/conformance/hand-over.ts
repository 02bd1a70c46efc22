import assert from 'node:assert/strict';
import type { ConformanceCase } from './conformance-case.ts';
import type { Recorder } from './recorder.ts';
import { conformanceCase, type Session } from './session.ts';

const CONVERSATION = 'one\ntwo\nthree';

/** One protocol follows another on the same connection. */
export const handOverCases: readonly ConformanceCase[] = [
  conformanceCase({
    name: 'handTo in the middle of one chunk: every protocol gets its own part',
    invariants: [7, 8],
    async play(session) {
      const [first, second, third] = threeInARow(session);
      const client = session.protocol('client');
      await session.connect(first, client);
      client.transport.write(Buffer.from(CONVERSATION));
      await session.received(third, 5);
      assert.ok(first.text.startsWith('one\n'));
      assert.ok(second.text.startsWith('two\n'));
      assert.equal(third.text, 'three');
      client.transport.close();
      await session.lost(third, client);
      assert.deepEqual([first.count('lost'), second.count('lost')], [0, 0]);
    },
  }),

  conformanceCase({
    name: 'handTo in a conversation that comes byte by byte: every protocol gets its own part',
    invariants: [7, 9],
    async play(session) {
      const [first, second, third] = threeInARow(session);
      const client = session.protocol('client');
      await session.connect(first, client);
      const total = (): number =>
        Math.min(4, first.receivedBytes) + Math.min(4, second.receivedBytes) + third.receivedBytes;
      for (const [at, byte] of Buffer.from(CONVERSATION).entries()) {
        client.transport.write(Buffer.of(byte));
        const arrived = [first, second, third].map((each) => each.until(() => total() > at));
        await session.wait(Promise.race(arrived));
      }
      assert.deepEqual([first.text, second.text, third.text], ['one\n', 'two\n', 'three']);
    },
  }),

  conformanceCase({
    name: 'handTo inside connectionMade: the last in the chain gets the leftover',
    invariants: [7],
    async play(session) {
      const last = session.protocol('last');
      const middle = session.protocol('middle', { made: (t) => t.handTo(last.protocol) });
      const first = session.protocol('first', {
        data: (chunk, t) => t.handTo(middle.protocol, chunk.subarray(1)),
      });
      const client = session.protocol('client');
      await session.connect(first, client);
      client.transport.write(Buffer.from('!'));
      await session.heard(last, 'made');
      client.transport.write(Buffer.from('rest'));
      await session.received(last, 4);
      assert.equal(last.text, 'rest');
      assert.deepEqual(middle.calls, ['made']);
    },
  }),

  conformanceCase({
    name: 'handTo inside the first connectionMade',
    invariants: [7],
    async play(session) {
      const next = session.protocol('next');
      const first = session.protocol('first', { made: (t) => t.handTo(next.protocol) });
      const client = session.protocol('client', { made: (t) => void t.write(Buffer.from('all')) });
      await session.connect(first, client);
      await session.received(next, 3);
      assert.equal(next.text, 'all');
      assert.deepEqual(first.calls, ['made']);
    },
  }),

  conformanceCase({
    name: 'handTo puts the leftover in front of what is unread',
    invariants: [7, 2],
    async play(session) {
      const next = session.protocol('next');
      const first = session.protocol('first', { data: (_, t) => t.pauseReading() });
      const client = session.protocol('client', { made: (t) => void t.write(Buffer.from('a')) });
      await session.connect(first, client);
      await session.received(first, 1);
      client.transport.write(Buffer.from('bc'));
      await session.harness.quiet();
      first.transport.handTo(next.protocol, Buffer.from('<a>'));
      assert.deepEqual(next.calls, ['made'], 'introduced at once, and no data yet');
      await session.received(next, 5);
      assert.equal(next.text, '<a>bc');
    },
  }),

  conformanceCase({
    name: 'handTo inside connectionMade puts its own leftover in front of the one that waits',
    invariants: [7],
    async play(session) {
      const last = session.protocol('last');
      const middle = session.protocol('middle', {
        made: (t) => t.handTo(last.protocol, Buffer.from('<a>')),
      });
      const first = session.protocol('first', {
        data: (_, t) => t.handTo(middle.protocol, Buffer.from('bc')),
      });
      const client = session.protocol('client', { made: (t) => void t.write(Buffer.from('x')) });
      await session.connect(first, client);
      await session.received(last, 5);
      assert.equal(last.text, '<a>bc');
    },
  }),

  conformanceCase({
    name: 'handTo outside a callback gives the leftover in a later turn',
    invariants: [1, 7],
    async play(session) {
      const next = session.protocol('next', { data: (chunk, t) => void t.write(chunk) });
      const first = session.protocol('first');
      const client = session.protocol('client');
      await session.connect(first, client);
      first.transport.handTo(next.protocol, Buffer.from('left over'));
      assert.deepEqual(next.calls, ['made']);
      await session.received(client, 9);
      assert.equal(client.text, 'left over');
    },
  }),

  conformanceCase({
    name: 'handTo after the end of input: the next protocol hears of the end, after the leftover',
    invariants: [7],
    needs: ['halfCloses'],
    async play(session) {
      const next = session.protocol('next', {
        ended(t) {
          t.write(Buffer.from('goodbye'));
          t.end();
        },
      });
      const first = session.protocol('first', { ended: () => undefined });
      const client = session.protocol('client');
      await session.connect(first, client);
      client.transport.end();
      await session.heard(first, 'ended');
      first.transport.handTo(next.protocol, Buffer.from('kept'));
      await session.lost(next, client);
      assert.deepEqual(next.calls, ['made', 'data', 'ended', 'lost']);
      assert.equal(client.text, 'goodbye');
    },
  }),

  conformanceCase({
    name: 'handTo inside readEnded: the next protocol hears of the end',
    invariants: [7],
    needs: ['halfCloses'],
    async play(session) {
      const next = session.protocol('next', { ended: (t) => t.end() });
      const first = session.protocol('first', { ended: (t) => t.handTo(next.protocol) });
      const client = session.protocol('client');
      await session.connect(first, client);
      client.transport.end();
      await session.lost(next, client);
      assert.deepEqual(next.calls, ['made', 'ended', 'lost']);
    },
  }),

  conformanceCase({
    name: 'a pause of the old protocol does not outlive it',
    invariants: [2, 7],
    async play(session) {
      const next = session.protocol('next');
      const first = session.protocol('first', { made: (t) => t.pauseReading() });
      const client = session.protocol('client');
      await session.connect(first, client);
      first.transport.handTo(next.protocol);
      assert.equal(next.transport.reading, true);
      client.transport.write(Buffer.from('flows'));
      await session.received(next, 5);
    },
  }),

  conformanceCase({
    name: 'a next protocol that pauses in connectionMade gets nothing until it resumes',
    invariants: [2, 7],
    async play(session) {
      const next = session.protocol('next', { made: (t) => t.pauseReading() });
      const first = session.protocol('first', {
        data: (chunk, t) => t.handTo(next.protocol, chunk),
      });
      const client = session.protocol('client', { made: (t) => void t.write(Buffer.from('x')) });
      await session.connect(first, client);
      await session.heard(next, 'made');
      client.transport.write(Buffer.from('yz'));
      await session.harness.quiet();
      assert.deepEqual(next.calls, ['made']);
      next.transport.resumeReading();
      await session.received(next, 3);
      assert.equal(next.text, 'xyz');
    },
  }),

  conformanceCase({
    name: 'what the old protocol wrote leaves before what the next one writes',
    invariants: [7, 10],
    async play(session) {
      const next = session.protocol('next', { made: (t) => void t.write(Buffer.from('2')) });
      const first = session.protocol('first', {
        data(_, t) {
          t.write(Buffer.from('1'));
          t.handTo(next.protocol);
          next.transport.write(Buffer.from('3'));
        },
      });
      const client = session.protocol('client', { made: (t) => void t.write(Buffer.from('x')) });
      await session.connect(first, client);
      await session.received(client, 3);
      assert.equal(client.text, '123');
    },
  }),

  conformanceCase({
    name: 'a drain that the old protocol waited for reaches the next one',
    invariants: [4, 7],
    needs: ['bulk'],
    async play(session) {
      const next = session.protocol('next');
      const first = session.protocol('first');
      const client = session.protocol('client', { made: (t) => t.pauseReading() });
      await session.connect(first, client);
      first.transport.write(Buffer.alloc(14_000_000));
      first.transport.handTo(next.protocol);
      // It writes too, so that it knows what the drain is about.
      assert.equal(next.transport.write(Buffer.from('more')), false);
      client.transport.resumeReading();
      await session.heard(next, 'drained');
      assert.equal(first.count('drained'), 0);
    },
  }),

  conformanceCase({
    name: 'handTo after close or abort introduces nobody',
    invariants: [7, 8],
    async play(session) {
      const next = session.protocol('next');
      const first = session.protocol('first');
      const client = session.protocol('client');
      await session.connect(first, client);
      first.transport.onClose(() => undefined);
      first.transport.abort();
      first.transport.handTo(next.protocol, Buffer.from('x'));
      await session.lost(client);
      await session.harness.quiet();
      assert.deepEqual(next.calls, []);
      assert.equal(first.count('lost'), 1, 'the old protocol still is the protocol');
    },
  }),
];

/** Protocols that take a line each and hand the rest on. */
function threeInARow(session: Session): [Recorder, Recorder, Recorder] {
  const third = session.protocol('third');
  const takeLine = (name: string, next: Recorder): Recorder => {
    let line = Buffer.alloc(0);
    return session.protocol(name, {
      data(chunk, t) {
        line = Buffer.concat([line, chunk]);
        const end = line.indexOf('\n');
        if (end >= 0) t.handTo(next.protocol, line.subarray(end + 1));
      },
    });
  };
  const second = takeLine('second', third);
  return [takeLine('first', second), second, third];
}
