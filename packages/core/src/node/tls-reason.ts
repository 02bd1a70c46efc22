import type { CloseReason } from '../contract/close-reason.ts';
import { ProtocolError } from '../errors.ts';

/** Errors of the system, and of OpenSSL. */
type Coded = Error & { readonly code?: string | undefined };

/** What TLS fails with when the network is at fault, not the peer. */
const NETWORK_ERRORS = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED']);

/** Why a handshake came to nothing. */
export function handshakeReason(cause: Coded): CloseReason {
  if (NETWORK_ERRORS.has(cause.code ?? '')) return { kind: 'reset', error: cause };
  const message = `Cannot finish the TLS handshake: ${cause.message}`;
  return { kind: 'protocol', error: new ProtocolError('HAWSER_TLS_HANDSHAKE', message, { cause }) };
}

/** Why a connection broke after its handshake: an alert of the peer tears it down, as the network does. */
export function recordReason(cause: Coded): CloseReason {
  if (!/^ERR_(OS)?SSL_(?!.*ALERT_)/.test(cause.code ?? '')) return { kind: 'reset', error: cause };
  const message = `Cannot read what came over TLS: ${cause.message}`;
  return { kind: 'protocol', error: new ProtocolError('HAWSER_TLS_RECORD', message, { cause }) };
}
