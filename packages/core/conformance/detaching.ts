import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { CloseReason } from '../src/contract/close-reason.ts';
import { UsageError } from '../src/errors.ts';
import type { ConformanceCase } from './conformance-case.ts';
import type { Recorder } from './recorder.ts';
import { conformanceCase } from './session.ts';

/** Giving the socket away. */
export const detachingCases: readonly ConformanceCase[] = [
  conformanceCase({
    name: 'detach after handTo leaves the leftover and all unread bytes in the socket',
    invariants: [7],
    needs: ['detaches'],
    async play(session) {
      let socket: Socket | undefined;
      const plug = session.protocol('plug', {
        made(t) {
          socket = t.detach?.();
        },
      });
      const first = session.protocol('first', {
        data: (chunk, t) => t.handTo(plug.protocol, chunk),
      });
      const client = session.protocol('client', { made: (t) => void t.write(Buffer.from('a')) });
      await session.connect(first, client);
      await session.heard(plug, 'made');
      client.transport.write(Buffer.from('bc'));
      // Neutral: whoever comes late still gets everything.
      await session.harness.quiet();
      assert.equal(socket?.readableFlowing, null);
      assert.equal(await session.wait(read(socket, 3)), 'abc');
      assert.equal(plug.receivedBytes, 0);
    },
  }),

  conformanceCase({
    name: 'detach in dataReceived leaves what comes next in the socket',
    invariants: [7],
    needs: ['detaches'],
    async play(session) {
      let socket: Socket | undefined;
      const server = session.protocol('server', {
        data(_, t) {
          socket = t.detach?.();
        },
      });
      const client = session.protocol('client', { made: (t) => void t.write(Buffer.from('a')) });
      await session.connect(server, client);
      await session.received(server, 1);
      client.transport.write(Buffer.from('bc'));
      assert.ok(socket);
      assert.equal(await session.wait(read(socket, 2)), 'bc');
    },
  }),

  conformanceCase({
    name: 'detach while paused gives unread bytes and the end of input to the socket',
    invariants: [2, 7],
    needs: ['detaches'],
    async play(session) {
      const server = session.protocol('server', { made: (t) => t.pauseReading() });
      const client = session.protocol('client');
      await session.connect(server, client);
      client.transport.write(Buffer.from('held'));
      client.transport.end();
      await session.harness.quiet();
      const socket = detach(server);
      const ended = once(socket, 'end');
      assert.equal(await session.wait(read(socket, 4)), 'held');
      await session.wait(ended);
      socket.end();
      await session.lost(server, client);
      assert.deepEqual(server.calls, ['made', 'lost']);
    },
  }),

  conformanceCase({
    name: 'what was written before detach arrives first, also from inside a callback',
    invariants: [7, 10],
    needs: ['detaches'],
    async play(session) {
      const server = session.protocol('server', {
        made(t) {
          t.write(Buffer.from('1'));
          t.writeMany([Buffer.from('2'), Buffer.from('3')]);
          t.detach?.().write('4');
        },
      });
      const client = session.protocol('client');
      await session.connect(server, client);
      await session.received(client, 4);
      assert.equal(client.text, '1234');
    },
  }),

  conformanceCase({
    name: 'after detach, connectionLost and onClose still come, once',
    invariants: [8],
    needs: ['detaches'],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      const closed: CloseReason[] = [];
      server.transport.onClose((reason) => closed.push(reason));
      const socket = detach(server);
      server.transport.onClose((reason) => closed.push(reason));
      socket.resume();
      socket.end('bye');
      client.transport.end();
      await session.lost(server, client);
      assert.equal(client.text, 'bye');
      assert.deepEqual(closed, [{ kind: 'done' }, { kind: 'done' }]);
      assert.deepEqual(server.calls, ['made', 'lost']);
    },
  }),

  conformanceCase({
    name: 'after detach, the transport still counts, and abort still ends the connection',
    invariants: [8, 12],
    needs: ['detaches'],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      const socket = detach(server);
      client.transport.write(Buffer.from('12345'));
      await session.wait(read(socket, 5));
      assert.ok(server.transport.bytesRead >= 5);
      server.transport.abort();
      await session.lost(server, client);
      assert.equal(server.reason?.kind, 'aborted');
    },
  }),

  conformanceCase({
    name: 'after detach, close still ends the connection',
    invariants: [8, 11],
    needs: ['detaches'],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      const socket = detach(server);
      socket.resume();
      socket.write('last');
      server.transport.close();
      await session.lost(server, client);
      assert.equal(client.text, 'last');
      assert.deepEqual(server.reason, { kind: 'done' });
    },
  }),

  conformanceCase({
    name: 'after detach, a write by the transport is dropped and reported once',
    invariants: [3],
    needs: ['detaches'],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      detach(server);
      assert.equal(server.transport.write(Buffer.from('x')), false);
      assert.equal(server.transport.writeMany([Buffer.from('x')]), false);
      const problems = session.takeProblems();
      assert.equal(problems.length, 1);
      const error = problems[0]?.error;
      assert.ok(error instanceof UsageError && error.code === 'HAWSER_DETACHED');
    },
  }),

  conformanceCase({
    name: 'an error on a detached socket that nobody listens to ends the connection, not the process',
    invariants: [6, 8],
    needs: ['detaches', 'resets'],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      detach(server).resume();
      await session.harness.quiet();
      client.transport.abort();
      await session.lost(server, client);
      assert.equal(server.reason?.kind, 'reset');
    },
  }),
];

function detach({ transport }: Recorder): Socket {
  const socket = transport.detach?.();
  assert.ok(socket, 'the transport detaches');
  return socket;
}

/** Reads `bytes` in flowing mode. */
function read(socket: Socket, bytes: number): Promise<string> {
  return new Promise((done) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.length >= bytes) done(text);
    });
  });
}
