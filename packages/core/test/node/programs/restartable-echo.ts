// An echo server on TCP and UDP that replaces itself on SIGHUP, for `restart.real.test.ts`. It answers with its process
// number, a moment later, so that answers are always under way.

import type { Protocol } from '../../../src/contract/protocol.ts';
import type { Transport } from '../../../src/contract/transport.ts';
import type { DatagramPort } from '../../../src/contract/udp.ts';
import {
  DescriptorEndpoint,
  UdpDescriptorEndpoint,
} from '../../../src/endpoints/descriptor-endpoint.ts';
import { isInherited } from '../../../src/endpoints/inherited-descriptors.ts';
import { TcpServerEndpoint } from '../../../src/endpoints/tcp-endpoint.ts';
import { UdpEndpoint } from '../../../src/endpoints/udp-endpoint.ts';
import { exportedDescriptors } from '../../../src/node/exported-descriptors.ts';
import { createNodeReactor } from '../../../src/node/node-reactor.ts';

const ANSWER_AFTER_MS = 2;
const host = '127.0.0.1';
const reactor = createNodeReactor();
const stamp = (data: Buffer): Buffer => Buffer.from(`${String(data).trim()} ${process.pid}\n`);

/** One request a connection; whoever was accepted is answered, also during a drain. */
class Answer implements Protocol {
  #transport: Transport | undefined;
  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }
  dataReceived(data: Buffer): void {
    reactor.clock.callLater(ANSWER_AFTER_MS, () => this.#transport?.write(stamp(data)));
  }
  drainRequested(): void {}
}

let answering = 0;
let bound: DatagramPort | undefined;
const tcp = await (isInherited('tcp')
  ? new DescriptorEndpoint({ name: 'tcp' })
  : new TcpServerEndpoint({ host, port: 0 })
).listen(reactor, () => new Answer());
const udp = await (isInherited('udp')
  ? new UdpDescriptorEndpoint({ name: 'udp' })
  : new UdpEndpoint({ host, port: 0 })
).bind(reactor, {
  started: (port) => {
    bound = port;
  },
  datagramReceived(data, from) {
    answering += 1;
    reactor.clock.callLater(ANSWER_AFTER_MS, () => {
      answering -= 1;
      bound?.send(stamp(data), from);
      stopWhenIdle();
    });
  },
});

let quiet: () => void = () => undefined;
const answered = new Promise<void>((done) => {
  quiet = done;
});
let stopping = false;
function stopWhenIdle(): void {
  if (stopping && answering === 0) quiet();
}

async function leave(): Promise<void> {
  await Promise.all([tcp.quiesce(), udp.quiesce()]);
  stopping = true;
  stopWhenIdle();
  const [{ aborted }] = await Promise.all([tcp.drain(reactor.clock.now() + 10_000), answered]);
  await Promise.all([tcp.stop(), udp.stop()]);
  process.exit(aborted === 0 ? 0 : 1);
}

reactor.lifecycle.onSignal('SIGHUP', () => {
  void reactor.process.spawn(
    {
      command: process.execPath,
      args: [...process.execArgv, ...process.argv.slice(1)],
      ...exportedDescriptors({ tcp, udp }),
    },
    { outReceived: () => void leave(), errReceived: (data) => void process.stderr.write(data) },
  );
});
reactor.lifecycle.onSignal('SIGTERM', () => void leave());

const portOf = ({ address }: { readonly address: { readonly kind: string } }): number =>
  'port' in address ? (address.port as number) : 0;
process.stdout.write(`${portOf(tcp)} ${portOf(udp)}\n`);
