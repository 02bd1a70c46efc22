import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { TLSSocket, connect as tlsConnect } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { plug } from '../../../../src/adapt/plug.ts';
import { stack } from '../../../../src/connection/stack.ts';
import type { Layer } from '../../../../src/contract/layer.ts';
import type { Port } from '../../../../src/contract/port.ts';
import { proxyProtocol } from '../../../../src/layers/preamble/proxy-protocol/layer.ts';
import { tls } from '../../../../src/layers/transform/tls.ts';
import { createNodeReactor } from '../../../../src/node/node-reactor.ts';
import { CollectedReports } from '../../../../testing/collected-reports.ts';
import { localhostCertificate } from '../../../fixtures/localhost-certificate.ts';
import { realHeaders } from './real-headers.ts';

const reports = new CollectedReports();
const reactor = createNodeReactor({ reports });
const ports: Port[] = [];
afterEach(async () => {
  for (const port of ports.splice(0)) await port.stop();
});

/** A server whose sockets say where they come from, and echo. */
async function listen(...layers: readonly Layer[]) {
  const sockets: Socket[] = [];
  const app = plug('ends', {
    accept(socket) {
      sockets.push(socket);
      const { remoteAddress, remotePort, remoteFamily, localAddress, localPort } = socket;
      const ends = { remoteAddress, remotePort, remoteFamily, localAddress, localPort };
      socket.write(`${JSON.stringify(ends)}\n`);
      socket.pipe(socket);
    },
  });
  const port = await reactor.tcp.listen({ host: '127.0.0.1', port: 0 }, stack(...layers)(app));
  ports.push(port);
  const number = 'port' in port.address ? port.address.port : 0;
  return { sockets, dial: () => connect({ host: '127.0.0.1', port: number }) };
}

async function read(socket: Socket, bytes: number): Promise<string> {
  let text = '';
  for (; text.length < bytes; ) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    text += chunk.toString();
  }
  return text;
}

const reported = `${JSON.stringify({
  remoteAddress: '192.0.2.1',
  remotePort: 56_324,
  remoteFamily: 'IPv4',
  localAddress: '198.51.100.1',
  localPort: 443,
})}\n`;

test('behind the header a library gets the real socket, which names the client', async () => {
  const { sockets, dial } = await listen(proxyProtocol({ trust: ['127.0.0.1'] }));
  const client = dial();
  client.write(Buffer.concat([realHeaders['v2 TCP over IPv4'], Buffer.from('early')]));
  expect(await read(client, reported.length + 5)).toBe(`${reported}early`);
  expect(sockets[0]).toBeInstanceOf(Socket);
  client.destroy();
  expect(reports.problems).toEqual([]);
});

test('the port may be all that differs', async () => {
  const { dial } = await listen(proxyProtocol({ trust: ['127.0.0.1'] }));
  const client = dial();
  client.write('PROXY TCP4 127.0.0.1 127.0.0.1 4711 443\r\n');
  expect(JSON.parse(await read(client, 1))).toMatchObject({
    remoteAddress: '127.0.0.1',
    remotePort: 4711,
    localPort: 443,
  });
  client.destroy();
  expect(reports.problems).toEqual([]);
});

test('so does the TLS socket above it, which is a real one', async () => {
  const layers = [proxyProtocol({ trust: ['127.0.0.1'] }), tls(localhostCertificate)];
  const { sockets, dial } = await listen(...layers);
  const raw = dial();
  raw.write(realHeaders['v1 TCP4']);
  const client = tlsConnect({ socket: raw, rejectUnauthorized: false });
  client.write('secret');
  expect(await read(client, reported.length + 6)).toBe(`${reported}secret`);
  expect(sockets[0]).toBeInstanceOf(TLSSocket);
  client.destroy();
  expect(reports.problems).toEqual([]);
});
