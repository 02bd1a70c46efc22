// A PostgreSQL of our own for one file of tests: in a folder that goes with it, on a socket in that folder.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';

/** Where Debian keeps what is not for everybody's PATH. */
const folders = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  ...[17, 16, 15, 14].map((version) => `/usr/lib/postgresql/${version}/bin`),
];

/** The folder of `initdb` and `postgres`; undefined where there is none. */
export const postgresFolder: string | undefined = folders.find((folder) => {
  try {
    for (const name of ['initdb', 'postgres']) accessSync(join(folder, name), constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

/** A running server. */
export class TemporaryCluster {
  readonly #bin: string;
  readonly #folder: string;
  /** The server does not run as root. */
  readonly #user: { readonly uid?: number; readonly gid?: number };
  #server: ChildProcess | undefined;

  private constructor(bin: string, folder: string, user: { uid?: number; gid?: number }) {
    this.#bin = bin;
    this.#folder = folder;
    this.#user = user;
  }

  static async start(): Promise<TemporaryCluster> {
    if (postgresFolder === undefined) throw new Error('Cannot find PostgreSQL');
    const folder = mkdtempSync(join(tmpdir(), 'hawser-pg-'));
    const user: { uid?: number; gid?: number } = process.getuid?.() === 0 ? idsOf('postgres') : {};
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid ?? user.uid);
    const cluster = new TemporaryCluster(postgresFolder, folder, user);
    const args = ['-D', 'data', '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N'];
    execFileSync(join(cluster.#bin, 'initdb'), args, { cwd: folder, ...user, stdio: 'pipe' });
    await cluster.restart();
    return cluster;
  }

  /** Of the one database. */
  get url(): string {
    return `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(this.#folder)}`;
  }

  /** Does what somebody else might. */
  async run(sql: string): Promise<void> {
    const someone = new pg.Client(this.url);
    await someone.connect();
    try {
      await someone.query(sql);
    } finally {
      await someone.end();
    }
  }

  /** Starts it again where it was killed. */
  async restart(): Promise<void> {
    const args = ['-D', 'data', '-k', this.#folder, '-c', 'listen_addresses='];
    const server = spawn(join(this.#bin, 'postgres'), args, {
      cwd: this.#folder,
      ...this.#user,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#server = server;
    let log = '';
    for await (const text of server.stderr.setEncoding('utf8')) {
      log += String(text);
      // Nobody reads on, and it must not stop for that.
      if (/ready to accept connections/.test(log)) break;
    }
    server.stderr.resume();
    if (!/ready to accept connections/.test(log)) throw new Error(`PostgreSQL ended:\n${log}`);
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  }

  async remove(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined && server.exitCode === null) {
      const gone = once(server, 'exit');
      // Immediate shutdown: its children end too.
      server.kill('SIGQUIT');
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function idsOf(user: string): { uid: number; gid: number } {
  const id = (flag: string): number => Number(execFileSync('id', [flag, user], { stdio: 'pipe' }));
  return { uid: id('-u'), gid: id('-g') };
}
