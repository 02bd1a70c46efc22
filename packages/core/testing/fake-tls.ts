import { TLS } from '../src/connection/info-keys.ts';
import { overlay } from '../src/connection/overlay.ts';
import { ServerNames } from '../src/connection/server-names.ts';
import { TransformWire } from '../src/connection/transform-wire.ts';
import type { DelayedCall } from '../src/contract/clock.ts';
import type { CloseReason } from '../src/contract/close-reason.ts';
import type { Factory, Incoming } from '../src/contract/factory.ts';
import type { Protocol } from '../src/contract/protocol.ts';
import type {
  Tls,
  TlsClientOptions,
  TlsInfo,
  TlsServerOptions,
  TlsSession,
} from '../src/contract/tls.ts';
import type { Transport } from '../src/contract/transport.ts';
import { ProtocolError, toError } from '../src/errors.ts';
import { readClientHello } from '../src/layers/preamble/client-hello-message.ts';
import { clientHelloBytes } from './client-hello-bytes.ts';
import { alertRecord, flightRecord, readFlight } from './fake-tls-record.ts';

/** How the handshakes of {@link FakeTls} go. Who hangs says nothing more, until the deadline of somebody. */
export type FakeHandshake =
  | 'completes'
  | 'server refuses'
  | 'client refuses'
  | 'server hangs'
  | 'client hangs';

/** Options for {@link FakeTls}. */
export interface FakeTlsOptions {
  /** @defaultValue 'completes' */
  readonly handshake?: FakeHandshake | undefined;
  /** Names the certificate of every server is good for, `*.example.net` too. @defaultValue all */
  readonly certificateNames?: readonly string[] | undefined;
}

/**
 * TLS without encryption, for simulated networks and unit tests: the same records each time, then the bytes as they
 * are. The client sends a true client hello, with name and ALPN, so `sniff`, `clientHello` and `routeByServerName` work
 * on it; the server answers in one record and the client in another, so a handshake takes the round trips of TLS 1.3.
 *
 * Kept are ALPN, names, `handshakeTimeoutMs`, `verify` and `clientCertificates`; a client has a certificate if it
 * has `cert` or `pfx`. Keys, authorities and `certificateFor` are not looked at. Both ends have to be fake.
 *
 * @example const reactor = createTestReactor({ tls: new FakeTls({ handshake: 'server refuses' }) });
 */
export class FakeTls implements Tls {
  /** How the handshakes go that begin from now on. */
  handshake: FakeHandshake;
  readonly #names: ServerNames<true> | undefined;

  constructor(options: FakeTlsOptions = {}) {
    const { handshake = 'completes', certificateNames } = options;
    this.handshake = handshake;
    this.#names =
      certificateNames &&
      new ServerNames(Object.fromEntries(certificateNames.map((name) => [name, true] as const)));
  }

  startServer(under: Transport, options: TlsServerOptions, upper: Factory): TlsSession {
    return new FakeSession(under, options, {
      upper,
      side: new ServerSide(options, { upper, handshake: this.handshake }),
    });
  }

  startClient(under: Transport, options: TlsClientOptions, upper: Factory): TlsSession {
    const { serverName = 'host' in under.peer ? under.peer.host : undefined, verify = true } =
      options;
    if (verify && !serverName) {
      throw new TypeError('Cannot verify the server as there is no serverName');
    }
    const trusted = !this.#names || this.#names.find(serverName) !== undefined;
    return new FakeSession(under, options, {
      upper,
      side: new ClientSide(options, {
        upper,
        serverName,
        authorized: trusted,
        handshake: verify && !trusted ? 'client refuses' : this.handshake,
      }),
    });
  }

  check(): void {}
}

/** What the two ends of a handshake do differently. Throwing refuses. */
interface Side {
  /** What is said before anything was heard. */
  first(): Buffer | undefined;
  /** Hears all there is; gives what it did not need once it is done, or a number while it needs more. */
  hear(heard: Buffer, say: (bytes: Buffer) => void): { info: TlsInfo; rest: Buffer } | 'more';
}

const ALERT_HANDSHAKE_FAILURE = 40;
const ALERT_BAD_CERTIFICATE = 42;
const ALERT_CERTIFICATE_REQUIRED = 116;
const ALERT_NO_APPLICATION_PROTOCOL = 120;

/** What refuses the peer, and tells it so. */
class Refusal extends Error {
  readonly alert: number;

  constructor(alert: number, message: string) {
    super(message);
    this.alert = alert;
  }
}

/** Facts that are always the same. */
const AGREED = {
  version: 'TLSv1.3',
  cipher: 'TLS_FAKE',
  resumed: false,
  authorizationError: undefined,
  peerCertificate: (): undefined => undefined,
};

class ServerSide implements Side {
  readonly #options: TlsServerOptions;
  readonly #offered: readonly string[];
  readonly #handshake: FakeHandshake;
  #agreed: Pick<TlsInfo, 'alpn' | 'serverName'> | undefined;
  #helloBytes = 0;

  constructor(
    options: TlsServerOptions,
    { upper, handshake }: { upper: Factory; handshake: FakeHandshake },
  ) {
    this.#options = options;
    this.#offered = options.alpn ?? upper.acceptableProtocols ?? [];
    this.#handshake = handshake;
  }

  first(): undefined {}

  hear(heard: Buffer, say: (bytes: Buffer) => void): ReturnType<Side['hear']> {
    if (!this.#agreed) {
      const hello = readClientHello(heard);
      if (typeof hello === 'number' || this.#handshake === 'server hangs') return 'more';
      if (this.#handshake === 'server refuses') {
        throw new Refusal(ALERT_HANDSHAKE_FAILURE, 'the server refuses');
      }
      const { serverName } = hello;
      const alpn = this.#offered.find((name) => hello.alpn.includes(name));
      if (alpn === undefined && hello.alpn.length > 0 && this.#offered.length > 0) {
        throw new Refusal(ALERT_NO_APPLICATION_PROTOCOL, 'no application protocol');
      }
      this.#agreed = { serverName, alpn };
      this.#helloBytes = 5 + heard.readUInt16BE(3);
      say(flightRecord('server', { alpn }));
    }
    const flight = readFlight('client', heard.subarray(this.#helloBytes));
    if (flight === 'more') return 'more';
    const { clientCertificates } = this.#options;
    const authorized = clientCertificates !== undefined && flight.content['certificate'] === true;
    if (clientCertificates === 'require' && !authorized) {
      throw new Refusal(ALERT_CERTIFICATE_REQUIRED, 'the client has no certificate');
    }
    return { info: { ...AGREED, ...this.#agreed, authorized }, rest: flight.rest };
  }
}

interface ClientParts {
  readonly upper: Factory;
  readonly serverName: string | undefined;
  readonly authorized: boolean;
  readonly handshake: FakeHandshake;
}

class ClientSide implements Side {
  readonly #options: TlsClientOptions;
  readonly #parts: ClientParts;

  constructor(options: TlsClientOptions, parts: ClientParts) {
    this.#options = options;
    this.#parts = parts;
  }

  get #asked(): string | undefined {
    const { serverName } = this.#parts;
    // An address has no place in SNI (RFC 6066 §3).
    return serverName !== undefined && /[^\d.]/.test(serverName) && !serverName.includes(':')
      ? serverName
      : undefined;
  }

  first(): Buffer | undefined {
    if (this.#parts.handshake === 'client hangs') return undefined;
    const { alpn = this.#parts.upper.acceptableProtocols } = this.#options;
    return clientHelloBytes({ serverName: this.#asked, alpn });
  }

  hear(heard: Buffer, say: (bytes: Buffer) => void): ReturnType<Side['hear']> {
    const flight = readFlight('server', heard);
    if (flight === 'more') return 'more';
    const { handshake, authorized } = this.#parts;
    if (handshake === 'client refuses') {
      throw new Refusal(ALERT_BAD_CERTIFICATE, 'the client refuses the certificate');
    }
    const { cert, pfx } = this.#options;
    say(flightRecord('client', { certificate: (cert ?? pfx) !== undefined }));
    const { alpn } = flight.content;
    const info: TlsInfo = {
      ...AGREED,
      authorized,
      authorizationError: authorized ? undefined : 'ERR_TLS_CERT_ALTNAME_INVALID',
      serverName: this.#asked,
      alpn: typeof alpn === 'string' ? alpn : undefined,
    };
    return { info, rest: flight.rest };
  }
}

/** The handshake as a protocol on the connection below, then what passes the bytes on. */
class FakeSession implements TlsSession, Protocol {
  readonly #under: Transport;
  readonly #parts: { readonly upper: Factory; readonly side: Side };
  readonly #deadline: DelayedCall;
  #heard: Buffer = Buffer.alloc(0);
  #wire: TransformWire | undefined;
  #failed = false;

  constructor(
    under: Transport,
    { handshakeTimeoutMs = 10_000 }: { handshakeTimeoutMs?: number | undefined },
    parts: { readonly upper: Factory; readonly side: Side },
  ) {
    this.#under = under;
    this.#parts = parts;
    this.#deadline = under.reactor.clock.callLater(handshakeTimeoutMs, () => {
      under.abort({ kind: 'timeout', timer: 'handshake', afterMs: handshakeTimeoutMs });
    });
    under.handTo(this);
  }

  connectionMade(): void {
    const first = this.#parts.side.first();
    if (first) this.#under.write(first);
  }

  dataReceived(data: Buffer): void {
    if (this.#failed) return;
    this.#heard = Buffer.concat([this.#heard, data]);
    try {
      const answer = this.#parts.side.hear(this.#heard, (bytes) => void this.#under.write(bytes));
      if (answer !== 'more') this.#secured(answer);
    } catch (thrown) {
      this.#refuse(thrown);
    }
  }

  readEnded(): void {
    this.#refuse(new Error('the peer left'));
  }

  connectionLost(): void {
    this.#deadline.cancel();
  }

  drainRequested(deadline: number): void {
    if (this.#wire) this.#wire.drainRequested(deadline);
    else this.#under.abort({ kind: 'shutdown' });
  }

  #secured({ info, rest }: { info: TlsInfo; rest: Buffer }): void {
    this.#deadline.cancel();
    const { upper } = this.#parts;
    const informed: Factory = {
      name: upper.name,
      buildProtocol(incoming) {
        overlay(incoming, { info: [[TLS, info]] });
        return upper.buildProtocol(incoming);
      },
    };
    // Every transport of this package is its own Incoming.
    this.#wire = new TransformWire(informed, this.#under as Transport & Incoming, () => ({}));
    this.#under.handTo(this.#wire, rest);
  }

  #refuse(thrown: unknown): void {
    if (this.#failed) return;
    const under = this.#under;
    const message = `Cannot finish the TLS handshake: ${toError(thrown).message}`;
    const error = new ProtocolError('HAWSER_TLS_HANDSHAKE', message, { cause: thrown });
    const reason: CloseReason = { kind: 'protocol', error };
    this.#deadline.cancel();
    this.#failed = true;
    if (!(thrown instanceof Refusal)) {
      under.abort(reason);
      return;
    }
    // The alert has to leave first, and to get out of a pipe before the reset empties it.
    const { clock } = under.reactor;
    clock.callSoon(() => {
      under.write(alertRecord(thrown.alert));
      clock.callSoon(() => under.abort(reason));
    });
  }
}
