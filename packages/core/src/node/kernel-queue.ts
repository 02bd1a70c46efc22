import { fstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** Long enough that all connections that are looked at together share one reading. */
const FRESH_MS = 200;
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/** What a socket has sent and not been told of, as hexadecimal bytes, and its inode. */
const ROW = /^ *\d+: \S+ \S+ \S+ ([\dA-F]{8,}):\S+ \S+ \S+ +\d+ +\d+ (\d+) /gm;

let reading: Promise<ReadonlyMap<number, number>> | undefined;

/**
 * How many bytes of a TCP socket the peer has not acknowledged, as Linux tells in /proc/net/tcp (proc(5)); `undefined`
 * where there is no such table, or the socket is not in it.
 */
export async function unacknowledgedBytes(fd: number): Promise<number | undefined> {
  try {
    const { ino } = fstatSync(fd);
    const shared = readQueues();
    const bytes = (await shared).get(ino);
    if (bytes !== undefined) return bytes;
    // It may be younger than what was read, or have been passed over as others came and went.
    if (reading === shared) reading = undefined;
    return (await readQueues()).get(ino);
  } catch {
    // The socket is closed.
    return undefined;
  }
}

/** The tx_queue of each socket in a table, by its inode. */
export function parseQueues(table: string): Map<number, number> {
  // "sl local remote st tx_queue:rx_queue tr:when retrnsmt uid timeout inode ..."
  const rows = table.matchAll(ROW);
  return new Map(
    Array.from(rows, ([, queue = '', inode]) => [Number(inode), Number.parseInt(queue, 16)]),
  );
}

/** Parsed once for all who look: the tables have megabytes, where there are many sockets. */
function readQueues(): Promise<ReadonlyMap<number, number>> {
  if (!reading) {
    reading = Promise.all(TABLES.map(readTable)).then((tables) => parseQueues(tables.join('')));
    setTimeout(() => {
      reading = undefined;
    }, FRESH_MS).unref();
  }
  return reading;
}

async function readTable(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch {
    return '';
  }
}
