import assert from 'node:assert/strict';
import { overlay } from '../src/connection/overlay.ts';
import { requestDrain } from '../src/connection/request-drain.ts';
import type { InfoKey } from '../src/contract/info.ts';
import { type LayerConformanceCase, layerCase } from './layer-case.ts';
import { assertSameBytes, numberedBytes } from './numbered-bytes.ts';

const DRAIN_MS = 5_000;

/** What goes through a layer in either direction. */
export const layerPassingCases: readonly LayerConformanceCase[] = [
  layerCase({
    name: 'bytes pass both ways, and a close ends both sides cleanly',
    async play(scene) {
      const bytes = numberedBytes(200_000);
      const { server, client } = await scene.connect();
      client.transport.write(bytes);
      server.transport.write(bytes);
      await scene.session.received(server, bytes.length);
      await scene.session.received(client, bytes.length);
      assertSameBytes(server.received, bytes, 'what the server got');
      assertSameBytes(client.received, bytes, 'what the client got');
      server.transport.close();
      await scene.session.lost(server, client);
      assert.deepEqual([server.reason, client.reason], [{ kind: 'done' }, { kind: 'done' }]);
    },
  }),

  layerCase({
    name: 'what a close leaves behind still arrives',
    async play(scene) {
      const bytes = numberedBytes(300_000);
      const { server, client } = await scene.connect();
      server.transport.write(bytes);
      server.transport.close();
      await scene.session.lost(server, client);
      assertSameBytes(client.received, bytes, 'what the client got');
    },
  }),

  layerCase({
    name: 'one side may end while the other goes on',
    needs: ['halfCloses'],
    async play(scene) {
      const { server, client } = await scene.connect({
        server: { ended: () => undefined },
        client: { ended: () => undefined },
      });
      client.transport.write(Buffer.from('question'));
      client.transport.end();
      await scene.session.heard(server, 'ended');
      assert.equal(server.text, 'question');
      server.transport.write(Buffer.from('late answer'));
      await scene.session.received(client, 11);
      server.transport.end();
      await scene.session.lost(server, client);
      assert.equal(client.calls.at(-2), 'ended');
      assert.deepEqual([server.reason, client.reason], [{ kind: 'done' }, { kind: 'done' }]);
    },
  }),

  layerCase({
    name: 'a protocol without readEnded answers the end with its own',
    async play(scene) {
      const { server, client } = await scene.connect();
      client.transport.end();
      await scene.session.lost(server, client);
      assert.deepEqual([server.reason, client.reason], [{ kind: 'done' }, { kind: 'done' }]);
    },
  }),

  layerCase({
    name: 'a wish to stop reaches the protocol, with its deadline',
    async play(scene) {
      const deadlines: number[] = [];
      const connected = await scene.connect({
        server: { drain: (deadline) => deadlines.push(deadline) },
      });
      const incoming = await connected.below.incoming;
      const deadline = incoming.reactor.clock.now() + DRAIN_MS;
      requestDrain(incoming, deadline);
      assert.deepEqual(deadlines, [deadline]);
      await scene.echo(connected, 'goodbye');
    },
  }),

  layerCase({
    name: 'a protocol that knows no goodbye is closed by a wish to stop',
    async play(scene) {
      const { server, client, below } = await scene.connect();
      const incoming = await below.incoming;
      requestDrain(incoming, incoming.reactor.clock.now() + DRAIN_MS);
      await scene.session.lost(server, client);
      assert.deepEqual(client.reason, { kind: 'done' });
    },
  }),

  layerCase({
    name: 'a wish to stop that comes before the protocol ends the connection in time',
    async play(scene) {
      const server = scene.session.protocol('server');
      const client = scene.session.protocol('client');
      // A client that does not know of the layer, and says nothing.
      const below = await scene.open(server.factory, client.factory, { wraps: 0 });
      const incoming = await scene.session.wait(below.incoming);
      requestDrain(incoming, incoming.reactor.clock.now() + 50);
      await scene.session.wait(below.closed);
      await scene.session.lost(client);
    },
  }),

  layerCase({
    name: 'a pause holds data and the end of input back until resume',
    async play(scene) {
      const { server, client } = await scene.connect({ server: { ended: () => undefined } });
      await scene.session.harness.quiet();
      server.transport.pauseReading();
      const before = server.receivedBytes;
      client.transport.write(Buffer.from('held'));
      client.transport.end();
      await scene.session.harness.quiet();
      assert.equal(server.receivedBytes, before);
      assert.equal(server.count('ended'), 0);
      server.transport.resumeReading();
      await scene.session.heard(server, 'ended');
      assert.equal(server.text, 'held');
    },
  }),

  layerCase({
    name: 'a peer that does not read makes write say false, and drained follows',
    needs: ['bulk'],
    async play(scene) {
      const { server, client } = await scene.connect();
      client.transport.pauseReading();
      const bytes = numberedBytes(12_000_000);
      assert.equal(server.transport.write(bytes), false);
      await scene.session.harness.quiet();
      assert.equal(server.count('drained'), 0);
      client.transport.resumeReading();
      await scene.session.heard(server, 'drained');
      await scene.session.received(client, bytes.length);
      assert.equal(server.count('drained'), 1);
    },
  }),

  layerCase({
    name: 'facts of the connection below are known above',
    async play(scene) {
      const key: InfoKey<number> = { name: 'a fact' };
      const { server, below } = await scene.connect();
      overlay(await below.incoming, { info: [[key, 7]] });
      assert.equal(server.transport.info(key), 7);
      assert.equal(server.transport.id, (await below.incoming).id);
    },
  }),

  layerCase({
    name: 'the socket can be given away above it, or not, as its kind says',
    needs: ['detaches'],
    async play(scene) {
      const { harness } = scene;
      const { kind } = harness.makeLayer();
      const { server } = await scene.connect();
      const keeps = harness.keepsDetach ?? kind !== 'transform';
      assert.equal(server.transport.detach !== undefined, keeps);
    },
  }),

  layerCase({
    name: 'a socket given away above it has every byte, and the connection is still counted',
    needs: ['detaches'],
    async play(scene) {
      const { server, client, below } = await scene.connect();
      if (!server.transport.detach) return;
      const socket = server.transport.detach();
      let text = '';
      const heard = new Promise<void>((resolve) => {
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1');
          if (text.length >= 5) resolve();
        });
      });
      client.transport.write(Buffer.from('hello'));
      await scene.session.wait(heard);
      assert.equal(text, 'hello');
      socket.end('bye');
      client.transport.end();
      await scene.session.lost(server, client);
      assert.equal(client.text, 'bye');
      assert.deepEqual(await below.closed, { kind: 'done' });
    },
  }),
];
