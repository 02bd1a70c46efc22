import { type Factory, plug, TLS, type Transport } from '@hawser/core';
import type { Connection } from './connection.ts';
import { drainConnection } from './drain.ts';
import { Engine } from './engine.ts';
import { matchSmtp } from './match.ts';
import { type SmtpOptions, toLimits } from './options.ts';

/**
 * A server that receives mail (RFC 5321): PIPELINING, 8BITMIME, SMTPUTF8, SIZE, ENHANCEDSTATUSCODES, and AUTH and
 * STARTTLS where asked for. Behind a `tls` layer it is SMTPS. It decides nothing about mail itself: `rcptTo` says what is
 * ours, `message` keeps it. Only CRLF ends a line, so no message can smuggle in another.
 *
 * On a drain request a session is told 421 once it has no transaction open.
 *
 * @throws RangeError if a limit makes no sense
 * @example serve('tcp://:25', smtp({ rcptTo: acceptFor('example.net'), message: keep(mailbox) }))
 */
export function smtp(options: SmtpOptions): Factory {
  toLimits(options);
  // The library keeps "encrypted" for a whole server, so there is one for either kind, made when needed.
  const engines: { plain?: Engine; tls?: Engine } = {};
  const connections = new WeakMap<Transport, Connection>();
  return plug('smtp', {
    match: matchSmtp,
    speaksFirst: true,
    accept(socket, transport) {
      const security = transport.info(TLS) ? 'tls' : 'plain';
      const engine = (engines[security] ??= new Engine(options, security));
      connections.set(transport, engine.open(socket, transport));
    },
    drain(_socket, _deadline, transport) {
      drainConnection(connections.get(transport));
    },
  });
}
