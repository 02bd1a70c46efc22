import { type ChildProcess as NodeChild, type StdioOptions, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { basename } from 'node:path';
import type { ChildProcess, Process, ProcessProtocol, SpawnOptions } from '../contract/process.ts';
import type { Has } from '../contract/reactor.ts';
import { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { SpawnError, toError } from '../errors.ts';
import { RunningProcess } from './node-process-running.ts';

/** Child processes over `node:child_process`. */
export class NodeProcess implements Process {
  readonly #reactor: Has<'clock' | 'reports'>;

  constructor(reactor: Has<'clock' | 'reports'>) {
    this.#reactor = reactor;
  }

  spawn(options: SpawnOptions, protocol: ProcessProtocol): Deferred<ChildProcess> {
    const { command, signal } = options;
    const { reports } = this.#reactor;
    let child: NodeChild;
    try {
      signal?.throwIfAborted();
      child = start(options);
    } catch (thrown) {
      if (signal?.aborted) return cancelled(signal);
      return fail(spawnError(command, toError(thrown)), { reports, where: 'spawn' });
    }
    const started = new Deferred<ChildProcess>({
      canceller: () => void child.kill('SIGKILL'),
      reports,
      where: 'spawn',
    });
    const aborted = (): void => started.cancel(signal?.reason);
    signal?.addEventListener('abort', aborted);
    // Both events come in a later turn. An error after the start is a kill that the system refused.
    child.on('error', (error) => {
      signal?.removeEventListener('abort', aborted);
      started.reject(spawnError(command, error));
    });
    child.once('spawn', () => {
      signal?.removeEventListener('abort', aborted);
      if (started.peek().state !== 'pending') return;
      const name = `process:${basename(command)}`;
      const running = new RunningProcess(this.#reactor, { child, protocol, name, options });
      running.begin();
      started.resolve(running);
    });
    return started;
  }
}

function start(options: SpawnOptions): NodeChild {
  const { command, args = [], cwd, env, descriptors = [], detached = false } = options;
  const { out = 'pipe', err = 'pipe' } = options;
  const stdio: StdioOptions = ['pipe', out, err, ...descriptors];
  const child = spawn(command, args, { cwd, env, stdio, detached, windowsHide: true });
  if (detached) child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    // Streams of a child that is killed before it starts have no other listener, and would crash the process.
    stream?.on('error', ignoreError);
    if (detached) (stream as Socket | null)?.unref();
  }
  return child;
}

function cancelled(signal: AbortSignal): Deferred<never> {
  const deferred = new Deferred<never>();
  deferred.cancel(signal.reason);
  return deferred;
}

function spawnError(command: string, cause: NodeJS.ErrnoException): SpawnError {
  const why =
    cause.code === 'ENOENT'
      ? 'the program or its working directory does not exist'
      : cause.code === 'EACCES'
        ? 'permission denied'
        : cause.message;
  return new SpawnError(`Cannot start ${JSON.stringify(command)}: ${why}`, { cause });
}

function ignoreError(): void {}
