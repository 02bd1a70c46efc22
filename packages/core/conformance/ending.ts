import assert from 'node:assert/strict';
import type { CloseReason } from '../src/contract/close-reason.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { conformanceCase } from './session.ts';

/** Half-close, and who hears of the end. */
export const endingCases: readonly ConformanceCase[] = [
  conformanceCase({
    name: 'the client ends first and the server answers late',
    invariants: [8, 11],
    needs: ['halfCloses'],
    async play(session) {
      const server = session.protocol('server', { ended: () => undefined });
      const client = session.protocol('client', { ended: () => undefined });
      await session.connect(server, client);
      client.transport.write(Buffer.from('request'));
      client.transport.end();
      await session.heard(server, 'ended');
      await session.harness.quiet();
      assert.equal(server.transport.write(Buffer.from('late answer')), true);
      server.transport.end();
      await session.lost(server, client);
      assert.equal(server.text, 'request');
      assert.equal(client.text, 'late answer');
      assert.deepEqual([server.reason, client.reason], [{ kind: 'done' }, { kind: 'done' }]);
    },
  }),

  conformanceCase({
    name: 'the server ends first and the client goes on sending',
    invariants: [8, 11],
    needs: ['halfCloses'],
    async play(session) {
      const server = session.protocol('server', { made: (t) => t.end() });
      const client = session.protocol('client', { ended: () => undefined });
      await session.connect(server, client);
      await session.heard(client, 'ended');
      client.transport.write(Buffer.from('still talking'));
      await session.received(server, 13);
      client.transport.end();
      await session.lost(server, client);
      assert.equal(server.text, 'still talking');
    },
  }),

  conformanceCase({
    name: 'without readEnded the transport answers the end with end',
    invariants: [8],
    async play(session) {
      const server = session.protocol('server', {
        data: (chunk, t) => void t.write(chunk),
      });
      const client = session.protocol('client', { ended: () => undefined });
      await session.connect(server, client);
      client.transport.write(Buffer.from('echo'));
      client.transport.end();
      await session.lost(server, client);
      assert.equal(client.text, 'echo');
      assert.deepEqual(client.calls, ['made', ...client.chunks.map(() => 'data'), 'ended', 'lost']);
    },
  }),

  conformanceCase({
    name: 'both sides end at once, each with something to say',
    invariants: [8, 11],
    async play(session) {
      const server = session.protocol('server', { ended: () => undefined });
      const client = session.protocol('client', { ended: () => undefined });
      await session.connect(server, client);
      server.transport.write(Buffer.from('from the server'));
      client.transport.write(Buffer.from('from the client'));
      server.transport.end();
      client.transport.end();
      server.transport.end();
      await session.lost(server, client);
      assert.equal(client.text, 'from the server');
      assert.equal(server.text, 'from the client');
    },
  }),

  conformanceCase({
    name: 'onClose tells every listener once, also one that comes late, but none that was disposed',
    invariants: [8],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      const heard: string[] = [];
      const listen = (name: string): Disposable =>
        client.transport.onClose((reason: CloseReason) => heard.push(`${name} ${reason.kind}`));
      listen('first');
      const removed = listen('removed');
      listen('second');
      removed[Symbol.dispose]();
      removed[Symbol.dispose]();
      client.transport.close();
      await session.lost(server, client);
      const late = listen('late');
      const removedLate = listen('removed late');
      removedLate[Symbol.dispose]();
      assert.deepEqual(heard, ['first done', 'second done'], 'the late one not at once');
      await session.harness.quiet();
      assert.deepEqual(heard, ['first done', 'second done', 'late done']);
      late[Symbol.dispose]();
    },
  }),

  conformanceCase({
    name: 'an onClose listener that throws is reported and does not stop the others',
    invariants: [6, 8],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      const heard: string[] = [];
      client.transport.onClose(() => {
        throw new Error('a mistake in a listener');
      });
      client.transport.onClose(() => heard.push('next'));
      client.transport.close();
      await session.lost(server, client);
      await session.harness.quiet();
      assert.deepEqual(heard, ['next']);
      const problems = session.takeProblems();
      assert.equal(problems.length, 1);
      assert.match(problems[0]?.where ?? '', /onClose$/);
    },
  }),

  conformanceCase({
    name: 'connectionLost comes before onClose',
    invariants: [8],
    async play(session) {
      const order: string[] = [];
      const server = session.protocol('server');
      const client = session.protocol('client', {
        made: (t) => void t.onClose(() => order.push('onClose')),
        lost: () => order.push('connectionLost'),
      });
      await session.connect(server, client);
      server.transport.close();
      await session.lost(server, client);
      assert.deepEqual(order, ['connectionLost', 'onClose']);
    },
  }),

  conformanceCase({
    name: 'ids differ between connections, and the two ends know each other',
    invariants: [],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      const other = session.protocol('other server');
      const otherClient = session.protocol('other client');
      await session.connect(other, otherClient);
      const ids = [server, client, other, otherClient].map(({ transport }) => transport.id);
      assert.equal(new Set(ids).size, 4);
      const { peer } = client.transport;
      assert.deepEqual(peer, server.transport.local);
      assert.ok(server.transport.openedAt <= server.transport.reactor.clock.now());
    },
  }),
];
