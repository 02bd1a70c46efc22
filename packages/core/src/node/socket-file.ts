import { lstatSync } from 'node:fs';
import { chmod, link, lstat, rename, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { Deferred } from '../deferred/deferred.ts';
import { fromPromise } from '../deferred/from-promise.ts';

/** Options for {@link SocketFile}. */
export interface SocketFileOptions {
  readonly path: string;
  /** Permission bits. */
  readonly mode?: number | undefined;
  /** A name nobody else has; short, as the path of a socket is limited to 107 bytes. */
  readonly unique: string;
}

/**
 * The file of a Unix socket. Closing a server deletes the path it has bound, also when another process goes on
 * listening on the same socket; so the server binds a name of its own, and the real path is a second link to it.
 */
export class SocketFile {
  readonly path: string;
  /** What the server binds. */
  readonly bound: string;
  readonly #mode: number | undefined;
  /** The file we have made or taken over; another one at the same path is none of our business. */
  #inode: number | undefined;

  constructor({ path, mode, unique }: SocketFileOptions) {
    this.path = path;
    this.#mode = mode;
    // In the same folder, as links cannot leave the file system.
    this.bound = hasFile(path) ? join(dirname(path), `.${unique}`) : path;
  }

  /** Gives the bound socket its path. Rejects with `EADDRINUSE` if there is something already. */
  async publish(): Promise<void> {
    if (this.#mode !== undefined) await chmod(this.bound, this.#mode);
    if (this.bound === this.path) return;
    await linkOrRename(this.bound, this.path);
    await this.takeOver();
    await ignoreMissing(unlink(this.bound));
  }

  /** From now on the file at the path is ours. */
  async takeOver(): Promise<void> {
    this.#inode = (await lstat(this.path)).ino;
  }

  /** Deletes the file if it is ours, unless a process that has the same socket answers there. */
  async remove(shared: boolean): Promise<void> {
    if (this.#inode === undefined) return;
    try {
      if ((await lstat(this.path)).ino !== this.#inode) return;
      if (shared && (await isAnswered(this.path))) return;
      await unlink(this.path);
    } catch {
      // It is gone already, or not ours to delete any more.
    }
  }

  /** Makes room for {@link publish} if what is in the way is a socket of a process that was killed. */
  removeStale(): Deferred<boolean> {
    const found = inodeOf(this.path);
    return isAnswered(this.path).addCallback((answered) =>
      answered ? false : fromPromise(this.#removeSocket(found)),
    );
  }

  /** A plain file refuses a connection as well, but is not ours to delete. */
  async #removeSocket(inode: number | undefined): Promise<boolean> {
    const found = await lstat(this.path);
    // Somebody else may have done the same meanwhile, and be listening there.
    if (!found.isSocket() || found.ino !== inode) return false;
    await ignoreMissing(unlink(this.path));
    return true;
  }
}

/** What is there in this turn, which is when a probe is sent to it. */
function inodeOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.ino;
}

/** The longest path that fits into the address of a socket (unix(7)), in bytes. */
export const MAX_PATH_BYTES: number = process.platform === 'linux' ? 107 : 103;

function hasFile(path: string): boolean {
  // By the global name: importing `node:process` opens the standard streams.
  return process.platform !== 'win32' && !path.startsWith('\0');
}

async function linkOrRename(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code !== 'EEXIST' && !(await exists(to))) {
      // A file system without hard links.
      await rename(from, to);
      return;
    }
    throw Object.assign(new Error(`${to} exists`, { cause: thrown }), { code: 'EADDRINUSE' });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}

async function ignoreMissing(removed: Promise<void>): Promise<void> {
  try {
    await removed;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
}

function isAnswered(path: string): Deferred<boolean> {
  const answer = new Deferred<boolean>();
  const probe = connect({ path });
  probe.once('connect', () => {
    probe.destroy();
    answer.resolve(true);
  });
  probe.once('error', (error: NodeJS.ErrnoException) =>
    answer.resolve(error.code !== 'ECONNREFUSED'),
  );
  return answer;
}
