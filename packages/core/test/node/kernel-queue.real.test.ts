import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unacknowledgedBytes } from '../../src/node/kernel-queue.ts';
import { socketDescriptor } from '../../src/node/private-handle.ts';

let server: Server;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

async function connected(): Promise<number> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  return socketDescriptor(socket) ?? -1;
}

test.runIf(process.platform === 'linux')(
  'a socket is found that is younger than what was read of the sockets just before',
  async () => {
    expect(await unacknowledgedBytes(await connected())).toBe(0);
    expect(await unacknowledgedBytes(await connected())).toBe(0);
  },
);

test('of what is no open descriptor nothing is known', async () => {
  expect(await unacknowledgedBytes(1_000_000)).toBe(undefined);
});
