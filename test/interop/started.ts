import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve as resolvePath } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** A program that waits takes less of a CPU than this in the time it may be silent. */
const AT_WORK_MS = 200;
/** Of proc_pid_stat(5): Linux counts in hundredths of a second. */
const TICK_MS = 10;

/** What {@link start} and {@link run} may be told besides the command. */
export interface StartOptions {
  /** @defaultValue the root of the repository */
  readonly cwd?: string | undefined;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Whom it runs as, user and group, if not as whoever runs this process. Takes root. */
  readonly uid?: number | undefined;
  /** Written to its standard input, which is then closed. */
  readonly input?: string | Uint8Array | undefined;
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A running program, its output collected. Disposing kills it and waits until it is gone, so a test writes
 * `await using server = start(...)`.
 */
export class Started implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #command: string;
  readonly #watchers = new Set<() => void>();
  /** Settles when the process is gone and its output is complete. */
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  constructor(child: ChildProcess, command: string) {
    this.#child = child;
    this.#command = command;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#notify();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#notify();
    });
    this.ended = once(child, 'close').then(([code, signal]) => {
      this.#notify();
      return { code, signal, stdout: this.stdout, stderr: this.stderr };
    });
    // A program that cannot be started rejects both `ended` and whoever waits; alone it must not end the test run.
    this.ended.catch(() => undefined);
  }

  get pid(): number {
    if (this.#child.pid === undefined)
      throw new Error(`Cannot name the process of "${this.#command}"`);
    return this.#child.pid;
  }

  /**
   * The first match in what it printed, on standard output or error. Rejects when it ends, or neither says nor does
   * anything for too long: on a busy machine a program may take long to start, and is at work then.
   */
  async waitFor(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = withResolvers<RegExpExecArray>();
    const fail = (why: string): void => {
      reject(
        new Error(`"${this.#command}" ${why} before ${pattern}:\n${this.stdout}${this.stderr}`),
      );
    };
    const look = (): void => {
      const found = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (found) resolve(found);
    };
    let workedBefore = 0;
    const timer = setInterval(() => {
      const worked = cpuMs(this.#child.pid);
      if (worked - workedBefore > AT_WORK_MS) workedBefore = worked;
      else fail(`did nothing for ${timeoutMs} ms`);
    }, timeoutMs);
    this.#watchers.add(look);
    look();
    this.ended.then(({ code, signal }) => fail(`ended with ${code ?? signal}`), reject);
    try {
      return await promise;
    } finally {
      clearInterval(timer);
      this.#watchers.delete(look);
    }
  }

  /** Sends a signal and waits until the process is gone. */
  async kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.#child.kill(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      await this.kill('SIGKILL');
  }

  #notify(): void {
    for (const look of this.#watchers) look();
  }
}

/** How long a process has been at work, all its threads together; 0 where nobody can tell. */
function cpuMs(pid: number | undefined): number {
  try {
    // The name of the program, in parentheses, may have anything in it. utime and stime are the 14th and 15th field.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return 0;
  }
}

/** Starts a program. */
export function start(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Started {
  const { cwd = repository, env = {}, input = '', uid } = options;
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    ...(uid !== undefined && { uid, gid: uid }),
  });
  // A program may end before it has read its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Started(child, [command, ...args].join(' '));
}

/** Runs a program to its end. */
export function run(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Ended> {
  return start(command, args, options).ended;
}

/** Starts a TypeScript file of the repository, such as `examples/echo.ts`, straight from its sources. */
export function startExample(
  path: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): Started {
  // The loader and not the `tsx` command: a signal must reach the program itself, and its pid must be the program's.
  const flags = ['--import', loader, '--conditions=@hawser/source'];
  return start(process.execPath, [...flags, resolvePath(repository, path), ...args], options);
}

function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
