// One of the servers that `dns.ts` compares: `raw` (a dgram echo), `dns2`, or Hawser in several ways.
import { createSocket } from 'node:dgram';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createNodeReactor } from '@hawser/core';
import {
  createRRset,
  dnsService,
  dynamic,
  dynamicZone,
  memory,
  Name,
  newZone,
  Type,
  Zone,
} from '@hawser/dns';
import { HOSTS, hostAddress, hostName, MANY_HOSTS, ZONE } from './dns-names.ts';
import { beMeasured } from './measured-server.ts';

type Served = Parameters<typeof dnsService>[1];

const [mode = 'raw', peers = ''] = process.argv.slice(2);
const ours: Readonly<Record<string, () => Served | Promise<Served>>> = {
  'kept replies': () => zoneOf(HOSTS),
  'new replies': () => zoneOf(MANY_HOSTS),
  DynamicZone: storedZone,
  'dynamic()': functionZone,
};

if (mode === 'raw') {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  socket.on('message', (data, from) => socket.send(data, from.port, from.address));
  socket.bind(0, '127.0.0.1', () => beMeasured(socket.address().port));
} else if (mode === 'dns2') {
  await serveDns2();
} else {
  const served = await ours[mode]?.();
  if (served === undefined) throw new Error(`Cannot serve "${mode}"`);
  const service = dnsService('127.0.0.1:0', served);
  await service.start(createNodeReactor());
  beMeasured(service.address?.port ?? 0);
}

function zoneOf(hosts: number): Zone {
  const origin = Name.parse(ZONE);
  const rrsets = Array.from({ length: hosts }, (_, index) =>
    createRRset(Name.parse(hostName(index)), Type.A, { ttl: 60, values: [hostAddress(index)] }),
  );
  return Zone.of(origin, [...newZone(origin).rrsets(), ...rrsets]);
}

async function storedZone(): Promise<Served> {
  const zone = await dynamicZone(ZONE, { store: memory() });
  for (let i = 0; i < HOSTS; i++) await zone.set(hostName(i), 'A', hostAddress(i));
  return zone;
}

function functionZone(): Served {
  const addresses = new Map<string, string>();
  for (let i = 0; i < HOSTS; i++) addresses.set(`host-${i}`, hostAddress(i));
  return dynamic(ZONE, {
    resolve({ label }) {
      const address = addresses.get(label);
      return address === undefined ? undefined : { A: address };
    },
  });
}

async function serveDns2(): Promise<void> {
  const { createServer, Packet } = createRequire(join(peers, 'package.json'))('dns2');
  const addresses = new Map<string, string>();
  for (let i = 0; i < HOSTS; i++) addresses.set(hostName(i), hostAddress(i));
  const server = createServer({
    udp: true,
    handle(request: { questions: [{ name: string }] }, send: (response: unknown) => void) {
      const response = Packet.createResponseFromRequest(request);
      const [{ name }] = request.questions;
      const address = addresses.get(name);
      const { A: type } = Packet.TYPE;
      if (address !== undefined) {
        response.answers.push({ name, type, class: Packet.CLASS.IN, ttl: 60, address });
      }
      send(response);
    },
  });
  const { udp } = await server.listen({ udp: { port: 0, address: '127.0.0.1' } });
  beMeasured(udp.port);
}
