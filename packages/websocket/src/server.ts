import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Transport } from '@hawser/core';
import { refuseUpgrade, type UpgradeHandler } from '@hawser/http';
import { type Server, WebSocketServer } from 'ws';
import { ClosingSocket } from './closing-socket.ts';
import { drainSession } from './drain.ts';
import { isOriginWelcome } from './origin.ts';
import { ownFragments } from './own-fragments.ts';
import { toSettings, type WebSocketOptions, type WebSocketSettings } from './web-socket-options.ts';
import { type SessionHandler, WebSocketSession } from './web-socket-session.ts';

/** The only version there is (RFC 6455 §4.2.1). ws takes 8 too, whose Origin has another name and would go unchecked. */
const VERSION = '13';
/** The longest timer node has. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;
/** A piece of what was read takes about 300 bytes besides its own: on average it must have 64, once there are many. */
const PIECES = { atLeast: 4_096, bytesEach: 64 } as const;

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
  const transports = new WeakMap<object, Transport>();
  const server = createHandshaker(settings);
  // What ws itself finds wrong with a request.
  server.on('wsClientError', (_error, socket) => {
    const transport = transports.get(socket);
    if (transport) refuseUpgrade(socket as Socket, { transport, status: 400 });
  });
  return (request, socket, head, context) => {
    const { transport } = context;
    if (!isOriginWelcome(request, settings.origins)) {
      refuseUpgrade(socket, { transport, status: 403 });
      return;
    }
    if (request.headers['sec-websocket-version'] !== VERSION) {
      const fields = ['Upgrade: websocket', `Sec-WebSocket-Version: ${VERSION}`];
      refuseUpgrade(socket, { transport, status: 426, fields });
      return;
    }
    transports.set(socket, transport);
    // It reads nothing of a request but these.
    server.handleUpgrade(request as IncomingMessage, socket, head, (ws) => {
      ownFragments(ws);
      const session = new WebSocketSession({ ws, socket, transport, request, settings });
      context.onDrain((deadline) => drainSession(session, deadline));
      try {
        session.handle(start(session) ?? {});
      } catch (thrown) {
        transport.reactor.reports.problem('websocket.session', thrown);
        session.close(1011);
      }
    });
  };
}

/** The part of ws that answers the handshake and makes sessions; it never listens. */
function createHandshaker(settings: WebSocketSettings): Server<typeof ClosingSocket> {
  const { maxPayload, protocols, deflate } = settings;
  // Not in the type. Deadlines are those of the reactor's clock, so the timer of ws must never be first.
  const timers = { closeTimeout: LONGEST_WAIT_MS };
  const maxPieces = Math.max(PIECES.atLeast, Math.ceil(maxPayload / PIECES.bytesEach));
  // Pongs are those of the session.
  const limits = { maxBufferedChunks: maxPieces, autoPong: false };
  return new WebSocketServer({
    ...timers,
    ...limits,
    WebSocket: ClosingSocket,
    noServer: true,
    clientTracking: false,
    maxPayload,
    perMessageDeflate: deflate && { serverNoContextTakeover: true, clientNoContextTakeover: true },
    handleProtocols: (offered) => protocols.find((protocol) => offered.has(protocol)) ?? false,
  });
}
