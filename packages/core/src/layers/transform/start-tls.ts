import { toFactory } from '../../connection/factory.ts';
import type { FactoryLike } from '../../contract/factory.ts';
import type { TlsClientOptions, TlsServerOptions } from '../../contract/tls.ts';
import type { Transport } from '../../contract/transport.ts';
import { ProtocolError } from '../../errors.ts';
import { SecuringProtocol } from './securing-protocol.ts';

/** What both sides of {@link startTls} have in common. */
interface Upgrade {
  /** Builds the protocol after the handshake. Let it begin anew: nothing said in clear may be trusted any more. */
  readonly upper: FactoryLike;
  /** Bytes the protocol has received but not consumed: what came behind the command or its answer. */
  readonly leftover?: Buffer | undefined;
}

/** The side that was asked to start TLS. */
export interface ServerUpgrade extends Upgrade {
  readonly side: 'server';
  readonly options: TlsServerOptions;
  /**
   * Whether the client may begin its handshake without waiting for an answer, as the client of a protocol without one
   * does. It decides over the leftover: if it may, that is taken for the beginning of the handshake; if not, the
   * connection is aborted. @defaultValue false
   */
  readonly clientMayHurry?: boolean | undefined;
}

/** The side that asked, after the other has agreed. */
export interface ClientUpgrade extends Upgrade {
  readonly side: 'client';
  readonly options: TlsClientOptions;
}

const HANDSHAKE_RECORD = 22;

/**
 * Starts TLS on a connection that was in clear so far (STARTTLS: RFC 3207, RFC 9051 §6.2.1, RFC 4513). Call it after
 * the last write in clear, usually from `dataReceived`; the calling protocol hears nothing more. After the handshake
 * `upper` builds the next one. If that does not come about the connection below ends: `transport.onClose` tells why.
 *
 * What came in clear never reaches `upper`. Bytes a protocol has read beyond the command were sent by nobody knows
 * whom, in the hope that they count as encrypted (CVE-2011-0411): give them as `leftover` and the connection is
 * aborted with `HAWSER_PLAINTEXT_AFTER_STARTTLS`. What has not been read yet goes to the handshake, which accepts
 * nothing but a handshake, so a hello that comes right behind the command is not lost.
 *
 * @example
 * if (line === 'STARTTLS') {
 *   this.transport.write(Buffer.from('220 Go ahead\r\n'));
 *   startTls(this.transport, { side: 'server', options, leftover: rest, upper: () => new Session() });
 * }
 */
export function startTls(transport: Transport, upgrade: ServerUpgrade | ClientUpgrade): void {
  const { leftover } = upgrade;
  if (leftover && leftover.length > 0 && !isExpected(upgrade, leftover)) {
    const error = new ProtocolError(
      'HAWSER_PLAINTEXT_AFTER_STARTTLS',
      `Cannot start TLS as the peer sent ${leftover.length} bytes in clear behind the command`,
    );
    transport.abort({ kind: 'protocol', error });
    return;
  }
  const upper = toFactory(upgrade.upper);
  const next = new SecuringProtocol((under) =>
    upgrade.side === 'server'
      ? under.reactor.tls.startServer(under, upgrade.options, upper)
      : under.reactor.tls.startClient(under, upgrade.options, upper),
  );
  transport.handTo(next, leftover);
}

/** A server never speaks first in TLS, and a client begins with a handshake record (RFC 8446 §5.1). */
function isExpected(upgrade: ServerUpgrade | ClientUpgrade, leftover: Buffer): boolean {
  if (upgrade.side === 'client' || !upgrade.clientMayHurry) return false;
  return leftover[0] === HANDSHAKE_RECORD && (leftover.length < 2 || leftover[1] === 3);
}
