// Server CPU for an echo: raw `node:net`, raw with each callback passed through the guard
// `enter`, that with contexts which follow promises; then the same through a Protocol, and through three layers (one
// admission, one observer, one transform; then three transforms, the dearest three there are).
// Run: npm run example bench/echo.ts

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { compare, show, startServer } from './measured-server.ts';

const CONNECTIONS = 8;
const ROUNDS = 7;

const servers = await Promise.all(
  ['raw', 'entered', 'followed', 'protocol', 'layers', 'transforms'].map((mode) =>
    startServer(mode, { script: './echo-server.ts', args: [mode] }),
  ),
);

for (const { bytes, count, title } of [
  { bytes: 64, count: 40_000, title: 'a message of 64 bytes' },
  { bytes: 65_536, count: 8_000, title: 'a chunk of 64 KiB' },
]) {
  const message = Buffer.alloc(bytes, 0x61);
  const run = async (port: number, total: number): Promise<void> => {
    const each = total / CONNECTIONS;
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        const socket = connect({ port, host: '127.0.0.1', noDelay: true });
        await once(socket, 'connect');
        await echoes(socket, { message, count: each });
        socket.destroy();
      }),
    );
  };
  const costs = await compare(servers, { run, count, rounds: ROUNDS });
  show(`echo of ${title}, ${CONNECTIONS} connections, median of ${ROUNDS}`, costs);
}
await Promise.all(servers.map((server) => server.stop()));

/** Sends one message, waits until all of it is back, and so on. */
function echoes(
  socket: Socket,
  { message, count }: { readonly message: Buffer; readonly count: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = count;
    let missing = message.length;
    socket.on('error', reject);
    socket.on('data', (data) => {
      missing -= data.length;
      if (missing > 0) return;
      left -= 1;
      missing = message.length;
      if (left === 0) resolve();
      else socket.write(message);
    });
    socket.write(message);
  });
}
