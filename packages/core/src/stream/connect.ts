import type { ClientEndpoint } from '../contract/endpoint.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions } from '../contract/tcp.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { asClientEndpoint } from '../endpoints/parse-endpoint.ts';
import type { Connection } from './connection.ts';
import { StreamProtocol } from './stream-protocol.ts';

/**
 * Connects, and gives a {@link Connection} to read from and write to, which is yours to close. Errors as the
 * endpoint's, among them `UsageError` `HAWSER_BAD_ENDPOINT` for text that is none.
 *
 * @example
 * const conn = await connect(reactor, 'tcp://localhost:7000');
 * await conn.write('hello\n');
 * const answer = await conn.readLine({ max: 64 });
 */
export function connect(
  reactor: Reactor,
  endpoint: ClientEndpoint | string,
  options: OperationOptions = {},
): Deferred<Connection> {
  try {
    const factory = { name: 'connect', buildProtocol: () => new StreamProtocol() };
    return asClientEndpoint(endpoint)
      .connect(reactor, factory, options)
      .addCallback((protocol) => protocol.connection);
  } catch (thrown) {
    return fail(thrown, { reports: reactor.reports, where: 'connect' });
  }
}
