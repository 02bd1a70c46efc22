import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { CodecLimits } from '../contract/codec.ts';
import type { Http2ClientLimits } from './http2-client-options.ts';

/** A session of node's library on a connection that is there already. It sends its settings. */
export function openClientSession(
  socket: Duplex,
  limits: Pick<CodecLimits, 'maxHeadBytes' | 'maxFields'>,
  http2: Http2ClientLimits,
): ClientHttp2Session {
  // Whom requests are for, each of them says itself.
  const session = connect('http://localhost', {
    createConnection: () => socket,
    maxHeaderListPairs: limits.maxFields + 1,
    maxSessionMemory: http2.maxSessionMemoryMiB,
    settings: {
      enablePush: false,
      initialWindowSize: http2.streamWindowBytes,
      maxHeaderListSize: limits.maxHeadBytes,
    },
  });
  session.setLocalWindowSize(http2.connectionWindowBytes);
  // What is pushed all the same nobody has asked for.
  session.on('stream', (pushed: ClientHttp2Stream) => {
    pushed.on('error', () => undefined);
    pushed.close(constants.NGHTTP2_REFUSED_STREAM);
  });
  return session;
}
