import { performServerHandshake, type ServerHttp2Session } from 'node:http2';
import type { Http2Limits } from './http2-limits.ts';
import type { SessionSocket } from './session-socket.ts';

/** More than `maxFields`, as browsers send each cookie in a line of its own; these are counted when they are joined. */
const EXTRA_LINES = 156;

/** Begins a session of node's library on `socket`, with what the library itself can limit. */
export function openSession(socket: SessionSocket, limits: Http2Limits): ServerHttp2Session {
  const session = performServerHandshake(socket, {
    maxHeaderListPairs: limits.maxFields + EXTRA_LINES,
    maxSessionInvalidFrames: limits.maxResets,
    maxSessionMemory: limits.maxSessionMemoryMiB,
    settings: {
      maxConcurrentStreams: limits.maxConcurrentStreams,
      maxHeaderListSize: limits.maxHeadBytes,
      enableConnectProtocol: false,
      enablePush: false,
    },
  });
  // Whatever it is, the session ends by it and says so to the client.
  session.on('error', () => undefined);
  return session;
}
