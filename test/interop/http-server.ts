import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HttpOptions } from '@hawser/http';
import { type Ended, type Started, type StartOptions, start, startExample } from './started.ts';

/** What is in `/files/lines.txt`: 10,000 lines of 8 octets, so that each part of it says where it is. */
export const LINES: string = Array.from(
  { length: 10_000 },
  (_, line) => `${String(line).padStart(7, '0')}\n`,
).join('');

/** The program in `http-server-main.ts`, as a process of its own with a directory of files. */
export class HttpServer implements AsyncDisposable {
  readonly started: Started;
  /** A directory for the files of a test, gone with the server. */
  readonly folder: string;
  readonly ports: { readonly plain: number; readonly secure: number };

  private constructor(started: Started, folder: string) {
    this.started = started;
    this.folder = folder;
    this.ports = {
      plain: portIn(started.stdout, /^tcp:\S+:(\d+) http$/m),
      secure: portIn(started.stdout, /^tcp:\S+:(\d+) tls > http$/m),
    };
  }

  static async start(options: HttpOptions = {}): Promise<HttpServer> {
    const folder = mkdtempSync(join(tmpdir(), 'hawser-http-'));
    writeFileSync(join(folder, 'lines.txt'), LINES);
    const args = [JSON.stringify(options), folder];
    const started = startExample('test/interop/http-server-main.ts', args);
    try {
      await started.waitFor(/ tls > http$/m, 60_000);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
    return new HttpServer(started, folder);
  }

  get plain(): string {
    return `http://127.0.0.1:${this.ports.plain}`;
  }

  get secure(): string {
    return `https://127.0.0.1:${this.ports.secure}`;
  }

  /** Memory of the process that is in use, in octets. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.started.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  /** Connections that are open on a port, as the kernel has them, the listener not among them. */
  openConnections(how: 'plain' | 'secure' = 'plain'): number {
    const port = this.ports[how].toString(16).toUpperCase().padStart(4, '0');
    // Local address, remote address, state: 01 is ESTABLISHED, 08 is CLOSE_WAIT.
    const open = new RegExp(`^ *\\d+: 0100007F:${port} \\S+ 0[18] `);
    return readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .filter((line) => open.test(line)).length;
  }

  /** A file for a test, such as the body of an upload. */
  file(name: string, content: string | Uint8Array): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.started[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs a program that must succeed. */
export async function succeed(
  command: string,
  args: readonly string[],
  options?: StartOptions,
): Promise<Ended> {
  const ended = await start(command, args, options).ended;
  if (ended.code !== 0) {
    const { code, signal, stdout, stderr } = ended;
    throw new Error(
      `"${command} ${args.join(' ')}" ended with ${code ?? signal}:\n${stdout}${stderr}`,
    );
  }
  return ended;
}

function portIn(text: string, pattern: RegExp): number {
  const port = pattern.exec(text)?.[1];
  if (port === undefined) throw new Error(`Cannot find ${pattern} in:\n${text}`);
  return Number(port);
}
