import { isIP, type Socket } from 'node:net';
import { TLSSocket as NodeTlsSocket, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { domainToASCII } from 'node:url';
import { toSocket } from '../adapt/to-socket.ts';
import { checkAlpnNames } from '../connection/alpn-names.ts';
import { TLS } from '../connection/info-keys.ts';
import { WireTransport } from '../connection/wire-transport.ts';
import type { DelayedCall } from '../contract/clock.ts';
import type { CloseReason } from '../contract/close-reason.ts';
import type { Factory } from '../contract/factory.ts';
import type { Tls, TlsClientOptions, TlsServerOptions, TlsSession } from '../contract/tls.ts';
import type { Transport } from '../contract/transport.ts';
import { toError } from '../errors.ts';
import { SocketWire, type SocketWireOptions } from './socket-wire.ts';
import { tlsAbove } from './tls-above.ts';
import { clientStateOf } from './tls-client-sessions.ts';
import { tlsInfo, verifyError } from './tls-info.ts';
import { handshakeReason, recordReason } from './tls-reason.ts';
import { DEFAULT_HANDSHAKE_TIMEOUT_MS, serverContextsOf } from './tls-server-contexts.ts';

/** TLS by node's OpenSSL, over any transport. */
export const nodeTls: Tls = {
  startServer: (under, options, upper) =>
    new NodeTlsSession(under, { side: 'server', options, upper }),
  startClient: (under, options, upper) =>
    new NodeTlsSession(under, { side: 'client', options, upper }),
  check: (options) => void serverContextsOf(options),
};

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
  #state: 'shaking' | 'failed' | 'secure' = 'shaking';
  #upper: WireTransport | undefined;

  constructor(under: Transport, parts: Parts) {
    const { handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS } = parts.options;
    const start =
      parts.side === 'server'
        ? serverStart(parts, { under, refuse: this.#failed })
        : clientStart(parts, under);
    this.#under = under;
    this.#parts = parts;
    this.#raw = toSocket(under, (deadline) => this.drainRequested(deadline));
    this.#socket = start(this.#raw);
    tlsAbove.set(this.#raw, this.#socket);
    this.#deadline = under.reactor.clock.callLater(handshakeTimeoutMs, () => {
      this.#giveUp({ kind: 'timeout', timer: 'handshake', afterMs: handshakeTimeoutMs });
    });
    this.#socket.on('error', this.#failed);
    this.#socket.on('end', this.#left);
    this.#socket.on('close', this.#left);
    this.#socket.once(parts.side === 'server' ? 'secure' : 'secureConnect', () => this.#secured());
    under.onClose((reason) => {
      this.#deadline.cancel();
      if (this.#state === 'shaking') this.#state = 'failed';
      // The protocol above hears the reason of the connection below: a reset, an idle timeout, a shutdown.
      if (reason.kind !== 'done') this.#upper?.abort(reason);
      this.#socket.destroy();
    });
  }

  drainRequested(deadline: number): void {
    if (this.#upper) this.#upper.requestDrain(deadline);
    else this.#giveUp({ kind: 'shutdown' });
  }

  readonly #failed = (cause: Error): void => this.#giveUp(handshakeReason(cause));

  /** Node tells of errors of the network only on the socket below. */
  readonly #left = (): void =>
    this.#failed(this.#socket.errored ?? this.#raw.errored ?? new Error('the peer left'));

  readonly #broken = (cause: Error): void => this.#under.abort(recordReason(cause));

  #giveUp(reason: CloseReason): void {
    if (this.#state !== 'shaking') return;
    this.#state = 'failed';
    this.#deadline.cancel();
    // In a turn of its own, for the alert is on its way to the peer. Not when node has destroyed the socket already, or
    // the connection below would end without a reason.
    if (this.#socket.destroyed) this.#under.abort(reason);
    else this.#under.reactor.clock.callSoon(() => this.#under.abort(reason));
  }

  #secured(): void {
    if (this.#state !== 'shaking') return;
    const { side, options, upper } = this.#parts;
    const refused =
      side === 'server' && options.clientCertificates === 'require' && verifyError(this.#socket);
    if (refused) {
      this.#failed(refused);
      return;
    }
    this.#state = 'secure';
    this.#deadline.cancel();
    const { local, peer, reactor, id } = this.#under;
    const wire = new TlsWire(this.#socket, { local, peer, raw: this.#raw }, this.#under);
    this.#upper = new WireTransport(reactor, wire, {
      id,
      side,
      info: new Map([[TLS, tlsInfo(this.#socket, side)]]),
      below: this.#under,
    });
    this.#socket.off('error', this.#failed);
    // The connection below would end without a reason, as only TLS reads its handle.
    this.#socket.on('error', this.#broken);
    // Node tells of a record that cannot be decrypted, or an alert, by this alone unless a `tls.Server` made the
    // socket, and then keeps the connection: what came before would look like all there was.
    this.#socket.on('_tlsError', this.#broken);
    this.#socket.off('end', this.#left);
    this.#socket.off('close', this.#left);
    this.#upper.adopt(upper);
  }
}

/** A TLS socket as a wire. Its resets are those of the connection below, which so learns the reason as well. */
class TlsWire extends SocketWire {
  readonly #under: Transport;

  constructor(socket: TLSSocket, options: SocketWireOptions, under: Transport) {
    super(socket, options);
    this.#under = under;
  }

  override reset(reason?: CloseReason): void {
    this.#under.abort(reason);
  }

  override askUnacknowledged(heard: (bytes: number) => void): void {
    const under: Transport & Partial<Pick<SocketWire, 'askUnacknowledged'>> = this.#under;
    under.askUnacknowledged?.(heard);
  }
}

/** What the options ask for, before the socket is taken: a mistake in them leaves the transport alone. */
function serverStart(
  { options, upper }: Parts & { side: 'server' },
  { under, refuse }: { under: Transport; refuse: (error: Error) => void },
): (raw: Socket) => TLSSocket {
  const { clientCertificates } = options;
  const {
    context,
    reactor: { clock },
  } = under;
  const contexts = serverContextsOf(options);
  const secureContext = contexts.initial;
  const offered = alpn(options, upper);
  return (raw) =>
    new NodeTlsSocket(raw, {
      isServer: true,
      secureContext,
      requestCert: clientCertificates !== undefined,
      rejectUnauthorized: clientCertificates === 'require',
      ...offered,
      ...(contexts.byName && {
        // Without a call of `callback` the handshake waits until it is given up.
        SNICallback: (asked, callback) =>
          void contexts
            .find(asked, { clock, guard: { context, failed: rethrow } })
            .then((found) => callback(null, found))
            .catch((error: unknown) => refuse(toError(error))),
      }),
    });
}

/** What `certificateFor` throws refuses one client; its reason tells. */
function rethrow(_: string, thrown: unknown): never {
  throw toError(thrown);
}

function clientStart(
  { options, upper }: Parts & { side: 'client' },
  { peer }: Transport,
): (raw: Socket) => TLSSocket {
  const { verify = true, serverName = 'host' in peer ? peer.host : '' } = options;
  const name = dnsName(serverName);
  if (verify && name === '') {
    throw new TypeError('Cannot verify the server as there is no serverName');
  }
  const offered = alpn(options, upper);
  const { context, sessions } = clientStateOf(options);
  const session = name === '' ? undefined : sessions.take(name);
  return (raw) => {
    const socket = tlsConnect({
      socket: raw,
      secureContext: context,
      rejectUnauthorized: verify,
      ...offered,
      ...(session && { session }),
      // An address is verified, but has no place in SNI (RFC 6066 §3).
      ...(name !== '' && { host: name, servername: isIP(name) ? '' : name }),
    });
    const keep = (next: Buffer): void => {
      // Who takes up a session is not asked for a certificate, so the name would count as verified from then on.
      if (name !== '' && socket.authorized) sessions.keep(name, next);
    };
    socket.on('session', keep);
    // TLS 1.2 sends no new ticket for one that is still good.
    socket.once('secureConnect', () => {
      if (session && socket.isSessionReused() && socket.getProtocol() === 'TLSv1.2') keep(session);
    });
    return socket;
  };
}

/** As DNS and certificates have it: in ASCII (RFC 5890), and without the dot of the root (RFC 6066 §3). */
function dnsName(name: string): string {
  const bare = name.replace(/\.$/, '');
  return /[^\0-\x7f]/.test(bare) ? domainToASCII(bare) || bare : bare;
}

function alpn(
  { alpn: names }: TlsServerOptions | TlsClientOptions,
  { acceptableProtocols }: Factory,
): { ALPNProtocols?: string[] } {
  const list = names ?? acceptableProtocols ?? [];
  checkAlpnNames(list);
  return list.length > 0 ? { ALPNProtocols: [...list] } : {};
}
