// One of the servers that `accept.ts` compares: greets with one byte.
import {
  acceptRate,
  allowList,
  BaseProtocol,
  connectionCounters,
  type Factory,
  idleTimeout,
  type Layer,
  maxConnections,
  perAddress,
  stack,
  type Transport,
} from '@hawser/core';
import { serveFactory, serveRaw } from './measured-server.ts';

const GREETING = Buffer.from('!');

class Greeter extends BaseProtocol {
  override connectionMade(transport: Transport): void {
    super.connectionMade(transport);
    transport.write(GREETING);
  }
  dataReceived(): void {}
}
const greeter: Factory = { name: 'greeter', buildProtocol: () => new Greeter() };

const layers: Readonly<Record<string, readonly Layer[]>> = {
  admission: [
    allowList(['127.0.0.0/8']),
    acceptRate({ perSecond: 100_000 }),
    maxConnections(1_000),
    perAddress(1_000),
  ],
  observer: [connectionCounters(), idleTimeout(60_000)],
};

const [mode = ''] = process.argv.slice(2);
if (mode === 'raw') {
  serveRaw((socket) => {
    socket.on('data', () => undefined);
    socket.write(GREETING);
  });
} else {
  // Resets are what the clients do, and no problem.
  await serveFactory(stack(...(layers[mode] ?? []))(greeter));
}
