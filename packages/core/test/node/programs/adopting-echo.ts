// Listens on the sockets it has inherited, which the arguments name (`udp/dns`, `stream/web`), and says where or why not.
// It stops when its standard input ends.

import type { Port } from '../../../src/contract/port.ts';
import type { Transport } from '../../../src/contract/transport.ts';
import type { DatagramPort } from '../../../src/contract/udp.ts';
import {
  DescriptorEndpoint,
  UdpDescriptorEndpoint,
} from '../../../src/endpoints/descriptor-endpoint.ts';
import { createNodeReactor } from '../../../src/node/node-reactor.ts';

const reactor = createNodeReactor();
const ports: (Port | DatagramPort)[] = [];

async function listenOn(kind: string, name: string): Promise<unknown> {
  if (kind === 'udp') {
    let bound: DatagramPort | undefined;
    const port = await new UdpDescriptorEndpoint({ name }).bind(reactor, {
      started: (started) => {
        bound = started;
      },
      datagramReceived: (data, from) => void bound?.send(data, from),
    });
    ports.push(port);
    return port.address;
  }
  const port = await new DescriptorEndpoint({ name }).listen(reactor, () => {
    let transport: Transport | undefined;
    return {
      connectionMade: (made) => {
        transport = made;
      },
      dataReceived: (data) => void transport?.write(data),
    };
  });
  ports.push(port);
  return port.address;
}

for (const argument of process.argv.slice(2)) {
  const [kind = '', name = ''] = argument.split('/');
  try {
    process.stdout.write(`${JSON.stringify(await listenOn(kind, name))}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify(String(error))}\n`);
  }
}
process.stdout.write('ready\n');
process.stdin.resume().once('end', () => {
  for (const port of ports) void port.stop();
});
