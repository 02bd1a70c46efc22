import assert from 'node:assert/strict';
import type { Transport } from '../src/contract/transport.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { conformanceCase, type Session } from './session.ts';

/** What leaves together. */
export const corkingCases: readonly ConformanceCase[] = [
  ...['connectionMade', 'dataReceived', 'writeDrained'].map((place) =>
    conformanceCase({
      name: `writes made inside ${place} leave together`,
      invariants: [10],
      needs: ['bulk', 'countsWrites'],
      async play(session) {
        let count = (): number => -1;
        const thrice = (t: Transport): void => {
          count = session.harness.countWrites?.(t) ?? count;
          for (const text of ['1', '2', '3']) t.write(Buffer.from(text));
        };
        const server = session.protocol('server', {
          made: (t) => place === 'connectionMade' && thrice(t),
          data: (_, t) =>
            place === 'dataReceived' ? thrice(t) : void t.write(Buffer.alloc(14_000_000)),
          drained: (t) => place === 'writeDrained' && thrice(t),
        });
        const client = session.protocol('client');
        await session.connect(server, client);
        if (place !== 'connectionMade') client.transport.write(Buffer.from('x'));
        await session.wait(client.until(() => client.chunks.at(-1)?.at(-1) === 0x33));
        assert.ok(client.text.endsWith('123'));
        assert.equal(count(), 1);
      },
    }),
  ),

  conformanceCase({
    name: 'writes outside a callback leave one by one, and together between cork and uncork',
    invariants: [10],
    needs: ['countsWrites'],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      const { transport } = server;
      const count = counter(session, transport);
      transport.write(Buffer.from('1'));
      transport.write(Buffer.from('2'));
      assert.equal(count(), 2);
      transport.cork();
      transport.cork();
      transport.write(Buffer.from('3'));
      transport.uncork();
      transport.write(Buffer.from('4'));
      assert.equal(count(), 2, 'corks nest');
      transport.uncork();
      assert.equal(count(), 3);
      await session.received(client, 4);
      assert.equal(client.text, '1234');
    },
  }),

  conformanceCase({
    name: 'a cork inside a callback holds until its uncork',
    invariants: [10],
    needs: ['countsWrites'],
    async play(session) {
      const server = session.protocol('server', {
        data(_, t) {
          t.cork();
          t.write(Buffer.from('1'));
        },
      });
      const client = session.protocol('client', { made: (t) => void t.write(Buffer.from('x')) });
      await session.connect(server, client);
      await session.received(server, 1);
      await session.harness.quiet();
      assert.equal(client.text, '');
      server.transport.write(Buffer.from('2'));
      const count = counter(session, server.transport);
      server.transport.uncork();
      await session.received(client, 2);
      assert.equal(client.text, '12');
      assert.equal(count(), 1);
    },
  }),

  conformanceCase({
    name: 'an uncork too many is harmless, inside a callback too',
    invariants: [10],
    async play(session) {
      const server = session.protocol('server', {
        data(_, t) {
          t.uncork();
          t.write(Buffer.from('1'));
          t.uncork();
          t.write(Buffer.from('2'));
        },
      });
      const client = session.protocol('client', { made: (t) => void t.write(Buffer.from('x')) });
      await session.connect(server, client);
      await session.received(client, 2);
      server.transport.uncork();
      server.transport.write(Buffer.from('3'));
      await session.received(client, 3);
      assert.equal(client.text, '123');
    },
  }),

  conformanceCase({
    name: 'end and close let go what is corked once it is uncorked',
    invariants: [10, 11],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      server.transport.cork();
      server.transport.write(Buffer.from('held'));
      server.transport.close();
      server.transport.uncork();
      await session.lost(server, client);
      assert.equal(client.text, 'held');
    },
  }),
];

function counter(session: Session, transport: Transport): () => number {
  const count = session.harness.countWrites?.(transport);
  assert.ok(count, 'the harness counts writes');
  return count;
}
