import assert from 'node:assert/strict';
import type { Factory, Matcher } from '../src/contract/factory.ts';
import type { Port } from '../src/contract/port.ts';
import { type LayerConformanceCase, layerCase } from './layer-case.ts';

const KINDS: readonly string[] = ['admission', 'preamble', 'observer', 'transform'];

/** What a layer makes of a factory, before there is a connection. */
export const layerShapeCases: readonly LayerConformanceCase[] = [
  layerCase({
    name: 'it has a kind and a label, and names the factory behind it last',
    async play({ harness }) {
      const layer = harness.makeLayer();
      assert.ok(KINDS.includes(layer.kind), `the kind is one of ${KINDS.join(', ')}`);
      const { name } = layer({ name: 'inner', buildProtocol: () => undefined });
      assert.equal(name, `${layer.label} > inner`);
    },
  }),

  layerCase({
    name: 'sniff still knows the connection: by the matcher of the factory, or by one of the layer',
    async play({ harness }) {
      const match: Matcher = { maxBytes: 1, test: () => 'yes' };
      const layered = harness.makeLayer()({ name: 'x', buildProtocol: () => undefined, match });
      assert.ok(layered.match, 'there is a matcher');
    },
  }),

  layerCase({
    name: 'started and stopped reach a factory with private state, once a port',
    async play({ harness }) {
      const inner = new Counting();
      const layered = harness.makeLayer()(inner);
      const port = {} as Port;
      layered.started?.(port);
      assert.deepEqual(inner.heard, ['started']);
      layered.stopped?.(port);
      assert.deepEqual(inner.heard, ['started', 'stopped']);
      assert.deepEqual(inner.ports, [port, port]);
    },
  }),

  layerCase({
    name: 'a factory that knows nothing of ports will do',
    async play({ harness }) {
      const layered = harness.makeLayer()({ name: 'x', buildProtocol: () => undefined });
      const port = {} as Port;
      layered.started?.(port);
      layered.stopped?.(port);
      assert.equal(typeof layered.buildProtocol, 'function');
    },
  }),
];

class Counting implements Factory {
  readonly name = 'counting';
  readonly #heard: string[] = [];
  readonly #ports: Port[] = [];

  get heard(): readonly string[] {
    return this.#heard;
  }
  get ports(): readonly Port[] {
    return this.#ports;
  }

  buildProtocol(): undefined {}

  started(port: Port): void {
    this.#heard.push('started');
    this.#ports.push(port);
  }

  stopped(port: Port): void {
    this.#heard.push('stopped');
    this.#ports.push(port);
  }
}
