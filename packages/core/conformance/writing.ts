import assert from 'node:assert/strict';
import type { Transport } from '../src/contract/transport.ts';
import { ProtocolError, UsageError } from '../src/errors.ts';
import type { ConformanceCase } from './conformance-case.ts';
import type { Recorder } from './recorder.ts';
import { conformanceCase, type Session } from './session.ts';

const MORE_THAN_A_KERNEL_TAKES = 14_000_000;

/** Writing, and its limits. */
export const writingCases: readonly ConformanceCase[] = [
  ...(['end', 'close'] as const).map((method) =>
    conformanceCase({
      name: `write after ${method} is dropped, says false and is reported once`,
      invariants: [3],
      async play(session) {
        const server = session.protocol('server', { ended: (t) => t.end() });
        const client = session.protocol('client');
        await session.connect(server, client);
        client.transport.write(Buffer.from('before'));
        assert.equal(client.transport.ending, false);
        client.transport[method]();
        assert.equal(client.transport.ending, true);
        assertMisused(session, client);
        await session.lost(server, client);
        assert.equal(server.text, 'before');
        assert.deepEqual([server.reason, client.reason], [{ kind: 'done' }, { kind: 'done' }]);
      },
    }),
  ),

  conformanceCase({
    name: 'write after the connection was lost is reported once to whoever had closed it',
    invariants: [3],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      server.transport.close();
      await session.lost(server, client);
      assertMisused(session, server);
    },
  }),

  ...(['close', 'abort'] as const).map((method) =>
    conformanceCase({
      name: `write after the ${method} of the peer is dropped and says false`,
      invariants: [3],
      async play(session) {
        const server = session.protocol('server');
        const client = session.protocol('client');
        await session.connect(server, client);
        client.transport[method]();
        await session.lost(server, client);
        assertDropped(server);
      },
    }),
  ),

  ...([undefined, (t: Transport) => t.end()] as const).map((ended) =>
    conformanceCase({
      name: `write after readEnded ${ended ? 'ended this side' : 'was left out'} is dropped and says false`,
      invariants: [3],
      async play(session) {
        const server = session.protocol('server', ended && { ended });
        // Does not end its own side: the connection stays.
        const client = session.protocol('client', { ended: () => undefined });
        await session.connect(server, client);
        client.transport.end();
        await session.heard(client, 'ended');
        assert.equal(server.transport.ending, true);
        assertDropped(server);
      },
    }),
  ),

  conformanceCase({
    name: 'write after abort is dropped and says false',
    invariants: [3],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      client.transport.abort();
      assert.equal(client.transport.write(Buffer.from('x')), false);
      await session.lost(server, client);
      assert.equal(server.text, '');
    },
  }),

  conformanceCase({
    name: 'write says false at the high-water mark, and drained follows once for each time',
    invariants: [4],
    needs: ['bulk'],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client', { made: (t) => t.pauseReading() });
      await session.connect(server, client);
      let expected = 0;
      for (const round of [1, 2]) {
        client.transport.pauseReading();
        assert.equal(server.transport.write(Buffer.from('small')), true);
        for (let written = 0; written < MORE_THAN_A_KERNEL_TAKES; written += 1_000_000) {
          assert.equal(server.transport.write(Buffer.alloc(1_000_000)), false);
        }
        assert.ok(server.transport.pendingBytes >= server.transport.highWaterMark);
        await session.harness.quiet();
        assert.equal(server.count('drained'), round - 1, 'not before the queue is empty');
        client.transport.resumeReading();
        expected += MORE_THAN_A_KERNEL_TAKES + 5;
        await session.received(client, expected);
        await session.wait(server.until(() => server.count('drained') === round));
        assert.equal(server.transport.pendingBytes, 0);
        await session.harness.quiet();
        assert.equal(server.count('drained'), round, 'once');
      }
    },
  }),

  conformanceCase({
    name: 'writing on in writeDrained drains again',
    invariants: [4],
    needs: ['bulk'],
    async play(session) {
      let rounds = 3;
      const server = session.protocol('server', {
        made: (t) => void t.write(Buffer.alloc(2_000_000)),
        drained(t) {
          rounds -= 1;
          if (rounds > 0) t.write(Buffer.alloc(2_000_000));
        },
      });
      const client = session.protocol('client');
      await session.connect(server, client);
      await session.wait(server.until(() => rounds === 0));
      await session.received(client, 6_000_000);
      assert.equal(server.count('drained'), 3);
    },
  }),

  conformanceCase({
    name: 'more than maxPendingBytes aborts',
    invariants: [4],
    needs: ['bulk', 'limitsPending'],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client', { made: (t) => t.pauseReading() });
      await session.connect(server, client, { maxPendingBytes: 1_000_000 });
      let said = true;
      for (let written = 0; written < 20_000_000 && !server.transport.ending; written += 100_000) {
        said = server.transport.write(Buffer.alloc(100_000));
      }
      assert.equal(said, false);
      client.transport.resumeReading();
      await session.lost(server, client);
      assert.equal(server.reason?.kind, 'aborted');
      const error = 'error' in server.reason ? server.reason.error : undefined;
      assert.ok(error instanceof ProtocolError && error.code === 'HAWSER_WRITE_QUEUE_FULL');
    },
  }),

  conformanceCase({
    name: 'an empty write is nothing',
    invariants: [4],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      assert.equal(server.transport.write(Buffer.alloc(0)), true);
      assert.equal(server.transport.writeMany([]), true);
      assert.equal(server.transport.writeMany([Buffer.alloc(0)]), true);
      await session.harness.quiet();
      assert.deepEqual(client.calls, ['made']);
    },
  }),

  conformanceCase({
    name: 'writeMany keeps the order, among writes and inside',
    invariants: [9, 10],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      const { transport } = server;
      transport.write(Buffer.from('1'));
      transport.writeMany([Buffer.from('2'), Buffer.alloc(0), Buffer.from('3')]);
      transport.write(new Uint8Array([0x34]));
      transport.cork();
      transport.writeMany([Buffer.from('5'), Buffer.from('6')]);
      transport.write(Buffer.from('7'));
      transport.uncork();
      await session.received(client, 7);
      assert.equal(client.text, '1234567');
    },
  }),
];

function assertDropped({ transport }: Recorder): void {
  assert.equal(transport.write(Buffer.from('after')), false);
  assert.equal(transport.writeMany([Buffer.from('after')]), false);
}

function assertMisused(session: Session, recorder: Recorder): void {
  assertDropped(recorder);
  assertDropped(recorder);
  const problems = session.takeProblems();
  assert.equal(problems.length, 1, 'one report');
  const [problem] = problems;
  assert.match(problem?.where ?? '', /\.write$/);
  const error = problem?.error;
  assert.ok(error instanceof UsageError && error.code === 'HAWSER_WRITE_AFTER_END');
}
