import assert from 'node:assert/strict';
import type { CloseReason } from '../src/contract/close-reason.ts';
import type { Factory } from '../src/contract/factory.ts';
import {
  type Connected,
  type LayerConformanceCase,
  type LayerScene,
  layerCase,
} from './layer-case.ts';

/** Refusals, throws and aborts: they end one connection, and everybody hears why. */
export const layerFailureCases: readonly LayerConformanceCase[] = [
  layerCase({
    name: 'a factory behind it that refuses ends the connection, and nothing is reported',
    async play(scene) {
      const reason = await endsInVain(scene, { name: 'refusing', buildProtocol: () => undefined });
      assert.equal(reason.kind, 'refused');
    },
  }),

  layerCase({
    name: 'a factory behind it that throws ends that connection alone and is reported',
    async play(scene) {
      const layers = [scene.harness.makeLayer()];
      const other = await scene.connect({ layers });
      const error = new Error('a mistake');
      const throwing: Factory = {
        name: 'throwing',
        buildProtocol() {
          throw error;
        },
      };
      const reason = await endsInVain(scene, throwing);
      assert.deepEqual(reason, { kind: 'protocol', error });
      await reportedAlone(scene, { error, other });
    },
  }),

  layerCase({
    name: 'what it refuses itself never becomes a protocol',
    async play(scene) {
      const refusing = scene.harness.makeRefusing?.();
      if (!refusing) return;
      let built = 0;
      const server: Factory = {
        name: 'server',
        buildProtocol() {
          built += 1;
          return { dataReceived: () => undefined };
        },
      };
      const client = scene.session.protocol('client');
      const wrapped = scene.wrap(client.factory);
      const below = await scene.open(server, wrapped, { layers: [refusing], wraps: 0 });
      const reason = await scene.session.wait(below.closed);
      assert.equal(reason.kind, 'refused');
      assert.equal(built, 0);
      if (client.calls.length > 0) await scene.session.lost(client);
    },
  }),

  layerCase({
    name: 'a throw in a callback ends that connection alone and is reported',
    async play(scene) {
      const layers = [scene.harness.makeLayer()];
      const other = await scene.connect({ layers });
      const error = new Error('a mistake');
      const { server, client, below } = await scene.connect({
        layers,
        server: {
          data() {
            throw error;
          },
        },
      });
      client.transport.write(Buffer.from('x'));
      await scene.session.lost(server, client);
      assert.deepEqual(server.reason, { kind: 'protocol', error });
      assert.deepEqual(await below.closed, { kind: 'protocol', error });
      await reportedAlone(scene, { error, other });
    },
  }),

  layerCase({
    name: 'an abort below is heard above, with its reason',
    async play(scene) {
      const { server, client, below } = await scene.connect();
      const reason: CloseReason = { kind: 'timeout', timer: 'idle', afterMs: 5 };
      (await below.incoming).abort(reason);
      await scene.session.lost(server, client);
      assert.deepEqual(server.reason, reason);
      assert.deepEqual(await below.closed, reason);
    },
  }),

  layerCase({
    name: 'an abort above is the reason below, and the peer is reset',
    needs: ['resets'],
    async play(scene) {
      const connected = await scene.connect();
      const { server, client, below } = connected;
      await scene.echo(connected, 'settled');
      const error = new Error('enough');
      server.transport.abort(error);
      await scene.session.lost(server, client);
      assert.deepEqual(await below.closed, { kind: 'aborted', error });
      assert.equal(client.reason?.kind, 'reset');
    },
  }),

  layerCase({
    name: 'a peer that resets is heard of above',
    needs: ['resets'],
    async play(scene) {
      const connected = await scene.connect();
      await scene.echo(connected, 'settled');
      connected.client.transport.abort();
      await scene.session.lost(connected.server, connected.client);
      assert.equal(connected.server.reason?.kind, 'reset');
    },
  }),
];

/** Connects to a factory that builds nothing, and tells why the connection ended. */
async function endsInVain(scene: LayerScene, server: Factory): Promise<CloseReason> {
  const client = scene.session.protocol('client');
  const below = await scene.open(server, client.factory);
  const reason = await scene.session.wait(below.closed);
  if (client.calls.length > 0) await scene.session.lost(client);
  return reason;
}

/** `error` was reported, nothing else was, and the `other` connection lives. */
async function reportedAlone(
  scene: LayerScene,
  { error, other }: { readonly error: Error; readonly other: Connected },
): Promise<void> {
  const problems = scene.session.takeProblems();
  assert.deepEqual(
    problems.map((each) => each.error),
    [error],
  );
  await scene.echo(other, 'still here');
}
