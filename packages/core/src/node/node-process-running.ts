import type { ChildProcess as NodeChild } from 'node:child_process';
import { enter, type Guard } from '../connection/entry.ts';
import { EntryContext } from '../connection/entry-context.ts';
import type { DelayedCall } from '../contract/clock.ts';
import type { Context } from '../contract/context.ts';
import type {
  ChildProcess,
  ExitStatus,
  ProcessProtocol,
  SpawnOptions,
} from '../contract/process.ts';
import type { Has } from '../contract/reactor.ts';
import { Deferred } from '../deferred/deferred.ts';
import { waitFor } from '../deferred/wait-for.ts';
import { ProtocolError, toError, UsageError } from '../errors.ts';
import { ProcessOutput } from './node-process-output.ts';

const DEFAULT_MAX_PENDING_BYTES = 16 * 1024 * 1024;
const DEFAULT_LINGER_MS = 5_000;
const DEFAULT_KILL_AFTER_MS = 5_000;

/** What a {@link RunningProcess} is made of. */
export interface RunningProcessParts {
  readonly child: NodeChild;
  readonly protocol: ProcessProtocol;
  /** How reports name it. */
  readonly name: string;
  readonly options: SpawnOptions;
}

/** A child of `node:child_process` that has started, as a {@link ChildProcess}. */
export class RunningProcess implements ChildProcess, Guard {
  readonly pid: number;
  readonly context: Context;
  readonly #reactor: Has<'clock' | 'reports'>;
  readonly #parts: RunningProcessParts;
  /** The outputs that are pipes. */
  readonly #out: ProcessOutput | undefined;
  readonly #err: ProcessOutput | undefined;
  readonly #ended = new Deferred<ExitStatus>();
  #exit: ExitStatus | undefined;
  #input: 'open' | 'ending' | 'closed' = 'open';
  /** Nobody wants to hear anything but the end any more. */
  #deaf = false;
  #misuseReported = false;
  /** Milliseconds that the streams have left after the exit; used up only while none of them is paused. */
  #lingerMs: number;
  #lingering: DelayedCall | undefined;
  #killing: DelayedCall | undefined;

  constructor(reactor: Has<'clock' | 'reports'>, parts: RunningProcessParts) {
    const { child, protocol, name } = parts;
    const { pid, stdout, stderr } = child;
    if (pid === undefined) throw new TypeError('Cannot watch a child that did not start');
    this.pid = pid;
    this.context = new EntryContext(name);
    this.#lingerMs = parts.options.lingerMs ?? DEFAULT_LINGER_MS;
    this.#reactor = reactor;
    this.#parts = parts;
    if (stdout) {
      this.#out = new ProcessOutput(stdout, {
        received: (data) => this.#tell('outReceived', () => protocol.outReceived?.(data)),
        ended: () => this.#outputEnded('outEnded'),
      });
    }
    if (stderr) {
      this.#err = new ProcessOutput(stderr, {
        received: (data) => this.#tell('errReceived', () => protocol.errReceived?.(data)),
        ended: () => this.#outputEnded('errEnded'),
      });
    }
  }

  /** Tells the protocol, and begins to read. */
  begin(): void {
    const { child, protocol, options } = this.#parts;
    child.once('exit', (code, signal) => this.#exited(code, signal));
    child.stdin?.on('drain', () => this.#tell('inDrained', () => protocol.inDrained?.()));
    child.stdin?.once('close', () => this.#inputClosed());
    this.#tell('processStarted', () => protocol.processStarted?.(this));
    const { signal } = options;
    if (!signal) return;
    const aborted = (): void => this.#stop();
    signal.addEventListener('abort', aborted);
    void this.#ended.addBoth(() => signal.removeEventListener('abort', aborted));
    if (signal.aborted) aborted();
  }

  get pendingBytes(): number {
    return this.#parts.child.stdin?.writableLength ?? 0;
  }

  write(data: Uint8Array): boolean {
    const { child, options, name } = this.#parts;
    const { maxPendingBytes = DEFAULT_MAX_PENDING_BYTES } = options;
    if (this.#input === 'ending' && !this.#misuseReported) {
      this.#misuseReported = true;
      const message = `Cannot write to ${name} as its input was ended`;
      this.#reactor.reports.problem(
        `${name}.write`,
        new UsageError('HAWSER_WRITE_AFTER_END', message),
      );
    }
    // A child that is gone, or closed its input, is nobody's mistake.
    if (this.#input !== 'open' || !child.stdin?.writable) return false;
    const more = child.stdin.write(data);
    if (this.pendingBytes <= maxPendingBytes) return more;
    this.failed(
      'write',
      new ProtocolError(
        'HAWSER_WRITE_QUEUE_FULL',
        `Cannot queue more for ${name} as it does not read: ${this.pendingBytes} bytes wait`,
      ),
    );
    return false;
  }

  end(): void {
    if (this.#input !== 'open') return;
    this.#input = 'ending';
    this.#parts.child.stdin?.end();
  }

  pauseReading(stream: 'out' | 'err'): void {
    // Nobody reads any more, and the child must not wait.
    if (this.#deaf) return;
    (stream === 'out' ? this.#out : this.#err)?.pause();
    this.#linger();
  }

  resumeReading(stream: 'out' | 'err'): void {
    (stream === 'out' ? this.#out : this.#err)?.resume();
    this.#linger();
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#parts.child.kill(signal);
  }

  ended(): Deferred<ExitStatus> {
    return waitFor(this.#ended);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    await this.#ended;
  }

  /** What a callback throws ends the child. */
  failed(callback: string, thrown: unknown): void {
    this.#reactor.reports.problem(`${this.#parts.name}.${callback}`, toError(thrown));
    this.#goDeaf();
    this.kill('SIGKILL');
  }

  #tell(callback: keyof ProcessProtocol, call: () => void): void {
    if (this.#deaf) return;
    enter(this, callback, run, call);
  }

  #stop(): void {
    if (this.#exit) {
      this.#goDeaf();
      return;
    }
    if (this.#killing) return;
    this.#goDeaf();
    this.kill('SIGTERM');
    const { killAfterMs = DEFAULT_KILL_AFTER_MS } = this.#parts.options;
    this.#killing = this.#reactor.clock.callLater(killAfterMs, () => this.kill('SIGKILL'));
  }

  /** What the child prints from now on is read, or it might wait for us, and dropped. */
  #goDeaf(): void {
    this.#deaf = true;
    this.#out?.resume();
    this.#err?.resume();
    this.#linger();
  }

  #inputClosed(): void {
    if (this.#input === 'closed') return;
    this.#input = 'closed';
    this.#tell('inClosed', () => this.#parts.protocol.inClosed?.());
  }

  #outputEnded(callback: 'outEnded' | 'errEnded'): void {
    this.#tell(callback, () => this.#parts.protocol[callback]?.());
    this.#finish();
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    // Exactly one of the two is there.
    this.#exit = signal ? { kind: 'killed', signal } : { kind: 'exited', code: code ?? 0 };
    this.#killing?.cancel();
    this.#inputClosed();
    this.#linger();
    this.#finish();
  }

  /** After the exit: waits for the streams, but not for ever. */
  #linger(): void {
    const { clock } = this.#reactor;
    if (this.#lingering) {
      this.#lingering.cancel();
      this.#lingerMs = this.#lingering.at - clock.now();
      this.#lingering = undefined;
    }
    if (!this.#exit || this.#isFinished() || this.#out?.paused || this.#err?.paused) return;
    this.#lingering = clock.callLater(this.#deaf ? 0 : this.#lingerMs, () => {
      this.#out?.cut();
      this.#err?.cut();
    });
  }

  #isFinished(): boolean {
    return this.#exit !== undefined && this.#out?.ended !== false && this.#err?.ended !== false;
  }

  #finish(): void {
    const status = this.#exit;
    if (!status || !this.#isFinished() || this.#ended.peek().state !== 'pending') return;
    this.#lingering?.cancel();
    const { protocol, name } = this.#parts;
    // Deaf or not, this one comes. There is nothing left that a throw could kill.
    enter(
      {
        context: this.context,
        failed: (callback: string, thrown: unknown) =>
          this.#reactor.reports.problem(`${name}.${callback}`, toError(thrown)),
      },
      'processEnded',
      run,
      () => protocol.processEnded?.(status),
    );
    this.#ended.resolve(status);
  }
}

function run(_: unknown, call: () => void): void {
  call();
}
