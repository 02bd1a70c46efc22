import type { TLSSocket } from 'node:tls';
import type { TlsInfo } from '../contract/tls.ts';

/** What node's types leave out. */
interface Undeclared {
  /** What the client asked for by SNI, on the server side. */
  readonly servername?: string | false | null;
  readonly ssl?: { verifyError?(): (Error & { code?: string }) | null | undefined };
}

/**
 * Why the peer's certificate cannot be trusted. `node:tls` looks only for a `tls.Server`, which we have none of, and
 * for clients, for which it says so itself.
 */
export function verifyError(
  socket: TLSSocket & Undeclared,
): (Error & { code?: string }) | undefined {
  if (!socket.ssl?.verifyError) return new Error('Cannot verify certificates with this node');
  return socket.ssl.verifyError() ?? undefined;
}

/** What was agreed, once a handshake is done. */
export function tlsInfo(socket: TLSSocket & Undeclared, side: 'server' | 'client'): TlsInfo {
  const peerCertificate = (): ReturnType<TlsInfo['peerCertificate']> => {
    const certificate = socket.getPeerCertificate();
    // Empty if there is none; null if the connection has gone by now.
    return certificate && Object.keys(certificate).length > 0 ? certificate : undefined;
  };
  const shown = peerCertificate() !== undefined;
  const error = side === 'server' ? verifyError(socket) : socket.authorizationError;
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    alpn: socket.alpnProtocol || undefined,
    serverName: socket.servername || undefined,
    authorized: side === 'server' ? shown && !error : socket.authorized,
    authorizationError: shown && error ? codeOf(error) : undefined,
    resumed: socket.isSessionReused(),
    peerCertificate,
  };
}

/** Node gives an Error on one side and its code on the other, which it declares as an Error. */
function codeOf(error: (Error & { code?: string }) | string): string {
  return typeof error === 'string' ? error : (error.code ?? error.message);
}
