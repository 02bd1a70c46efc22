// One of the servers that `dns.ts` compares: `raw` (a dgram echo), `hawser` or `dns2`.
import { createSocket } from 'node:dgram';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createNodeReactor } from '@hawser/core';
import { dnsService, dynamicZone, memory } from '@hawser/dns';
import { HOSTS, hostAddress, hostName, ZONE } from './dns-names.ts';
import { beMeasured } from './measured-server.ts';

const [mode, peers = ''] = process.argv.slice(2);
if (mode === 'raw') {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  socket.on('message', (data, from) => socket.send(data, from.port, from.address));
  socket.bind(0, '127.0.0.1', () => beMeasured(socket.address().port));
} else if (mode === 'dns2') {
  const { createServer, Packet } = createRequire(join(peers, 'package.json'))('dns2');
  const addresses = new Map<string, string>();
  for (let i = 0; i < HOSTS; i++) addresses.set(hostName(i), hostAddress(i));
  const server = createServer({
    udp: true,
    handle(request: { questions: [{ name: string }] }, send: (response: unknown) => void) {
      const response = Packet.createResponseFromRequest(request);
      const [{ name }] = request.questions;
      const address = addresses.get(name);
      if (address !== undefined) {
        response.answers.push({
          name,
          type: Packet.TYPE.A,
          class: Packet.CLASS.IN,
          ttl: 60,
          address,
        });
      }
      send(response);
    },
  });
  const { udp } = await server.listen({ udp: { port: 0, address: '127.0.0.1' } });
  beMeasured(udp.port);
} else {
  const zone = await dynamicZone(ZONE, { store: memory() });
  for (let i = 0; i < HOSTS; i++) await zone.set(hostName(i), 'A', hostAddress(i));
  const service = dnsService('127.0.0.1:0', zone);
  await service.start(createNodeReactor());
  const [line = ''] = service.describe?.() ?? [];
  beMeasured(Number(/:(\d+)/.exec(line.split('://').at(-1) ?? '')?.[1]));
}
