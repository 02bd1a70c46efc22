// The clients of `measure-memory.ts`: so many connections, each of which says one thing and waits for an answer.
import { connect } from 'node:net';

const AT_ONCE = 100;
const [port, count, message = ''] = process.argv.slice(2);

async function open(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1' });
    socket.on('error', reject);
    socket.once('data', () => resolve());
    socket.write(message);
  });
}

process.on('disconnect', () => process.exit());
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let left = Number(count) / AT_ONCE; left > 0; left--) await open();
  }),
);
process.send?.('open');
