import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type Factory, type Protocol, type Transport, TransportSocket } from '@hawser/core';
import WebSocket from 'ws';
import type { World } from './world.ts';

/** A client of the `ws` library over whatever the world is made of. */
export interface WsClient {
  readonly ws: WebSocket;
  readonly transport: Transport;
  /** The next message, as text. */
  next(): Promise<string>;
  readonly closed: Promise<number>;
}

/** Connects and waits for the handshake; rejects when it is refused. */
export async function connectWs(
  world: World,
  factory: Factory,
  options: { readonly path?: string; readonly origin?: string; readonly protocols?: string[] } = {},
): Promise<WsClient> {
  const { path = '/live', origin, protocols = [] } = options;
  const opener: Protocol & { transport?: Transport; socket?: TransportSocket } = {
    connectionMade(transport) {
      opener.transport = transport;
      opener.socket = new TransportSocket(transport);
      opener.socket.on('error', () => undefined);
      transport.handTo(opener.socket.protocol);
    },
    dataReceived: () => undefined,
  };
  await world.connect(factory, opener);
  const { transport, socket } = opener;
  if (!transport || !socket) throw new Error('not connected');
  const ws = new WebSocket(`ws://example.net${path}`, protocols, {
    createConnection: () => socket as unknown as Socket,
    ...(origin !== undefined && { origin }),
  });
  const closed = new Promise<number>((done) => {
    ws.on('close', (code) => done(code));
  });
  const arrived: string[] = [];
  let heard: () => void = () => undefined;
  ws.on('message', (data: Buffer) => {
    arrived.push(data.toString());
    heard();
  });
  const failed = once(ws, 'error').then(([error]) => {
    throw error;
  });
  failed.catch(() => undefined);
  await Promise.race([once(ws, 'open'), failed]);
  return {
    ws,
    transport,
    closed,
    async next() {
      for (;;) {
        const message = arrived.shift();
        if (message !== undefined) return message;
        await new Promise<void>((done) => {
          heard = done;
        });
      }
    },
  };
}
