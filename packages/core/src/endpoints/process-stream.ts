import { Duplex } from 'node:stream';
import type { DelayedCall } from '../contract/clock.ts';
import type { ChildProcess, ExitStatus, ProcessProtocol } from '../contract/process.ts';
import type { Has } from '../contract/reactor.ts';
import { ConnectionError } from '../errors.ts';

/** A child that has ended its output and was told the end of its input gets this long to exit by itself. */
const EXIT_GRACE_MS = 5_000;
/** How much of standard error is kept to explain an exit. */
const KEPT_ERROR_BYTES = 2_048;

/**
 * The standard input and output of one child process as a stream, and the protocol that the child is started with. It
 * closes when the child is gone, with an error if that was by a signal or with a code other than 0.
 */
export class ProcessStream extends Duplex implements ProcessProtocol {
  readonly #clock: Has<'clock'>['clock'];
  readonly #command: string;
  #child: ChildProcess | undefined;
  #status: ExitStatus | undefined;
  #stderr: Buffer = Buffer.alloc(0);
  /** What the stream waits for: a write for the child to read, an end or a close for it to go. */
  #written: (() => void) | undefined;
  #inClosed = false;
  #finished: (() => void) | undefined;
  #gone: (() => void) | undefined;
  #grace: DelayedCall | undefined;

  constructor(reactor: Has<'clock'>, command: string) {
    super({ allowHalfOpen: true });
    this.#clock = reactor.clock;
    this.#command = command;
  }

  // --- the child ---

  processStarted(child: ChildProcess): void {
    this.#child = child;
  }

  outReceived(data: Buffer): void {
    if (!this.push(data)) this.#child?.pauseReading('out');
  }

  outEnded(): void {
    this.push(null);
  }

  errReceived(data: Buffer): void {
    this.#stderr = Buffer.concat([this.#stderr, data]).subarray(-KEPT_ERROR_BYTES);
  }

  inDrained(): void {
    this.#wroteAll();
  }

  inClosed(): void {
    this.#inClosed = true;
    this.#wroteAll();
    this.#finished?.();
  }

  processEnded(status: ExitStatus): void {
    this.#status = status;
    this.#grace?.cancel();
    if (this.#gone) this.#gone();
    // What it printed must be read first.
    else if (this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
  }

  // --- the stream ---

  override _read(): void {
    this.#child?.resumeReading('out');
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    const child = this.#child;
    if (!child || this.#inClosed) {
      const error = new ConnectionError(
        'HAWSER_CLOSED',
        `Cannot write as ${JSON.stringify(this.#command)} has closed its input`,
      );
      done(error);
      return;
    }
    if (child.write(chunk)) done();
    else this.#written = done;
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child?.end();
    if (this.#inClosed || !this.#child) done();
    else this.#finished = done;
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const child = this.#child;
    this.#gone = () => done(this.#explain(error));
    if (this.#status || !child) {
      this.#gone();
      return;
    }
    // It waits with its exit for whoever does not read its output.
    child.resumeReading('out');
    if (error) child.kill('SIGKILL');
    if (!error && this.readableEnded && this.writableFinished) {
      this.#grace = this.#clock.callLater(EXIT_GRACE_MS, () => void child[Symbol.asyncDispose]());
    } else {
      void child[Symbol.asyncDispose]();
    }
  }

  /** What the child exited with says more than a write that failed; that it was killed says less. */
  #explain(error: Error | null): Error | null {
    const status = this.#status;
    if (!status) return error;
    const why = failure(this.#command, status, this.#stderr);
    return status.kind === 'exited' ? (why ?? error) : (error ?? why);
  }

  #wroteAll(): void {
    const written = this.#written;
    this.#written = undefined;
    written?.();
  }
}

/** Why the connection broke; nothing if the child exited as it should. */
function failure(command: string, status: ExitStatus, stderr: Buffer): Error | null {
  if (status.kind === 'exited' && status.code === 0) return null;
  const how =
    status.kind === 'exited' ? `exited with code ${status.code}` : `was killed by ${status.signal}`;
  const last = stderr.toString().trim().split('\n').at(-1)?.slice(0, 200);
  const why = last ? `: ${JSON.stringify(last)}` : '';
  return new ConnectionError('HAWSER_CLOSED', `${JSON.stringify(command)} ${how}${why}`);
}
