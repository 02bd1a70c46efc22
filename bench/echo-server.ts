// One of the servers that `echo.ts` compares.
import type { Socket } from 'node:net';
import { EntryContext, enter, followContexts, type Guard } from '@hawser/core';
import { echo } from './echo-protocol.ts';
import { serveFactory, serveRaw } from './measured-server.ts';

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
if (mode === 'protocol') {
  await serveFactory(echo);
} else {
  if (mode === 'followed') followContexts();
  serveRaw((socket) => {
    const connection = new RawConnection(socket);
    if (mode === 'raw') socket.on('data', (data) => echoRaw(connection, data));
    else socket.on('data', (data) => enter(connection, 'data', echoRaw, data));
  });
}
