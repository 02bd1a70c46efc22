import assert from 'node:assert/strict';
import type { ConformanceCase } from './conformance-case.ts';
import { assertSameBytes, numberedBytes } from './numbered-bytes.ts';
import { conformanceCase } from './session.ts';

/** Pausing. */
export const readingCases: readonly ConformanceCase[] = [
  conformanceCase({
    name: 'pause holds data back until resume',
    invariants: [2],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client', { made: (t) => t.pauseReading() });
      await session.connect(server, client);
      server.transport.write(Buffer.from('later'));
      await session.harness.quiet();
      assert.equal(client.receivedBytes, 0);
      client.transport.resumeReading();
      await session.received(client, 5);
      assert.equal(client.text, 'later');
    },
  }),

  conformanceCase({
    name: 'pause holds the end of input back, behind data',
    invariants: [2],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client', {
        made: (t) => t.pauseReading(),
        ended: (t) => t.end(),
      });
      await session.connect(server, client);
      server.transport.write(Buffer.from('last words'));
      server.transport.end();
      await session.harness.quiet();
      assert.deepEqual(client.calls, ['made']);
      client.transport.resumeReading();
      await session.lost(client, server);
      assert.deepEqual([client.calls[1], client.calls.at(-2)], ['data', 'ended']);
      assert.equal(client.text, 'last words');
    },
  }),

  conformanceCase({
    name: 'pause holds an end of input that comes alone',
    invariants: [2],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client', {
        made: (t) => t.pauseReading(),
        ended: (t) => t.end(),
      });
      await session.connect(server, client);
      server.transport.end();
      await session.harness.quiet();
      assert.deepEqual(client.calls, ['made']);
      client.transport.resumeReading();
      await session.lost(client, server);
      assert.deepEqual(client.calls, ['made', 'ended', 'lost']);
    },
  }),

  conformanceCase({
    name: 'pause in the last data before the end holds the end',
    invariants: [2],
    async play(session) {
      const server = session.protocol('server', {
        made(t) {
          t.write(Buffer.from('all'));
          t.end();
        },
      });
      const client = session.protocol('client', {
        data: (_, t) => t.pauseReading(),
        ended: (t) => t.end(),
      });
      await session.connect(server, client);
      // 'all' may come in pieces, each of which pauses.
      for (let seen = 0; seen < 3; client.transport.resumeReading()) {
        const before = seen;
        await session.wait(client.until(() => client.receivedBytes > before));
        await session.harness.quiet();
        assert.ok(!client.calls.includes('ended'));
        seen = client.receivedBytes;
      }
      await session.lost(client, server);
      assert.equal(client.count('ended'), 1);
    },
  }),

  conformanceCase({
    name: 'pause in every dataReceived gives one chunk at a time, and all of them',
    invariants: [2, 9],
    needs: ['bulk'],
    async play(session) {
      const bytes = numberedBytes(300_000);
      const server = session.protocol('server', { made: (t) => void t.write(bytes) });
      let resumes = 0;
      const client = session.protocol('client', {
        data(_, t) {
          t.pauseReading();
          resumes += 1;
          // The first few are let wait, the others go on at once in a later turn.
          if (resumes > 3) t.reactor.clock.callSoon(() => t.resumeReading());
        },
      });
      await session.connect(server, client);
      for (const chunk of [1, 2, 3]) {
        await session.wait(client.until(() => client.chunks.length >= chunk));
        await session.harness.quiet();
        assert.equal(client.chunks.length, chunk, 'nothing came while paused');
        client.transport.resumeReading();
      }
      await session.received(client, bytes.length);
      assertSameBytes(client.received, bytes, 'what arrived');
    },
  }),

  conformanceCase({
    name: 'pausing twice is lifted by one resume, and a resume too many is harmless',
    invariants: [2],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      const { transport } = client;
      transport.resumeReading();
      transport.pauseReading();
      transport.pauseReading();
      transport.resumeReading();
      transport.resumeReading();
      server.transport.write(Buffer.from('one'));
      await session.received(client, 3);
      assert.equal(client.text, 'one');
    },
  }),

  conformanceCase({
    name: 'reading tells whether input may still come',
    invariants: [2],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client', { ended: () => undefined });
      await session.connect(server, client);
      const { transport } = client;
      const seen = [transport.reading];
      transport.pauseReading();
      seen.push(transport.reading);
      transport.resumeReading();
      seen.push(transport.reading);
      server.transport.end();
      await session.heard(client, 'ended');
      seen.push(transport.reading);
      assert.deepEqual(seen, [true, false, true, false]);
    },
  }),

  conformanceCase({
    name: 'a reader that paused stops the sender, and loses nothing',
    invariants: [2, 4],
    needs: ['bulk'],
    async play(session) {
      const bytes = numberedBytes(14_000_000);
      const server = session.protocol('server');
      const client = session.protocol('client', { made: (t) => t.pauseReading() });
      await session.connect(server, client);
      server.transport.write(bytes);
      await session.harness.quiet();
      assert.ok(server.transport.pendingBytes > 0, 'something is still pending');
      client.transport.resumeReading();
      await session.received(client, bytes.length);
      assertSameBytes(client.received, bytes, 'what arrived');
    },
  }),
];
