// One of the servers that `echo.ts` compares: `raw`, `protocol` or `layers`.
import { type AddressInfo, createServer } from 'node:net';
import {
  BaseProtocol,
  createNodeReactor,
  type Factory,
  idleTimeout,
  maxConnections,
  stack,
  transform,
} from '@hawser/core';
import { beMeasured } from './measured-server.ts';

class Echo extends BaseProtocol {
  dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}
const echo: Factory = { name: 'echo', buildProtocol: () => new Echo() };

const [mode] = process.argv.slice(2);
if (mode === 'raw') {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('data', (data) => socket.write(data));
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1', () => beMeasured((server.address() as AddressInfo).port));
} else {
  const layers =
    mode === 'layers'
      ? [maxConnections(1000), idleTimeout(60_000), transform('pass', () => ({}))]
      : mode === 'transforms'
        ? [1, 2, 3].map((n) => transform(`pass${n}`, () => ({})))
        : [];
  const { tcp } = createNodeReactor();
  const { address } = await tcp.listen({ host: '127.0.0.1', port: 0 }, stack(...layers)(echo));
  beMeasured('port' in address ? address.port : 0);
}
