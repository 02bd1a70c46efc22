import type { Deferred } from '../deferred/deferred.ts';
import type { OperationOptions } from './tcp.ts';

/** How a child process ended: by itself with a code, or by a signal. */
export type ExitStatus =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: string };

/**
 * What the output of one child process means. A throw in any callback is reported and kills that child; then only
 * `processEnded` follows.
 *
 * ```text
 * started ( out | err | outEnded | errEnded | inDrained )* inClosed ( out | err | outEnded | errEnded )* ended
 * ```
 */
export interface ProcessProtocol {
  processStarted?(child: ChildProcess): void;
  /** Bytes of standard output, cut anywhere. The protocol owns `data`. */
  outReceived?(data: Buffer): void;
  /** Bytes of standard error, cut anywhere. */
  errReceived?(data: Buffer): void;
  outEnded?(): void;
  errEnded?(): void;
  /** After `write` returned false: the queue to standard input is empty again. */
  inDrained?(): void;
  /** Standard input is closed, by `end`, by the child or by its end. Nothing can be written, no `inDrained` follows. */
  inClosed?(): void;
  /** Exactly once, always last: the child is gone and both of its streams have ended. */
  processEnded?(status: ExitStatus): void;
}

/**
 * A running child process. Disposing it ends it: SIGTERM, then SIGKILL after `killAfterMs`; what it still prints is
 * dropped and only `processEnded` follows. Disposing settles after that.
 */
export interface ChildProcess extends AsyncDisposable {
  readonly pid: number;
  /** Bytes that wait for the child to read its standard input. */
  readonly pendingBytes: number;
  /** Queues `data` for standard input. False at the high-water mark: wait for `inDrained`. Never throws. */
  write(data: Uint8Array): boolean;
  /** Ends standard input once everything written has left. */
  end(): void;
  /**
   * Stops reading one of its streams, so that the child has to wait. While a stream is paused that has not ended,
   * `processEnded` does not come, even if the child has gone.
   */
  pauseReading(stream: 'out' | 'err'): void;
  resumeReading(stream: 'out' | 'err'): void;
  /** Sends a signal to the child, not to children of its own. Harmless when it has ended. @defaultValue 'SIGTERM' */
  kill(signal?: NodeJS.Signals): void;
  /** How it ended, after `processEnded`. */
  ended(): Deferred<ExitStatus>;
}

/** Where an output of a child goes. */
export type ProcessOutputTarget = 'pipe' | 'inherit' | 'ignore';

/** Options for {@link Process.spawn}. */
export interface SpawnOptions extends OperationOptions {
  /** The program: a path, or a name looked up in PATH. No shell reads it. */
  readonly command: string;
  readonly args?: readonly string[] | undefined;
  readonly cwd?: string | undefined;
  /** The whole environment of the child. @defaultValue that of this process */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Descriptors of this process that the child gets as 3, 4, and so on. They stay open here. */
  readonly descriptors?: readonly number[] | undefined;
  /**
   * Where standard output goes: to the protocol, where that of this process goes, or nowhere. Only of a pipe the protocol
   * hears data and the end. @defaultValue 'pipe'
   */
  readonly out?: ProcessOutputTarget | undefined;
  /** The same for standard error. @defaultValue 'pipe' */
  readonly err?: ProcessOutputTarget | undefined;
  /**
   * The child may outlive this process: it does not keep this process alive, and leads a session of its own, so that
   * what the terminal sends to this one does not reach it. It reads the end of standard input when this process has gone,
   * and writing to a pipe fails from then on: let it inherit its outputs, or ignore them. @defaultValue false
   */
  readonly detached?: boolean | undefined;
  /** A child with more bytes than this waiting for its standard input is killed. @defaultValue 16_777_216 */
  readonly maxPendingBytes?: number | undefined;
  /**
   * Longest wait for the streams to end after the child has gone, in milliseconds; then they are cut. A child of the
   * child may hold them open for ever. Time while a stream is paused does not count. @defaultValue 5_000
   */
  readonly lingerMs?: number | undefined;
  /** How long a child may ignore SIGTERM when it is disposed or its signal aborted, in milliseconds. @defaultValue 5_000 */
  readonly killAfterMs?: number | undefined;
}

/** Child processes. */
export interface Process {
  /**
   * Starts a program; settles after `processStarted`. Cancelling before that kills it, and its protocol hears nothing.
   * The `signal` ends the child as long as it runs.
   * @throws SpawnError `HAWSER_SPAWN`
   */
  spawn(options: SpawnOptions, protocol: ProcessProtocol): Deferred<ChildProcess>;
}
