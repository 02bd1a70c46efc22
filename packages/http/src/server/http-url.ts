import { type ListenerService, type Port, UsageError } from '@hawser/core';

/** Options for {@link httpUrl}. */
export interface HttpUrlOptions {
  /** @defaultValue `https` where TLS is one of the layers of the port */
  readonly scheme?: 'http' | 'https' | undefined;
}

/**
 * Where a server can be asked, with the port that the system has chosen: to print, or to fetch in a test. A server that
 * listens on all addresses is asked on the loopback one.
 *
 * @throws UsageError `HAWSER_NOT_AVAILABLE` before it listens, and for one on a Unix socket or in memory, which no URL
 *   leads to
 * @example
 * const server = serve('tcp://127.0.0.1:0', http(app));
 * await server.start(reactor);
 * await client.get(httpUrl(server, '/ships'));
 */
export function httpUrl(
  server: Pick<ListenerService<Port>, 'name' | 'port'> | Pick<Port, 'address' | 'toString'>,
  path = '/',
  options: HttpUrlOptions = {},
): string {
  const port = 'address' in server ? server : server.port;
  if (port === undefined) {
    throw notAvailable(
      `Cannot tell the URL of "${(server as { name: string }).name}" as it does not listen`,
    );
  }
  const { address } = port;
  if (address.kind !== 'tcp') {
    throw notAvailable(
      `Cannot tell the URL of a server that is not on TCP: give clients its endpoint: ${port}`,
    );
  }
  const { scheme = hasTls(String(port)) ? 'https' : 'http' } = options;
  const host = REACHABLE.get(address.host) ?? address.host;
  const authority = address.family === 6 ? `[${host}]` : host;
  return new URL(path, `${scheme}://${authority}:${address.port}/`).href;
}

const REACHABLE: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/** A port shows its address, and its layers from the wire on: `tcp://0.0.0.0:443 max(100) > tls > http`. */
function hasTls(shown: string): boolean {
  return shown
    .slice(shown.indexOf(' ') + 1)
    .split(' > ')
    .includes('tls');
}

function notAvailable(message: string): UsageError {
  return new UsageError('HAWSER_NOT_AVAILABLE', message);
}
