import assert from 'node:assert/strict';
import { handOver } from '../src/connection/hand-over.ts';
import { requestDrain } from '../src/connection/request-drain.ts';
import { layer } from '../src/connection/stack.ts';
import type { TransformControl } from '../src/connection/transform-wire.ts';
import type { Layer, LayerKind } from '../src/contract/layer.ts';
import { transform } from '../src/layers/transform/transform.ts';
import {
  type Connected,
  type LayerConformanceCase,
  type LayerScene,
  layerCase,
} from './layer-case.ts';

/** A layer of each kind that does nothing but stand there. */
const idle: Readonly<Record<LayerKind, Layer>> = {
  admission: layer({
    kind: 'admission',
    label: 'admission',
    build: (inner, incoming) => inner.buildProtocol(incoming),
  }),
  observer: layer({
    kind: 'observer',
    label: 'observer',
    build(inner, incoming) {
      incoming.onClose(() => undefined);
      return inner.buildProtocol(incoming);
    },
  }),
  preamble: layer({
    kind: 'preamble',
    label: 'preamble',
    build: (inner, incoming) => ({
      connectionMade: (transport) => handOver(transport, { incoming, factory: inner }),
      dataReceived: () => undefined,
    }),
  }),
  transform: transform('transform', () => ({
    received: (data) => Buffer.from(data),
    sent: (data) => Buffer.from(data),
  })),
};

/** A layer among others, and among its like. */
export const layerNestingCases: readonly LayerConformanceCase[] = [
  layerCase({
    name: 'it stands twice in one stack',
    async play(scene) {
      const layers = [scene.harness.makeLayer(), scene.harness.makeLayer()];
      await converse(scene, await scene.connect({ ...talkative, layers, wraps: 2 }));
    },
  }),

  ...(Object.keys(idle) as LayerKind[]).flatMap((kind) =>
    (['below', 'above'] as const).map((place) =>
      layerCase({
        name: `it works with a layer of the kind ${kind} ${place} it`,
        async play(scene) {
          const own = scene.harness.makeLayer();
          const layers = place === 'below' ? [idle[kind], own] : [own, idle[kind]];
          await converse(scene, await scene.connect({ ...talkative, layers }));
        },
      }),
    ),
  ),

  layerCase({
    name: 'a resume above it does not lift the hold of a layer below it',
    async play(scene) {
      const { server, client, hold } = await connectHeld(scene);
      server.transport.pauseReading();
      server.transport.resumeReading();
      client.transport.write(Buffer.from('held'));
      await scene.session.harness.quiet();
      assert.equal(server.receivedBytes, 0);
      hold[Symbol.dispose]();
      await scene.session.received(server, 4);
    },
  }),

  layerCase({
    name: 'the end of a hold below it does not lift a pause above it',
    async play(scene) {
      const { server, client, hold } = await connectHeld(scene);
      server.transport.pauseReading();
      client.transport.write(Buffer.from('held'));
      await scene.session.harness.quiet();
      hold[Symbol.dispose]();
      await scene.session.harness.quiet();
      assert.equal(server.receivedBytes, 0);
      server.transport.resumeReading();
      await scene.session.received(server, 4);
    },
  }),
];

/** Hears everything, and answers the end only when it is told to. */
const talkative = {
  server: { ended: () => undefined, drain: () => undefined },
  client: { ended: () => undefined },
};

/** Talks in both directions, asks to stop, and ends one side after the other. */
async function converse(scene: LayerScene, connected: Connected): Promise<void> {
  const { server, client, below } = connected;
  await scene.echo(connected, 'first');
  await scene.echo(connected, 'second, and longer');
  const incoming = await below.incoming;
  requestDrain(incoming, incoming.reactor.clock.now() + 5_000);
  assert.equal(server.count('drain'), 1);
  if (scene.harness.can.has('halfCloses')) {
    client.transport.end();
    await scene.session.heard(server, 'ended');
    server.transport.write(Buffer.from('bye'));
    server.transport.end();
  } else {
    server.transport.write(Buffer.from('bye'));
    server.transport.close();
  }
  await scene.session.lost(server, client);
  assert.ok(client.text.endsWith('bye'));
  assert.deepEqual(server.reason, { kind: 'done' });
}

/** Connects with the layer above one that holds what comes, until `hold` is disposed. */
async function connectHeld(scene: LayerScene): Promise<Connected & { readonly hold: Disposable }> {
  let control: TransformControl | undefined;
  const holding = transform('holding', (given) => {
    control = given;
    return {};
  });
  const connected = await scene.connect({ layers: [holding, scene.harness.makeLayer()] });
  await scene.session.harness.quiet();
  assert.ok(control, 'the holding layer has begun');
  return { ...connected, hold: control.hold() };
}
