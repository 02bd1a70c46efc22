import { isIP, type Socket } from 'node:net';
import {
  createSecureContext,
  type SecureContext,
  TLSSocket,
  connect as tlsConnect,
} from 'node:tls';
import { toSocket } from '../adapt/to-socket.ts';
import { TLS } from '../connection/info-keys.ts';
import { WireTransport } from '../connection/wire-transport.ts';
import type { DelayedCall } from '../contract/clock.ts';
import type { Factory } from '../contract/factory.ts';
import type {
  Tls,
  TlsClientOptions,
  TlsInfo,
  TlsOptions,
  TlsServerOptions,
  TlsSession,
} from '../contract/tls.ts';
import type { Transport } from '../contract/transport.ts';
import { ProtocolError } from '../errors.ts';
import { SocketWire } from './socket-wire.ts';

const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;

/** Parsing a certificate takes milliseconds; every connection of a port shares the options object, and so the result. */
const contexts = new WeakMap<TlsOptions, SecureContext>();

/** TLS by node's OpenSSL, over any transport. */
export const nodeTls: Tls = {
  startServer: (under, options, upper) =>
    new NodeTlsSession(under, { side: 'server', options, upper }),
  startClient: (under, options, upper) =>
    new NodeTlsSession(under, { side: 'client', options, upper }),
  check: (options) => void contextOf(options),
};

function contextOf(options: TlsOptions): SecureContext {
  let context = contexts.get(options);
  if (!context) {
    context = createSecureContext(options);
    contexts.set(options, context);
  }
  return context;
}

type Parts =
  | { readonly side: 'server'; readonly options: TlsServerOptions; readonly upper: Factory }
  | { readonly side: 'client'; readonly options: TlsClientOptions; readonly upper: Factory };

/** One TLS connection: a handshake with a deadline, then a transport of its own for the protocol. */
class NodeTlsSession implements TlsSession {
  readonly #under: Transport;
  readonly #parts: Parts;
  readonly #raw: Socket;
  readonly #socket: TLSSocket;
  readonly #deadline: DelayedCall;
  #upper: WireTransport | undefined;

  constructor(under: Transport, parts: Parts) {
    const { handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS } = parts.options;
    this.#under = under;
    this.#parts = parts;
    this.#raw = toSocket(under, (deadline) => this.drainRequested(deadline));
    this.#socket = startTls(this.#raw, parts);
    this.#deadline = under.reactor.clock.callLater(handshakeTimeoutMs, () => {
      this.#giveUp({ kind: 'timeout', timer: 'handshake', afterMs: handshakeTimeoutMs });
    });
    this.#socket.on('error', this.#failed);
    this.#socket.once(parts.side === 'server' ? 'secure' : 'secureConnect', () => this.#secured());
    under.onClose((reason) => {
      this.#deadline.cancel();
      // The protocol above hears the reason of the connection below: a reset, an idle timeout, a shutdown.
      if (reason.kind !== 'done') this.#upper?.abort(reason);
      this.#socket.destroy();
    });
  }

  drainRequested(deadline: number): void {
    if (this.#upper) this.#upper.requestDrain(deadline);
    else this.#giveUp({ kind: 'shutdown' });
  }

  readonly #failed = (cause: Error): void => {
    const error = new ProtocolError(
      'HAWSER_TLS_HANDSHAKE',
      `Cannot finish the TLS handshake: ${cause.message}`,
      { cause },
    );
    this.#giveUp({ kind: 'protocol', error });
  };

  #giveUp(reason: Parameters<Transport['abort']>[0]): void {
    this.#deadline.cancel();
    this.#under.abort(reason);
    this.#socket.destroy();
  }

  #secured(): void {
    this.#deadline.cancel();
    const { local, peer, reactor, id } = this.#under;
    const wire = new SocketWire(this.#socket, { local, peer, raw: this.#raw });
    this.#upper = new WireTransport(reactor, wire, {
      id,
      side: this.#parts.side,
      info: new Map([[TLS, describe(this.#socket)]]),
      below: this.#under,
    });
    this.#socket.off('error', this.#failed);
    this.#upper.adopt(this.#parts.upper);
  }
}

function startTls(socket: Socket, { side, options }: Parts): TLSSocket {
  const shared = {
    secureContext: contextOf(options),
    ...(options.alpn && { ALPNProtocols: [...options.alpn] }),
  };
  if (side === 'server') return new TLSSocket(socket, { ...shared, isServer: true });
  const { serverName, verify = true } = options;
  return tlsConnect({
    ...shared,
    socket,
    rejectUnauthorized: verify,
    // An address is verified, but has no place in SNI (RFC 6066 §3).
    ...(serverName !== undefined && {
      host: serverName,
      servername: isIP(serverName) ? '' : serverName,
    }),
  });
}

function describe(socket: TLSSocket): TlsInfo {
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    alpn: socket.alpnProtocol || undefined,
    serverName: nameOf(socket),
    authorized: socket.authorized,
    peerCertificate: () => {
      const certificate = socket.getPeerCertificate();
      return Object.keys(certificate).length > 0 ? certificate : undefined;
    },
  };
}

/** What the client asked for by SNI; the type of node leaves it out on the server side. */
function nameOf(
  socket: TLSSocket & { readonly servername?: string | false | null },
): string | undefined {
  return socket.servername || undefined;
}
