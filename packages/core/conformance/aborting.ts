import assert from 'node:assert/strict';
import type { Transport } from '../src/contract/transport.ts';
import type { ConformanceCase } from './conformance-case.ts';
import type { Recorder } from './recorder.ts';
import { conformanceCase, type Session } from './session.ts';

/**
 * Aborting resets. The peer is kept reading and with nothing unread: node takes a reset behind unread data for a clean
 * end, which no transport can help.
 */
export const abortingCases: readonly ConformanceCase[] = [
  conformanceCase({
    name: 'the peer of an abort in connectionMade sees a reset',
    invariants: [12],
    needs: ['resets', 'quietStart'],
    async play(session) {
      const server = session.protocol('server', {
        made(t) {
          t.write(Buffer.from('dropped'));
          t.abort();
        },
      });
      const client = session.protocol('client', { ended: () => undefined });
      // Aborted so early, the client may not even connect.
      if (!(await session.open(server.factory, client.factory))) return;
      await session.lost(server, client);
      assert.equal(client.reason?.kind, 'reset');
      assert.equal(client.text, '');
    },
  }),

  ...['dataReceived', 'a turn of its own'].map((place) =>
    conformanceCase({
      name: `the peer of an abort in ${place} sees a reset`,
      invariants: [12],
      needs: ['resets'],
      async play(session) {
        const abort = (t: Transport): void => {
          t.write(Buffer.from('dropped'));
          t.abort();
        };
        const server = session.protocol('server', {
          data: (chunk, t) => (chunk[0] === 0x21 ? abort(t) : void t.write(chunk)),
        });
        const client = session.protocol('client', { ended: () => undefined });
        await session.connect(server, client);
        await roundTrip(session, client);
        if (place === 'dataReceived') {
          client.transport.write(Buffer.from('!'));
        } else {
          server.transport.cork();
          abort(server.transport);
        }
        await session.lost(server, client);
        assert.equal(client.reason?.kind, 'reset');
        assert.equal(client.text, '?');
        assert.equal(client.count('ended'), 0, 'no clean end');
      },
    }),
  ),

  conformanceCase({
    name: 'the peer of an abort by a paused protocol sees a reset',
    invariants: [12],
    needs: ['resets'],
    async play(session) {
      const server = session.protocol('server', { made: (t) => t.pauseReading() });
      const client = session.protocol('client', { ended: () => undefined });
      await session.connect(server, client);
      client.transport.write(Buffer.from('unread'));
      await session.harness.quiet();
      server.transport.abort();
      await session.lost(server, client);
      assert.equal(client.reason?.kind, 'reset');
    },
  }),

  conformanceCase({
    name: 'the peer of an abort behind an end sees a reset, at the latest when it writes',
    invariants: [12],
    needs: ['resets', 'halfCloses'],
    async play(session) {
      const server = session.protocol('server', { ended: () => undefined });
      const client = session.protocol('client', { ended: () => undefined });
      await session.connect(server, client);
      server.transport.end();
      await session.heard(client, 'ended');
      server.transport.abort();
      await session.lost(server);
      await session.harness.quiet();
      // Who has read the end of a socket does not listen any more.
      if (client.live) client.transport.write(Buffer.from('anybody?'));
      await session.lost(client);
      assert.equal(client.reason?.kind, 'reset');
    },
  }),

  conformanceCase({
    name: 'the peer of a refusal sees a reset',
    invariants: [12],
    needs: ['resets', 'quietStart'],
    async play(session) {
      const client = session.protocol('client', { ended: () => undefined });
      const bouncer = { name: 'bouncer', buildProtocol: () => undefined };
      // Refused so early, the client may not even connect.
      if (!(await session.open(bouncer, client.factory))) return;
      await session.lost(client);
      assert.equal(client.reason?.kind, 'reset');
    },
  }),

  conformanceCase({
    name: 'the peer of a throw sees a reset',
    invariants: [6, 12],
    needs: ['resets'],
    async play(session) {
      const server = session.protocol('server', {
        data(chunk, t) {
          if (chunk[0] === 0x21) throw new Error('a mistake');
          t.write(chunk);
        },
      });
      const client = session.protocol('client', { ended: () => undefined });
      await session.connect(server, client);
      await roundTrip(session, client);
      client.transport.write(Buffer.from('!'));
      await session.lost(server, client);
      assert.equal(client.reason?.kind, 'reset');
      assert.equal(session.takeProblems().length, 1);
    },
  }),

  ...[false, true].map((ended) =>
    conformanceCase({
      name: `abort with megabytes pending${ended ? ' behind an end' : ''} drops them and ends at once`,
      invariants: [8, 12],
      needs: ['bulk'],
      async play(session) {
        const server = session.protocol('server');
        const client = session.protocol('client', { made: (t) => t.pauseReading() });
        await session.connect(server, client);
        server.transport.write(Buffer.alloc(14_000_000));
        if (ended) server.transport.end();
        await session.harness.quiet();
        assert.ok(server.transport.pendingBytes > 0);
        server.transport.abort();
        await session.lost(server);
        assert.deepEqual(server.reason, { kind: 'aborted', error: undefined });
        client.transport.resumeReading();
        await session.lost(client);
        assert.ok(client.receivedBytes < 14_000_000);
      },
    }),
  ),

  conformanceCase({
    name: 'abort takes a whole reason, and the first one counts',
    invariants: [8],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      const reason = { kind: 'timeout', timer: 'idle', afterMs: 5 } as const;
      server.transport.abort(reason);
      server.transport.abort(new Error('too late'));
      await session.lost(server, client);
      assert.deepEqual(server.reason, reason);
      server.transport.abort();
      server.transport.close();
      server.transport.end();
    },
  }),

  conformanceCase({
    name: 'both sides abort at once',
    invariants: [8, 12],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      server.transport.abort();
      client.transport.abort();
      await session.lost(server, client);
      assert.equal(server.reason?.kind, 'aborted');
      assert.equal(client.reason?.kind, 'aborted');
    },
  }),
];

/** After an answer came, nothing is unread. */
async function roundTrip(session: Session, client: Recorder): Promise<void> {
  client.transport.write(Buffer.from('?'));
  await session.received(client, 1);
}
