import type { Duplex } from 'node:stream';
import { type Factory, plug } from '@hawser/core';
import ssh2 from 'ssh2';
import { ALGORITHMS } from './algorithms.ts';
import type { Authenticator } from './authenticator.ts';
import { readHostKeys } from './host-key.ts';
import { IDENTIFICATION, IdentificationPreamble, SOFTWARE } from './identification-preamble.ts';
import { matchSsh } from './match.ts';
import { type LoginCount, PendingLogin } from './pending-login.ts';
import { type ConnectionOptions, type SessionHandler, SshConnection } from './ssh-connection.ts';
import type { Ssh2Client } from './ssh2-internals.ts';

/** Options for {@link ssh}. */
export interface SshOptions<Identity = unknown> {
  /**
   * What the server proves itself with: a folder that keeps an Ed25519 key, made at the first start, or private keys.
   */
  readonly hostKeys: string | readonly Buffer[];
  /** Who is let in. Several are asked in order; the first yes counts. */
  readonly auth: Authenticator<Identity> | readonly Authenticator<Identity>[];
  /** Runs a shell or a command. Its signal is aborted when the client is gone. */
  readonly session: SessionHandler<Identity>;
  /** Longest from the connection to the login, in milliseconds. @defaultValue 60_000 */
  readonly loginGraceMs?: number | undefined;
  /** Failures to log in after which a client is sent away. @defaultValue 6 */
  readonly maxAuthTries?: number | undefined;
  /** How long the answer to a wrong password or signature waits, in milliseconds. @defaultValue 300 */
  readonly failureDelayMs?: number | undefined;
  /** Clients at a time that are not logged in; more are refused. @defaultValue 100 */
  readonly maxUnauthenticated?: number | undefined;
  /** Shells and commands of one client at a time. @defaultValue 10 */
  readonly maxChannels?: number | undefined;
  /** A client silent for so long is asked whether it is there, in milliseconds; 0 never. @defaultValue 15_000 */
  readonly keepaliveMs?: number | undefined;
  /** Questions without an answer after which a client is cut off. @defaultValue 3 */
  readonly maxUnanswered?: number | undefined;
}

/** ssh2 has a timer of its own, which no clock can drive: it is set to the end of time. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * Serves SSH (RFC 4251 to 4254): shells and commands as async functions. Everything else a client may ask for is
 * refused: forwarding, subsystems, the agent, X11.
 *
 * @throws SshConfigurationError `HAWSER_SSH_HOST_KEY`; RangeError for a limit that makes no sense
 * @example
 * ssh({
 *   hostKeys: './keys',
 *   auth: authorizedKeys('./authorized_keys'),
 *   async session(session) {
 *     await session.write(`Hello ${session.user}\n`);
 *     return 0;
 *   },
 * })
 */
export function ssh<Identity>(options: SshOptions<Identity>): Factory {
  const { hostKeys, loginGraceMs = 60_000, maxUnauthenticated = 100 } = options;
  const shared = toConnectionOptions(options);
  checkLimit('loginGraceMs', loginGraceMs, 1);
  checkLimit('maxUnauthenticated', maxUnauthenticated, 1);
  const logins: LoginCount = { waiting: 0 };
  const connections = new WeakMap<Duplex, SshConnection<Identity>>();
  const server = new ssh2.Server({
    hostKeys: readHostKeys(hostKeys).map(({ privateKey }) => privateKey),
    algorithms: ALGORITHMS,
    ident: SOFTWARE,
    keepaliveInterval: NEVER_MS,
  });
  server.on('connection', (client) => {
    const known = client as Ssh2Client;
    connections.get(known._sock)?.attach(known);
  });

  return {
    name: 'ssh',
    match: matchSsh,
    buildProtocol(incoming) {
      if (logins.waiting >= maxUnauthenticated) {
        const why = `${maxUnauthenticated} clients are not logged in yet`;
        incoming.abort({ kind: 'refused', by: 'ssh', why });
        return undefined;
      }
      let pending: PendingLogin;
      let connection: SshConnection<Identity>;
      const withSsh2 = plug('ssh', {
        accept(socket, transport) {
          connection = new SshConnection(transport, socket, { options: shared, pending });
          connections.set(socket, connection);
          swallowIdentification(socket);
          server.injectSocket(socket);
        },
        drain: (_socket, deadline) => connection.drainRequested(deadline),
      });
      return new IdentificationPreamble({
        connected: (transport) => {
          pending = new PendingLogin(transport, logins, loginGraceMs);
        },
        identified: (transport, head) => {
          const next = withSsh2.buildProtocol(incoming);
          if (next) transport.handTo(next, head);
        },
      });
    },
  };
}

function toConnectionOptions<Identity>(options: SshOptions<Identity>): ConnectionOptions<Identity> {
  const {
    auth,
    session,
    maxAuthTries = 6,
    failureDelayMs = 300,
    maxChannels = 10,
    keepaliveMs = 15_000,
    maxUnanswered = 3,
  } = options;
  checkLimit('maxAuthTries', maxAuthTries, 1);
  checkLimit('failureDelayMs', failureDelayMs, 0);
  checkLimit('maxChannels', maxChannels, 1);
  checkLimit('keepaliveMs', keepaliveMs, 0);
  checkLimit('maxUnanswered', maxUnanswered, 1);
  const authenticators = typeof auth === 'function' ? [auth] : [...auth];
  return {
    authenticators,
    session,
    maxAuthTries,
    failureDelayMs,
    maxChannels,
    keepaliveMs,
    maxUnanswered,
  };
}

function checkLimit(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new RangeError(
    `Cannot serve SSH as ${name} must be a whole number >= ${least}: current value is ${value}`,
  );
}

/** The preamble has said it already; ssh2 says it first of all, and has no option not to. */
function swallowIdentification(socket: Duplex): void {
  const write = (data: Buffer): boolean => {
    Reflect.deleteProperty(socket, 'write');
    return IDENTIFICATION.equals(data) || socket.write(data);
  };
  Object.defineProperty(socket, 'write', { value: write, configurable: true });
}
