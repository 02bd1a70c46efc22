import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatIp } from '../../src/connection/ip-address.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import { parseClientEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';

const reports = new CollectedReports();
const reactor = createNodeReactor({ reports });
const open = new Set<Socket>();
const servers: Server[] = [];

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function pipe(client: Socket, port: number, opened: () => void): void {
  const upstream = connect(port, '127.0.0.1', () => {
    opened();
    client.pipe(upstream).pipe(client);
  });
  open.add(upstream);
  upstream.on('error', () => client.destroy());
}

let echo = 0;
let socks = 0;
let http = 0;

beforeAll(async () => {
  // Greets at once, so that the greeting often comes with the last bytes of the proxy.
  echo = await listen(
    createServer((socket) => {
      socket.write('hello ');
      socket.pipe(socket);
    }),
  );
  socks = await listen(
    createServer((socket) => {
      const steps = [
        () => socket.write(Buffer.from('0500', 'hex')),
        (request: Buffer) => {
          const port = request.readUInt16BE(request.length - 2);
          const host = request[3] === 1 ? formatIp(request.subarray(4, 8)) : 'a name';
          if (host !== '127.0.0.1') socket.end(Buffer.from('05040001000000000000', 'hex'));
          else pipe(socket, port, () => socket.write(Buffer.from('05000001000000000000', 'hex')));
        },
      ];
      const next = (data: Buffer): void => {
        steps.shift()?.(data);
        if (steps.length === 0) socket.off('data', next);
      };
      socket.on('data', next);
    }),
  );
  const proxy = createHttpServer();
  proxy.on('connect', (request, socket: Socket) => {
    const port = Number(request.url?.split(':')[1]);
    pipe(socket, port, () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
  });
  http = await listen(proxy);
});

afterAll(() => {
  for (const socket of open) socket.destroy();
  for (const server of servers) server.close();
});

/** What comes back until `wanted` has. */
async function talk(text: string, wanted: string): Promise<string> {
  let heard = '';
  await new Promise<void>((done, failed) => {
    const protocol: Protocol = {
      connectionMade: (transport) => void transport.write(Buffer.from('world')),
      dataReceived(data) {
        heard += String(data);
        if (heard === wanted) done();
      },
    };
    parseClientEndpoint(text)
      .connect(reactor, () => protocol)
      .catch(failed);
  });
  return heard;
}

test('a conversation through SOCKS 5, HTTP CONNECT, and both', async () => {
  const target = `127.0.0.1:${echo}`;
  const by = `127.0.0.1`;
  for (const text of [
    `socks5+tcp://${by}:${socks}/${target}`,
    `http-connect+tcp://${by}:${http}/${target}`,
    `http-connect+socks5+tcp://${by}:${http}/${by}:${socks}/${target}`,
  ]) {
    expect(await talk(text, 'hello world')).toBe('hello world');
  }
  expect(reports.problems).toEqual([]);
});

test('the protocol gets the native socket', async () => {
  const sockets: (Socket | undefined)[] = [];
  const protocol: Protocol = {
    connectionMade: (transport) => void sockets.push(transport.detach?.()),
    dataReceived: () => undefined,
  };
  await parseClientEndpoint(`socks5+tcp://127.0.0.1:${socks}/127.0.0.1:${echo}`).connect(
    reactor,
    () => protocol,
  );
  const [socket] = sockets;
  expect(socket?.remotePort).toBe(socks);
  const heard = once(socket as Socket, 'data');
  expect(String((await heard)[0])).toBe('hello ');
  socket?.destroy();
});

test('a refusal of the proxy is told', async () => {
  const text = `socks5+tcp://127.0.0.1:${socks}/nowhere.invalid:1`;
  await expect(
    parseClientEndpoint(text).connect(reactor, () => ({ dataReceived() {} })),
  ).rejects.toMatchObject({
    code: 'HAWSER_PROXY',
    message: `Cannot connect to ${text}: the proxy refused: host unreachable`,
  });
});
