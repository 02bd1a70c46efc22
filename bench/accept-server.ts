// One of the servers that `accept.ts` compares: greets with one byte.
import { type AddressInfo, createServer } from 'node:net';
import {
  BaseProtocol,
  createNodeReactor,
  type Factory,
  idleTimeout,
  maxConnections,
  perAddress,
  stack,
  type Transport,
} from '@hawser/core';
import { beMeasured } from './measured-server.ts';

const GREETING = Buffer.from('!');

class Greeter extends BaseProtocol {
  override connectionMade(transport: Transport): void {
    super.connectionMade(transport);
    transport.write(GREETING);
  }
  dataReceived(): void {}
}
const greeter: Factory = { name: 'greeter', buildProtocol: () => new Greeter() };

const [mode] = process.argv.slice(2);
if (mode === 'raw') {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('data', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
    socket.write(GREETING);
  });
  server.listen({ port: 0, host: '127.0.0.1' }, () =>
    beMeasured((server.address() as AddressInfo).port),
  );
} else {
  // Resets are what the clients do, and no problem.
  const { tcp } = createNodeReactor();
  const layers =
    mode === 'layers' ? [maxConnections(1_000), perAddress(1_000), idleTimeout(60_000)] : [];
  const { address } = await tcp.listen({ host: '127.0.0.1', port: 0 }, stack(...layers)(greeter));
  beMeasured('port' in address ? address.port : 0);
}
