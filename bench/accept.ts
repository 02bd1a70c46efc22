// How fast a server accepts, and what that costs: a client connects, waits for one byte and resets. Raw `node:net`
// (twice, to show the noise), a protocol, the same behind all four admission layers, and behind two observers.
// Run: npm run example bench/accept.ts
import { connect } from 'node:net';
import { compare, type Load } from './compare.ts';
import { show } from './show.ts';

const CLIENTS = 16;

function visits(port: number): Promise<Load> {
  return Promise.resolve({
    async run(count) {
      await Promise.all(
        Array.from({ length: CLIENTS }, async () => {
          for (let left = count / CLIENTS; left > 0; left--) await visit(port);
        }),
      );
    },
    close() {},
  });
}

function visit(port: number): Promise<void> {
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

const samples = await compare({
  script: './accept-server.ts',
  modes: ['raw', 'raw again', 'protocol', 'admission', 'observer'],
  load: visits,
  count: 1_200,
  rounds: 9,
});
show(samples, {
  title: `accepting, ${CLIENTS} clients at a time`,
  against: 'protocol',
  rate: 'accepted/s',
});
