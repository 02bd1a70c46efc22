// The library's server without its listener: it turns callbacks into hooks. Never listens, has no timers.

import type { Socket } from 'node:net';
import type { Transport } from '@hawser/core';
import {
  SMTPServer,
  type SMTPServerAddress,
  type SMTPServerAuthentication,
  type SMTPServerAuthenticationResponse,
  type SMTPServerDataStream,
  type SMTPServerOptions,
  type SMTPServerSession,
} from 'smtp-server';
import { Connection } from './connection.ts';
import { toEnvelope, toMailPath } from './envelope.ts';
import type { HookResult } from './hook-call.ts';
import { MessageStream } from './message-stream.ts';
import { type SmtpLimits, type SmtpOptions, toLimits } from './options.ts';
import { SmtpError } from './smtp-error.ts';

type Callback = (error?: Error | null) => void;

/** Commands of the library that are jokes, or that nobody needs who is not a proxy. */
const NEVER = ['WIZ', 'SHELL', 'KILL', 'HELP', 'XCLIENT', 'XFORWARD'];
const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;

/** The sessions of one factory that are either all encrypted from the start, or all not. */
export class Engine extends SMTPServer {
  readonly #options: SmtpOptions;
  readonly #limits: SmtpLimits;
  readonly #connections = new WeakMap<SMTPServerSession, Connection>();

  constructor(options: SmtpOptions, security: 'plain' | 'tls') {
    const limits = toLimits(options);
    super(toLibraryOptions(options, { limits, security }));
    this.#options = options;
    this.#limits = limits;
    // Without a listener a reset in the middle of a transaction would end the process. The transport knows of it.
    this.on('error', () => undefined);
  }

  /** Starts a session on `socket`. */
  open(socket: Socket, transport: Transport): Connection {
    // The library never answers the end of input itself.
    socket.allowHalfOpen = false;
    const { plaintextAuth = false, startTls } = this.#options;
    const connection = new Connection({
      server: this,
      socket,
      transport,
      limits: this.#limits,
      plaintextAuth,
      handshakeTimeoutMs: startTls?.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS,
    });
    this.connections.add(connection);
    this.#connections.set(connection.session, connection);
    connection.on('error', (error) => this._onError(error));
    connection.init();
    return connection;
  }

  /** Without a certificate of ours there is none: the key the library brings is published. */
  override updateSecureContext(): void {
    this.secureContext = new Map();
    if (!this.options.hideSTARTTLS) super.updateSecureContext();
  }

  override onConnect(session: SMTPServerSession, callback: Callback): void {
    const { connect } = this.#options;
    this.#ask('connect', { session, callback, hook: connect && ((own) => connect(own)) });
  }

  override onSecure(_socket: unknown, _session: SMTPServerSession, callback: Callback): void {
    callback();
  }

  override onAuth(
    auth: SMTPServerAuthentication,
    session: SMTPServerSession,
    callback: (
      error: Error | null | undefined,
      response?: SMTPServerAuthenticationResponse,
    ) => void,
  ): void {
    const connection = this.#connectionOf(session);
    const { username = '', password } = auth;
    connection.ask<unknown>('auth', {
      run: () => this.#options.auth?.({ username, password: password ?? '' }, connection.view),
      settled: (outcome) => {
        if (outcome.ok) callback(null, { user: outcome.value });
        else callback(outcome.refusal);
      },
    });
  }

  override onMailFrom(
    address: SMTPServerAddress,
    session: SMTPServerSession,
    callback: Callback,
  ): void {
    const { mailFrom } = this.#options;
    const hook = mailFrom && ((own: Connection['view']) => mailFrom(toMailPath(address), own));
    this.#ask('mailFrom', { session, callback, hook });
  }

  override onRcptTo(
    address: SMTPServerAddress,
    session: SMTPServerSession,
    callback: Callback,
  ): void {
    const { rcptTo = refuseRelaying } = this.#options;
    const hook = (own: Connection['view']): HookResult<void> => rcptTo(toMailPath(address), own);
    this.#ask('rcptTo', { session, callback, hook });
  }

  override onData(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    callback: (error?: Error | null, reply?: string) => void,
  ): void {
    const connection = this.#connectionOf(session);
    const envelope = toEnvelope(session.envelope);
    connection.receive(stream, {
      run: () => this.#options.message(new MessageStream(stream), envelope, connection.view),
      answer: (refusal) => callback(refusal ?? null, 'Message accepted'),
    });
  }

  #ask(
    name: string,
    question: {
      readonly session: SMTPServerSession;
      readonly callback: Callback;
      readonly hook: ((own: Connection['view']) => HookResult<void>) | undefined;
    },
  ): void {
    const { session, callback, hook } = question;
    if (!hook) {
      callback();
      return;
    }
    const connection = this.#connectionOf(session);
    connection.ask<void>(name, {
      run: () => hook(connection.view),
      settled: (outcome) => callback(outcome.ok ? null : outcome.refusal),
    });
  }

  #connectionOf(session: SMTPServerSession): Connection {
    const connection = this.#connections.get(session);
    if (!connection) throw new TypeError('Cannot find the connection of a session');
    return connection;
  }
}

function refuseRelaying(): SmtpError {
  return new SmtpError(550, 'Relaying denied', { enhanced: '5.7.1' });
}

function toLibraryOptions(
  options: SmtpOptions,
  { limits, security }: { readonly limits: SmtpLimits; readonly security: 'plain' | 'tls' },
): SMTPServerOptions {
  const { hostname, auth, authRequired = true, startTls } = options;
  const offersStartTls = startTls !== undefined && security === 'plain';
  return {
    ...(hostname !== undefined && { name: hostname }),
    ...(offersStartTls && toSecureOptions(startTls)),
    secure: security === 'tls',
    // The transport has done the handshake by then.
    secured: security === 'tls',
    hideSTARTTLS: !offersStartTls,
    disabledCommands: [
      ...NEVER,
      ...(auth ? [] : ['AUTH']),
      ...(offersStartTls ? [] : ['STARTTLS']),
    ],
    authOptional: !auth || !authRequired,
    authMethods: ['PLAIN', 'LOGIN'],
    // Whether a password may travel in clear is decided by the connection, STARTTLS or not.
    allowInsecureAuth: true,
    // The number of commands is bounded by the budget.
    maxAllowedUnauthenticatedCommands: false,
    size: limits.maxMessageBytes,
    maxRecipients: limits.maxRecipients,
    hideENHANCEDSTATUSCODES: false,
    // Promises about what happens to a message later, which nobody here keeps (RFC 3461, RFC 8689).
    hideDSN: true,
    hideREQUIRETLS: true,
    disableReverseLookup: true,
    heloResponse: '%s',
    logger: false,
  };
}

/** `key` and `cert` are always named, as those of the library would be used beside a `pfx`. */
function toSecureOptions(startTls: NonNullable<SmtpOptions['startTls']>): SMTPServerOptions {
  const { key, cert, pfx, ca, passphrase, ciphers, minVersion = 'TLSv1.2', maxVersion } = startTls;
  return {
    key,
    cert,
    minVersion,
    ...(pfx !== undefined && { pfx }),
    ...(ca !== undefined && { ca }),
    ...(passphrase !== undefined && { passphrase }),
    ...(ciphers !== undefined && { ciphers }),
    ...(maxVersion !== undefined && { maxVersion }),
  };
}
