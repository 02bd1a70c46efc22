import { describe } from 'vitest';
import { transportConformance } from '../../conformance/index.ts';
import { fromDuplex } from '../../src/adapt/from-duplex.ts';
import { toSocket } from '../../src/adapt/to-socket.ts';
import type { Factory } from '../../src/contract/factory.ts';
import { runCases } from './run-cases.ts';
import { portOf } from './tcp-kind.ts';

const host = '127.0.0.1';

/** The socket itself as a stream: a factory whose protocol lives on a transport over it. */
function throughSocket(upper: Factory): Factory {
  return {
    name: upper.name,
    buildProtocol: ({ side }) => ({
      dataReceived: () => undefined,
      connectionMade(below) {
        const { local, peer, reactor } = below;
        fromDuplex(reactor, toSocket(below), { side, local, peer, below }, upper);
      },
    }),
  };
}

describe('a socket of the kernel turned to a stream and back', () => {
  runCases(transportConformance, {
    // A stream in general has no reset: node ends a socket that is destroyed with an error.
    can: new Set(['quietStart', 'halfCloses', 'limitsPending', 'bulk']),
    listen: (reactor, factory, options) =>
      reactor.tcp.listen({ host, port: 0, ...options }, throughSocket(factory)),
    connect: (reactor, port, { factory, options }) =>
      reactor.tcp.connect({ host, port: portOf(port), ...options }, throughSocket(factory)),
  });
});
