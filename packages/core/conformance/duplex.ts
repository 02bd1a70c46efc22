import assert from 'node:assert/strict';
import { TransportSocket } from '../src/adapt/transport-socket.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { assertSameBytes, numberedBytes } from './numbered-bytes.ts';
import type { Recorder } from './recorder.ts';
import { conformanceCase, type Session } from './session.ts';

/** What libraries expect of a node stream, of a {@link TransportSocket} over the transports under test. */
export const duplexConformance: readonly ConformanceCase[] = [
  conformanceCase({
    name: 'end, finish and close come in order, and readyState follows',
    invariants: [],
    needs: ['halfCloses'],
    async play(session) {
      const { socket, peer } = await socketAndPeer(session);
      const order: string[] = [];
      for (const event of ['end', 'finish', 'close']) socket.on(event, () => order.push(event));
      const states: string[] = [socket.readyState];
      const closed = happened(socket, 'close');
      const finished = happened(socket, 'finish');
      socket.resume();
      socket.end('bye');
      await session.wait(finished);
      states.push(socket.readyState);
      await session.heard(peer, 'ended');
      peer.transport.end();
      await session.wait(closed);
      states.push(socket.readyState);
      assert.deepEqual(order, ['finish', 'end', 'close']);
      assert.deepEqual(states, ['open', 'readOnly', 'closed']);
      assert.equal(peer.text, 'bye');
      await session.lost(peer);
      assert.deepEqual(peer.reason, { kind: 'done' });
    },
  }),

  conformanceCase({
    name: 'a stream that is not read stops the peer, and then gives everything',
    invariants: [2],
    needs: ['bulk'],
    async play(session) {
      const bytes = numberedBytes(14_000_000);
      const { socket, peer } = await socketAndPeer(session);
      peer.transport.write(bytes);
      await session.harness.quiet();
      assert.ok(peer.transport.pendingBytes > 0, 'the peer was stopped');
      assert.ok(socket.readableLength < 1_000_000, 'little is buffered');
      const chunks: Buffer[] = [];
      let length = 0;
      const all = new Promise<void>((done) => {
        socket.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          length += chunk.length;
          if (length === bytes.length) done();
        });
      });
      await session.wait(all);
      assertSameBytes(Buffer.concat(chunks), bytes, 'what the stream gave');
    },
  }),

  conformanceCase({
    name: 'write says false while the peer does not read, and drain follows',
    invariants: [4],
    needs: ['bulk'],
    async play(session) {
      const { socket, peer } = await socketAndPeer(session);
      peer.transport.pauseReading();
      assert.equal(socket.write(Buffer.alloc(12_000_000)), false);
      let drained = false;
      socket.on('drain', () => {
        drained = true;
      });
      await session.harness.quiet();
      assert.equal(drained, false);
      const drain = happened(socket, 'drain');
      peer.transport.resumeReading();
      await session.wait(drain);
      await session.received(peer, 12_000_000);
    },
  }),

  conformanceCase({
    name: 'destroySoon sends what was written',
    invariants: [11],
    needs: ['bulk'],
    async play(session) {
      const bytes = numberedBytes(5_000_000);
      const { socket, peer } = await socketAndPeer(session);
      socket.resume();
      const closed = happened(socket, 'close');
      socket.write(bytes);
      socket.destroySoon();
      await session.wait(closed);
      await session.heard(peer, 'ended');
      peer.transport.end();
      await session.lost(peer);
      assertSameBytes(peer.received, bytes, 'what the peer got');
      assert.deepEqual(peer.reason, { kind: 'done' });
    },
  }),

  conformanceCase({
    name: 'destroy in the middle aborts',
    invariants: [12],
    needs: ['resets'],
    async play(session) {
      const { socket, peer } = await socketAndPeer(session);
      const closed = happened(socket, 'close');
      peer.transport.write(Buffer.from('?'));
      await session.wait(happened(socket, 'data'));
      await session.harness.quiet();
      socket.destroy();
      await session.wait(closed);
      await session.lost(peer);
      assert.equal(peer.reason?.kind, 'reset');
    },
  }),

  conformanceCase({
    name: 'a reset by the peer is an ECONNRESET error, then close',
    invariants: [8],
    needs: ['resets'],
    async play(session) {
      const { socket, peer } = await socketAndPeer(session);
      const codes: unknown[] = [];
      socket.on('error', (error) => codes.push(Reflect.get(error, 'code')));
      const closed = happened(socket, 'close');
      socket.resume();
      await session.harness.quiet();
      peer.transport.abort();
      await session.wait(closed);
      assert.deepEqual(codes, ['ECONNRESET']);
      assert.equal(socket.readyState, 'closed');
    },
  }),

  conformanceCase({
    name: 'setTimeout emits timeout after silence, once, and leaves the stream open',
    invariants: [],
    async play(session) {
      const { socket, peer } = await socketAndPeer(session);
      socket.resume();
      let timeouts = 0;
      const timeout = happened(socket, 'timeout');
      socket.setTimeout(40, () => {
        timeouts += 1;
      });
      await session.wait(timeout);
      await session.harness.quiet();
      assert.equal(timeouts, 1);
      assert.equal(socket.timeout, 40);
      assert.equal(socket.readyState, 'open');
      socket.setTimeout(0);
      socket.write('still open');
      await session.received(peer, 10);
    },
  }),

  conformanceCase({
    name: 'a stream piped into itself echoes until the peer ends',
    invariants: [],
    needs: ['halfCloses', 'bulk'],
    async play(session) {
      const bytes = numberedBytes(1_000_000);
      const { socket, peer } = await socketAndPeer(session);
      socket.pipe(socket);
      peer.transport.write(bytes);
      peer.transport.end();
      await session.lost(peer);
      assertSameBytes(peer.received, bytes, 'the echo');
      assert.deepEqual(peer.reason, { kind: 'done' });
    },
  }),
];

/** A stream at the server's end; the peer does not answer an end by itself. */
async function socketAndPeer(
  session: Session,
): Promise<{ socket: TransportSocket; peer: Recorder }> {
  let socket: TransportSocket | undefined;
  const server = session.protocol('server', {
    made(t) {
      socket = new TransportSocket(t);
      socket.on('error', () => undefined);
      t.handTo(socket.protocol);
    },
  });
  const peer = session.protocol('peer', { ended: () => undefined });
  await session.connect(server, peer);
  assert.ok(socket);
  return { socket, peer };
}

function happened(socket: TransportSocket, event: string): Promise<void> {
  return new Promise((done) => {
    socket.once(event, () => done());
  });
}
