import assert from 'node:assert/strict';
import type { ConformanceCase } from './conformance-case.ts';
import { assertSameBytes, numberedBytes } from './numbered-bytes.ts';
import { conformanceCase } from './session.ts';

const DONE = { kind: 'done' } as const;
const MORE_THAN_A_KERNEL_TAKES = 14_000_000;

/** Closing delivers, and ends. */
export const closingCases: readonly ConformanceCase[] = [
  conformanceCase({
    name: '5 MB written to a slow reader before close arrive whole',
    invariants: [11],
    needs: ['bulk'],
    async play(session) {
      const bytes = numberedBytes(5_000_000);
      let pauseAt = 0;
      const server = session.protocol('server', {
        made(t) {
          t.write(bytes);
          t.close();
        },
      });
      const client = session.protocol('client', {
        data(_, t) {
          if (client.receivedBytes < pauseAt) return;
          pauseAt += 50_000;
          t.pauseReading();
          t.reactor.clock.callSoon(() => t.resumeReading());
        },
      });
      await session.connect(server, client);
      await session.lost(server, client);
      assertSameBytes(client.received, bytes, 'what arrived');
      assert.deepEqual([server.reason, client.reason], [DONE, DONE]);
    },
  }),

  conformanceCase({
    name: 'close gives up at its deadline when the peer does not read',
    invariants: [11],
    needs: ['bulk'],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client', { made: (t) => t.pauseReading() });
      await session.connect(server, client);
      server.transport.write(Buffer.alloc(MORE_THAN_A_KERNEL_TAKES));
      server.transport.close({ deadlineMs: 50 });
      await session.lost(server);
      assert.deepEqual(server.reason, { kind: 'timeout', timer: 'close', afterMs: 50 });
    },
  }),

  conformanceCase({
    name: 'close ends when the peer reads everything but never ends its side',
    invariants: [11],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client', { ended: () => undefined });
      await session.connect(server, client);
      server.transport.write(Buffer.from('bye'));
      server.transport.close();
      await session.lost(server);
      await session.harness.quiet();
      assert.equal(client.text, 'bye');
      assert.deepEqual(server.reason, DONE);
      assert.notEqual(client.reason?.kind, 'reset', 'it ended cleanly');
    },
  }),

  conformanceCase({
    name: 'close while paused ends, and the input is discarded',
    invariants: [2, 11],
    async play(session) {
      const server = session.protocol('server', { made: (t) => t.pauseReading() });
      const client = session.protocol('client');
      await session.connect(server, client);
      client.transport.write(Buffer.from('never seen'));
      await session.harness.quiet();
      server.transport.write(Buffer.from('bye'));
      server.transport.close();
      await session.lost(server, client);
      assert.equal(server.receivedBytes, 0);
      assert.equal(client.text, 'bye');
      assert.deepEqual([server.reason, client.reason], [DONE, DONE]);
    },
  }),

  conformanceCase({
    name: 'close while the peer keeps sending: its bytes are discarded and ours arrive',
    invariants: [11],
    needs: ['bulk'],
    async play(session) {
      const server = session.protocol('server', {
        data(_, t) {
          t.write(Buffer.from('enough'));
          t.close();
        },
      });
      const client = session.protocol('client', {
        made: (t) => void t.write(Buffer.alloc(100_000)),
        drained: (t) => void t.write(Buffer.alloc(100_000)),
        ended: (t) => t.close(),
      });
      await session.connect(server, client);
      await session.lost(server, client);
      assert.equal(client.text, 'enough');
      assert.deepEqual(server.reason, DONE);
      assert.equal(server.count('data'), 1, 'nothing after close');
    },
  }),

  conformanceCase({
    name: 'close inside connectionMade delivers what was written there',
    invariants: [11],
    async play(session) {
      const server = session.protocol('server', {
        made(t) {
          t.write(Buffer.from('hello and goodbye'));
          t.close();
        },
      });
      const client = session.protocol('client');
      await session.connect(server, client);
      await session.lost(server, client);
      assert.equal(client.text, 'hello and goodbye');
      assert.deepEqual(server.calls, ['made', 'lost']);
      assert.deepEqual([server.reason, client.reason], [DONE, DONE]);
    },
  }),

  conformanceCase({
    name: 'close after end, after the end of the peer, and twice, still ends once',
    invariants: [8, 11],
    async play(session) {
      const server = session.protocol('server', { ended: () => undefined });
      const client = session.protocol('client', { ended: () => undefined });
      await session.connect(server, client);
      client.transport.write(Buffer.from('last'));
      client.transport.end();
      await session.heard(server, 'ended');
      server.transport.close();
      server.transport.close();
      client.transport.close();
      await session.lost(server, client);
      assert.equal(server.text, 'last');
      assert.deepEqual([server.reason, client.reason], [DONE, DONE]);
    },
  }),

  conformanceCase({
    name: 'both sides close at once, each with something to say',
    invariants: [8, 11],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      server.transport.write(Buffer.from('bye'));
      client.transport.write(Buffer.from('bye'));
      server.transport.close();
      client.transport.close();
      await session.lost(server, client);
      assert.deepEqual([server.reason, client.reason], [DONE, DONE]);
    },
  }),

  conformanceCase({
    name: 'an abort after close wins, and its reason is told',
    invariants: [8, 11],
    needs: ['bulk'],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client', { made: (t) => t.pauseReading() });
      await session.connect(server, client);
      server.transport.write(Buffer.alloc(MORE_THAN_A_KERNEL_TAKES));
      server.transport.close();
      const error = new Error('changed my mind');
      server.transport.abort(error);
      await session.lost(server);
      assert.deepEqual(server.reason, { kind: 'aborted', error });
    },
  }),
];
