// One of the servers that `idle-memory.ts` compares: an echo that tells how much memory it has.
import { type AddressInfo, createServer } from 'node:net';
import { createNodeReactor, idleTimeout, maxConnections, stack, streaming } from '@hawser/core';
import { echo } from './echo-protocol.ts';
import { beMeasured } from './measured-server.ts';

const awaiting = streaming(async (conn) => {
  for await (const chunk of conn) await conn.write(chunk);
});

const [mode] = process.argv.slice(2);
if (mode === 'raw') {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('data', (data) => socket.write(data));
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () =>
    beMeasured((server.address() as AddressInfo).port),
  );
} else {
  const { tcp } = createNodeReactor();
  const factory = mode === 'streaming' ? awaiting : echo;
  const layers = mode === 'layers' ? [maxConnections(20_000), idleTimeout(3_600_000)] : [];
  const place = { host: '127.0.0.1', port: 0, backlog: 4_096 };
  const { address } = await tcp.listen(place, stack(...layers)(factory));
  beMeasured('port' in address ? address.port : 0);
}
