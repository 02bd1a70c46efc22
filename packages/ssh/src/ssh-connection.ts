import type { Duplex } from 'node:stream';
import {
  ConnectionError,
  type DelayedCall,
  ProtocolError,
  type Transport,
  toError,
} from '@hawser/core';
import type { Session as Ssh2Session } from 'ssh2';
import type { Authenticator } from './authenticator.ts';
import { DisconnectReason } from './disconnect-reason.ts';
import { Drain } from './drain.ts';
import { SshProtocolError } from './errors.ts';
import { guard } from './guards.ts';
import { keepAlive } from './keepalive.ts';
import { Login } from './login.ts';
import { OutputGate } from './output-gate.ts';
import type { PendingLogin } from './pending-login.ts';
import { Session, type SessionFacts } from './session.ts';
import { prepare } from './session-start.ts';
import type { Ssh2Client } from './ssh2-internals.ts';

/** Runs one shell or command and gives its exit status; nothing counts as 0. */
export type SessionHandler<Identity> = (
  session: Session<Identity>,
  signal: AbortSignal,
) => number | undefined | void | PromiseLike<number | undefined | void>;

/** The limits and functions that all connections of a server share. */
export interface ConnectionOptions<Identity> {
  readonly authenticators: readonly Authenticator<Identity>[];
  readonly session: SessionHandler<Identity>;
  readonly maxAuthTries: number;
  readonly failureDelayMs: number;
  readonly maxChannels: number;
  readonly keepaliveMs: number;
  readonly maxUnanswered: number;
}

/** Answers to a peer that does not read may not take more than this. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;
/** After the goodbye a peer has this long to close. */
const FAREWELL_MS = 5_000;

/** One client, from its identification to its end: what ssh2 leaves to its user, and its guards. */
export class SshConnection<Identity> {
  readonly #transport: Transport;
  readonly #socket: Duplex;
  readonly #options: ConnectionOptions<Identity>;
  readonly #pending: PendingLogin;
  readonly #gone = new AbortController();
  readonly #drain: Drain;
  #client: Ssh2Client | undefined;
  #login: Login<Identity> | undefined;
  #farewell: DelayedCall | undefined;
  #keepalive: Disposable | undefined;
  #channels = 0;
  #running = 0;

  constructor(
    transport: Transport,
    socket: Duplex,
    shared: { readonly options: ConnectionOptions<Identity>; readonly pending: PendingLogin },
  ) {
    this.#transport = transport;
    this.#socket = socket;
    this.#options = shared.options;
    this.#pending = shared.pending;
    this.#drain = new Drain({
      sessions: () => this.#running,
      sayGoodbye: () => this.#disconnect(DisconnectReason.ByApplication),
    });
    transport.onClose(() => this.#closed());
  }

  /** ssh2 has read the identification of the client. Called synchronously, before it reads on. */
  attach(client: Ssh2Client): void {
    this.#client = client;
    const { reactor } = this.#transport;
    const gate = new OutputGate(this.#socket, client._protocol);
    this.#gone.signal.addEventListener('abort', () => gate.wake());
    const login = new Login({
      reactor,
      signal: this.#gone.signal,
      authenticators: this.#options.authenticators,
      maxTries: this.#options.maxAuthTries,
      failureDelayMs: this.#options.failureDelayMs,
      exhausted: () => this.#disconnect(DisconnectReason.NoMoreAuthMethodsAvailable),
      failed: (error) => this.#transport.abort({ kind: 'protocol', error }),
    });
    this.#login = login;
    guard(client, {
      mayOpen: () => !this.#drain.requested && this.#channels < this.#options.maxChannels,
      windowAdjusted: () => gate.wake(),
      violated: (what, reason) => this.#violated(what, reason),
    });
    // An 'error' that nobody hears would end the process. ssh2 ends the socket after one, and waits for ever.
    client.on('error', () => this.#leave());
    client.on('handshake', () => gate.wake());
    client.on('authentication', (context) => void login.answer(context));
    client.on('ready', () => this.#ready());
    client.on('session', (accept) => this.#opened(accept() as unknown as Ssh2Session, gate));
    this.#socket.once('end', () => this.#leave());
    this.#socket.on('data', () => this.#checkPending());
  }

  /** The process wants to stop. */
  drainRequested(deadline: number): void {
    this.#drain.request(this.#transport.reactor, deadline);
  }

  #ready(): void {
    this.#pending.done();
    const { keepaliveMs, maxUnanswered } = this.#options;
    if (keepaliveMs === 0) return;
    this.#keepalive = keepAlive(this.#transport, {
      intervalMs: keepaliveMs,
      maxUnanswered,
      ping: () => this.#tell((client) => client._protocol.ping()),
    });
  }

  #opened(session: Ssh2Session, gate: OutputGate): void {
    const over = new AbortController();
    const { signal } = over;
    const end = (): void => {
      over.abort(new ConnectionError('HAWSER_CLOSED', 'The session has ended'));
      gate.wake();
    };
    let running = false;
    this.#channels += 1;
    this.#gone.signal.addEventListener('abort', end, { signal });
    session.on('error', () => undefined);
    session.once('close', () => {
      end();
      this.#channels -= 1;
      if (!running) return;
      this.#running -= 1;
      this.#drain.sessionEnded();
    });
    prepare(session, {
      threw: (error) => this.#transport.reactor.reports.problem('ssh.onResize', error),
      mayStart: () => !this.#drain.requested && this.#farewell === undefined,
      started: (channel, command, prepared) => {
        running = true;
        this.#running += 1;
        channel.on('error', () => undefined);
        channel.stderr.on('error', () => undefined);
        const facts = { ...this.#who(), ...prepared, command, peer: this.#transport.peer };
        void this.#run(new Session<Identity>(facts, channel, { gate, signal }), signal);
      },
    });
  }

  #who(): Pick<SessionFacts<Identity>, 'user' | 'identity'> {
    const { user = '', identity } = this.#login?.loggedIn ?? {};
    return { user, identity };
  }

  /** Never rejects. */
  async #run(session: Session<Identity>, signal: AbortSignal): Promise<void> {
    let status = 1;
    try {
      status = toStatus(await this.#options.session(session, signal));
    } catch (thrown) {
      // Whoever writes or reads when the client has gone is told by a throw; that is no problem of the session.
      if (!(signal.aborted && thrown instanceof ConnectionError)) {
        if (!isPeersFault(thrown)) this.#transport.reactor.reports.problem('ssh.session', thrown);
        await session.stderr
          .write(isPeersFault(thrown) ? `${thrown.message}\n` : 'internal error\n')
          .catch(() => undefined);
      }
    }
    await Session.finish(session, status);
  }

  #violated(what: string, reason: number): void {
    this.#disconnect(reason);
    const error = new SshProtocolError('HAWSER_SSH_PROTOCOL', `Cannot go on as the peer ${what}`);
    this.#transport.abort({ kind: 'protocol', error });
  }

  /** ssh2 ignores a full socket, so a peer could ask and ask, and never read the answers. */
  #checkPending(): void {
    if (this.#socket.writableLength <= MAX_PENDING_BYTES) return;
    const error = new ProtocolError(
      'HAWSER_WRITE_QUEUE_FULL',
      `Cannot queue more than ${MAX_PENDING_BYTES} bytes for a peer that does not read`,
    );
    this.#transport.abort({ kind: 'protocol', error });
  }

  #disconnect(reason: number): void {
    this.#tell((client) => client._protocol.disconnect(reason));
    this.#leave();
  }

  /** ssh2 throws when the connection has just ended. */
  #tell(say: (client: Ssh2Client) => void): void {
    if (!this.#client) return;
    try {
      say(this.#client);
    } catch (thrown) {
      this.#transport.abort(toError(thrown));
    }
  }

  /** Flushes and closes; a peer that does not close in time is cut off. */
  #leave(): void {
    if (this.#farewell || this.#gone.signal.aborted) return;
    const socket = this.#socket;
    const { clock } = this.#transport.reactor;
    this.#farewell = clock.callLater(FAREWELL_MS, () => {
      this.#transport.abort({ kind: 'timeout', timer: 'close', afterMs: FAREWELL_MS });
    });
    if (socket.writableFinished) this.#transport.close();
    else socket.once('finish', () => this.#transport.close());
    socket.end();
    // Closing a socket with unread input resets it, and the reset could overtake the goodbye.
    socket.resume();
  }

  #closed(): void {
    this.#pending.done();
    this.#farewell?.cancel();
    this.#keepalive?.[Symbol.dispose]();
    this.#drain.over();
    this.#gone.abort(new ConnectionError('HAWSER_CLOSED', 'The connection has ended'));
  }
}

function isPeersFault(thrown: unknown): thrown is ProtocolError {
  return thrown instanceof ProtocolError;
}

/** An exit status is 8 bits in the shells that look at it. */
function toStatus(status: number | undefined | void): number {
  return typeof status === 'number' && Number.isInteger(status) ? status & 0xff : 0;
}
