import { fstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** Long enough that all connections that are looked at together share one reading. */
const FRESH_MS = 200;
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

let reading: Promise<readonly string[]> | undefined;

/**
 * How many bytes of a TCP socket the peer has not acknowledged, as Linux tells in /proc/net/tcp (proc(5)); `undefined`
 * where there is no such table, or the socket is not in it.
 */
export async function unacknowledgedBytes(fd: number): Promise<number | undefined> {
  try {
    const { ino } = fstatSync(fd);
    return findQueue(await readTables(), ino);
  } catch {
    // The socket is closed.
    return undefined;
  }
}

/** The tx_queue of the socket with that inode. */
export function findQueue(tables: readonly string[], inode: number): number | undefined {
  for (const table of tables) {
    // "sl local remote st tx_queue:rx_queue tr:when retrnsmt uid timeout inode ..."
    const at = table.indexOf(` ${inode} `);
    if (at < 0) continue;
    const line = table.slice(table.lastIndexOf('\n', at) + 1, at);
    const queues = line.trim().split(/\s+/)[4];
    if (queues?.includes(':')) return Number.parseInt(queues, 16);
  }
  return undefined;
}

function readTables(): Promise<readonly string[]> {
  if (!reading) {
    reading = Promise.all(TABLES.map(readTable));
    // Megabytes, where there are many sockets.
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
