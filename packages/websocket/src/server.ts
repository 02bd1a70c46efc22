import type { Socket } from 'node:net';
import type { UpgradeHandler } from '@hawser/http';
import { type WebSocket, WebSocketServer } from 'ws';
import { drainSession } from './drain.ts';
import { isOriginWelcome } from './origin.ts';
import { toSettings, type WebSocketOptions } from './web-socket-options.ts';
import { type SessionHandler, WebSocketSession } from './web-socket-session.ts';

/** Begins one session: keep `session` to send, give back what to do with its messages. */
export type SessionStarter = (session: WebSocketSession) => SessionHandler | void;

/**
 * Serves WebSockets (RFC 6455) on a path of an HTTP server.
 *
 * @throws RangeError when a limit is not above 0
 * @example
 * const echo = webSocket((session) => ({ messageReceived: (message) => void session.send(message) }));
 * serve('tcp://:8080', http(app, { websocket: { '/echo': echo } }));
 */
export function webSocket(start: SessionStarter, options: WebSocketOptions = {}): UpgradeHandler {
  const settings = toSettings(options);
  const { maxPayload, protocols, deflate, origins } = settings;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload,
    perMessageDeflate: deflate && { serverNoContextTakeover: true, clientNoContextTakeover: true },
    handleProtocols: (offered) => protocols.find((protocol) => offered.has(protocol)) ?? false,
  });
  return (request, socket, head, context) => {
    const { transport } = context;
    if (!isOriginWelcome(request, origins)) {
      refuse(socket);
      return;
    }
    server.handleUpgrade(request, socket, head, (ws: WebSocket) => {
      const session = new WebSocketSession({ ws, socket, transport, request, settings });
      context.onDrain(() => drainSession(session));
      try {
        session.handle(start(session) ?? {});
      } catch (thrown) {
        transport.reactor.reports.problem('websocket.session', thrown);
        session.close(1011);
      }
    });
  };
}

function refuse(socket: Socket): void {
  const head = 'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
  socket.resume();
  socket.end(head, () => socket.destroy());
}
