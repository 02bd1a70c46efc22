// What each kind of layer costs once a connection runs: an echo of 64 bytes over raw `node:net` (twice, to show the
// noise), through a protocol without layers, then behind all four admission layers, behind `proxyProtocol`, behind four
// observers, behind one transform that changes nothing and behind three. At the end, what a transform costs by itself,
// which is less than the noise of sockets.
// Run: npm run example bench/layers.ts
import {
  BaseProtocol,
  createNodeReactor,
  encodeProxyHeader,
  type Layer,
  stack,
  throttle,
  toFactory,
  transform,
  WireTransport,
} from '@hawser/core';
import { compare } from './compare.ts';
import { measureCalls, showCalls } from './measure-calls.ts';
import { pingPong } from './ping-pong.ts';
import { show } from './show.ts';
import { SilentWire } from './silent-wire.ts';

const modes = [
  'raw',
  'raw again',
  'protocol',
  'admission',
  'preamble',
  'observer',
  'transform',
  'three transforms',
];
const message = Buffer.alloc(64, 0x61);
const preface = encodeProxyHeader({ version: 1 });

const samples = await compare({
  script: './layers-server.ts',
  modes,
  load: (port, mode) => pingPong(port, mode === 'preamble' ? { message, preface } : { message }),
  count: 4_000,
  rounds: 15,
});
show(samples, { title: 'echo of a message of 64 bytes', against: 'protocol' });

class Echo extends BaseProtocol {
  dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}
const reactor = createNodeReactor();

/** Sends a chunk up through the layers to an echo, and down again. */
function echoThrough(...layers: readonly Layer[]): () => void {
  const wire = new SilentWire();
  const transport = new WireTransport(reactor, wire, { id: 1, side: 'server' });
  transport.adopt(stack(...layers)(toFactory(() => new Echo())));
  return () => wire.receive(message);
}
const pass = (n: number): Layer => transform(`pass${n}`, () => ({}));
const calls = {
  protocol: echoThrough(),
  transform: echoThrough(pass(1)),
  'three transforms': echoThrough(pass(1), pass(2), pass(3)),
  throttle: echoThrough(throttle({ readBytesPerSecond: 1e12, writeBytesPerSecond: 1e12 })),
};
showCalls(measureCalls(calls, { count: 100_000, rounds: 31 }), {
  title: 'one echo, up and down, over a wire that does nothing',
});
