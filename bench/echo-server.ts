// One of the servers that `echo.ts` compares. `entered` is the raw one with each callback passed through
// `enter`, `followed` the same with contexts that follow promises.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import {
  BaseProtocol,
  createNodeReactor,
  EntryContext,
  enter,
  type Factory,
  followContexts,
  type Guard,
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

class RawConnection implements Guard {
  readonly context = new EntryContext('raw');
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  failed(): void {
    this.socket.destroy();
  }
}
function echoRaw({ socket }: RawConnection, data: Buffer): void {
  socket.write(data);
}

const [mode] = process.argv.slice(2);
if (mode === 'raw' || mode === 'entered' || mode === 'followed') {
  if (mode === 'followed') followContexts();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = new RawConnection(socket);
    if (mode === 'raw') socket.on('data', (data) => echoRaw(connection, data));
    else socket.on('data', (data) => enter(connection, 'data', echoRaw, data));
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
