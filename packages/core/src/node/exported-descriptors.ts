import type { Port } from '../contract/port.ts';
import type { DatagramPort } from '../contract/udp.ts';
import { UsageError } from '../errors.ts';

/** The part of the options of `reactor.process.spawn` that hands sockets over. */
export interface ExportedDescriptors {
  readonly descriptors: readonly number[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * What a successor needs to go on listening on `ports`, by the names under which it finds them: `systemd:web`. Spread it
 * into the options of `reactor.process.spawn`. Connections that wait to be accepted, and datagrams that wait to be read,
 * stay with the sockets, so a restart that goes like this loses nothing:
 *
 * 1. start the successor and wait until it says that it listens, in whatever way the two agree on; if it ends before
 *    that, nothing has changed here,
 * 2. `quiesce` every port, so that only the successor accepts,
 * 3. `drain` them, and end. For that the successor is `detached`, and inherits its outputs: what it prints into a pipe
 *    would go nowhere from then on.
 *
 * The descriptors stay open here until their ports are quiesced or, for UDP, stopped; do not quiesce a port before the
 * successor was started.
 *
 * @throws UsageError `HAWSER_NOT_AVAILABLE` if a port is closed or not one of the operating system, and
 * `HAWSER_BAD_ENDPOINT` for a name that is empty, only digits, or has a colon
 * @example
 * const exported = exportedDescriptors({ web, dns });
 * const successor = { command: process.execPath, args: process.argv.slice(1), detached: true, out: 'inherit' } as const;
 * await reactor.process.spawn({ ...successor, err: 'inherit', ...exported }, {});
 */
export function exportedDescriptors(
  ports: Readonly<Record<string, Port | DatagramPort>>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ExportedDescriptors {
  const entries = Object.entries(ports);
  const descriptors = entries.map(([name, port]) => {
    if (name === '' || /^\d+$/.test(name) || !/^[\x21-\x39\x3b-\x7e]+$/.test(name)) {
      throw new UsageError(
        'HAWSER_BAD_ENDPOINT',
        `Cannot export a port as its name must be ASCII without colons, and no number: ${JSON.stringify(name)}`,
      );
    }
    if (!port.exportFd) {
      throw new UsageError(
        'HAWSER_NOT_AVAILABLE',
        `Cannot export port "${name}" as it is not a socket of the operating system`,
      );
    }
    return port.exportFd();
  });
  const paths = entries.map(([, { address }]) =>
    encodeURIComponent(address.kind === 'unix' ? address.path : ''),
  );
  return {
    descriptors,
    env: {
      ...env,
      LISTEN_FDS: String(entries.length),
      LISTEN_FDNAMES: entries.map(([name]) => name).join(':'),
      LISTEN_PATHS: paths.join(':'),
      LISTEN_PID: undefined,
      HAWSER_UPGRADE: '1',
    },
  };
}
