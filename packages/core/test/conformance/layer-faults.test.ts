import { describe, expect, test } from 'vitest';
import { isApplicable, layerConformance } from '../../conformance/index.ts';
import { layer } from '../../src/connection/stack.ts';
import type { Factory } from '../../src/contract/factory.ts';
import type { Layer } from '../../src/contract/layer.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { pipeCan, pipeHarness } from './pipe-harness.ts';

/** A layer that stands between without a transport of its own: it passes calls on, but for `faults`. */
function passing(
  faults: (inner: Protocol, transport: () => Transport) => Partial<Protocol>,
): Layer {
  return layer({
    kind: 'transform',
    label: 'faulty',
    build(factory, incoming) {
      const inner = factory.buildProtocol(incoming);
      if (!inner) return undefined;
      let transport: Transport;
      return {
        connectionMade(given) {
          transport = given;
          inner.connectionMade?.(given);
        },
        dataReceived: (data) => inner.dataReceived(data),
        ...(inner.readEnded && { readEnded: () => inner.readEnded?.() }),
        writeDrained: () => inner.writeDrained?.(),
        ...(inner.drainRequested && {
          drainRequested: (deadline: number) => inner.drainRequested?.(deadline),
        }),
        connectionLost: (reason) => inner.connectionLost?.(reason),
        ...faults(inner, () => transport),
      };
    },
  });
}

/** A layer made by hand, as `layer` would not make it. */
function byHand(make: (inner: Factory) => Factory, label = 'faulty'): Layer {
  return Object.assign(make, { kind: 'observer' as const, label });
}

const faults: Readonly<Record<string, { readonly make: () => Layer; readonly found: string }>> = {
  'swallows the wish to stop': {
    make: () => passing(() => ({ drainRequested: () => undefined })),
    found: 'a wish to stop reaches the protocol, with its deadline',
  },
  'forgets writeDrained': {
    make: () => passing(() => ({ writeDrained: () => undefined })),
    found: 'a peer that does not read makes write say false, and drained follows',
  },
  'answers the end itself': {
    make: () => passing((_, transport) => ({ readEnded: () => transport().end() })),
    found: 'one side may end while the other goes on',
  },
  'delivers twice': {
    make: () =>
      passing((inner) => ({
        dataReceived(data) {
          inner.dataReceived(data);
          inner.dataReceived(Buffer.from(data));
        },
      })),
    found: 'bytes pass both ways, and a close ends both sides cleanly',
  },
  'loses the reason': {
    make: () =>
      passing((inner) => ({ connectionLost: () => inner.connectionLost?.({ kind: 'done' }) })),
    found: 'an abort below is heard above, with its reason',
  },
  'tells of the loss twice': {
    make: () =>
      passing((inner) => ({
        connectionLost(reason) {
          inner.connectionLost?.(reason);
          inner.connectionLost?.(reason);
        },
      })),
    found: 'bytes pass both ways, and a close ends both sides cleanly',
  },
  'copies the factory by its own properties': {
    make: () => byHand((inner) => ({ ...inner, name: `faulty > ${inner.name}` })),
    found: 'started and stopped reach a factory with private state, once a port',
  },
  'hides the matcher': {
    make: () =>
      byHand((inner) => ({
        name: `faulty > ${inner.name}`,
        buildProtocol: (incoming) => inner.buildProtocol(incoming),
        started: (port) => inner.started?.(port),
        stopped: (port) => inner.stopped?.(port),
      })),
    found:
      'sniff still knows the connection: by the matcher of the factory, or by one of the layer',
  },
  'swallows what a factory throws': {
    make: () =>
      layer({
        kind: 'observer',
        label: 'faulty',
        build(inner, incoming) {
          try {
            return inner.buildProtocol(incoming);
          } catch {
            return undefined;
          }
        },
      }),
    found: 'a factory behind it that throws ends that connection alone and is reported',
  },
  'counts connections and never gives a place back to another': {
    make: () => {
      let open = 0;
      return layer({
        kind: 'admission',
        label: 'faulty',
        build: (inner, incoming) => (open++ === 0 ? inner.buildProtocol(incoming) : undefined),
      });
    },
    found: 'a throw in a callback ends that connection alone and is reported',
  },
};

describe.each(Object.entries(faults))('a layer that %s', (_, { make, found }) => {
  test('is found', async () => {
    const harness = Object.assign(pipeHarness(), { makeLayer: make });
    const cases = layerConformance.filter(({ name }) => name === found);
    expect(cases.every((each) => isApplicable(each, pipeCan))).toBe(true);
    expect(cases).toHaveLength(1);
    await expect(cases[0]?.run(harness)).rejects.toThrow(Error);
  });
});
