import assert from 'node:assert/strict';
import type { Transport } from '../src/contract/transport.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { conformanceCase } from './session.ts';

/** The order of calls, and the turn they come in. Every other case is held to both as well. */
export const callCases: readonly ConformanceCase[] = [
  conformanceCase({
    name: 'a protocol hears made first, then data, and lost last',
    invariants: [8, 9],
    async play(session) {
      const server = session.protocol('server', { data: (chunk, t) => void t.write(chunk) });
      const client = session.protocol('client', { made: (t) => void t.write(Buffer.from('hi')) });
      await session.connect(server, client);
      await session.received(client, 2);
      client.transport.close();
      await session.lost(server, client);
      assert.equal(client.text, 'hi');
      assert.deepEqual([server.calls[0], server.calls.at(-1)], ['made', 'lost']);
      assert.deepEqual([server.reason, client.reason], [{ kind: 'done' }, { kind: 'done' }]);
    },
  }),

  conformanceCase({
    name: 'no method calls back synchronously while input waits',
    invariants: [1, 2],
    async play(session) {
      const server = session.protocol('server', { ended: () => undefined });
      const client = session.protocol('client', {
        made: (t) => t.pauseReading(),
        ended: () => undefined,
      });
      await session.connect(server, client);
      server.transport.write(Buffer.from('waiting'));
      server.transport.end();
      await session.harness.quiet();
      const { transport } = client;
      for (const once of [1, 2]) {
        transport.resumeReading();
        transport.write(Buffer.from('x'.repeat(once)));
        transport.cork();
        transport.writeMany([Buffer.from('y'), Buffer.from('z')]);
        transport.uncork();
        transport.pauseReading();
      }
      assert.deepEqual(client.calls, ['made']);
      transport.resumeReading();
      await session.heard(client, 'ended');
      transport.end();
      transport.close();
      transport.abort();
      assert.equal(client.calls.at(-1), 'ended');
    },
  }),

  ...['connectionMade', 'dataReceived', 'a turn of its own'].map((place) =>
    conformanceCase({
      name: `abort in ${place} leads to connectionLost in a later turn`,
      invariants: [1, 8],
      async play(session) {
        let lostBefore: boolean | undefined;
        const abort = (t: Transport): void => {
          t.abort();
          lostBefore = server.calls.includes('lost');
        };
        const server = session.protocol('server', {
          made: (t) => place === 'connectionMade' && abort(t),
          data: (_, t) => place === 'dataReceived' && abort(t),
        });
        const client = session.protocol('client', {
          made: (t) => void t.write(Buffer.from('hello')),
        });
        if (place === 'connectionMade') {
          await session.openInVain(server.factory, client);
        } else {
          await session.connect(server, client);
        }
        if (place === 'a turn of its own') abort(server.transport);
        await session.lost(server);
        assert.equal(lostBefore, false);
        assert.deepEqual(server.reason, { kind: 'aborted', error: undefined });
      },
    }),
  ),
];
