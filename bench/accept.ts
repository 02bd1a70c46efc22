// How fast a server accepts, and what that costs: a client connects, waits for one byte and resets. Raw `node:net`, the
// same through a Protocol, and with two admission layers and an observer.
// Run: npm run example bench/accept.ts

import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { compare, show, startServer } from './measured-server.ts';

const CLIENTS = 16;
const CONNECTIONS = 4_000;
const ROUNDS = 7;

const servers = await Promise.all(
  ['raw', 'protocol', 'layers'].map((mode) =>
    startServer(mode, { script: './accept-server.ts', args: [mode] }),
  ),
);
const rates = new Map<number, number[]>(servers.map(({ port }) => [port, []]));

const costs = await compare(servers, {
  async run(port, total) {
    const start = performance.now();
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        for (let left = total / CLIENTS; left > 0; left--) await greeted(port);
      }),
    );
    rates.get(port)?.push((total / (performance.now() - start)) * 1_000);
  },
  count: CONNECTIONS,
  rounds: ROUNDS,
});
show(`accepting ${CONNECTIONS} connections, ${CLIENTS} at a time, median of ${ROUNDS}`, costs);
for (const { name, port } of servers) {
  // Without the first round, which warms up.
  const [, ...measured] = rates.get(port) ?? [];
  console.log(`  ${name.padEnd(28)} ${median(measured).toFixed(0).padStart(8)} connections/s`);
}
await Promise.all(servers.map((server) => server.stop()));

function greeted(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', reject);
    socket.once('data', () => {
      // A reset leaves no port in TIME-WAIT behind.
      socket.resetAndDestroy();
      resolve();
    });
  });
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}
