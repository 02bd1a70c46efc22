import type { ChildProcess, ExitStatus, ProcessProtocol } from '../../src/contract/process.ts';
import { Deferred } from '../../src/deferred/deferred.ts';

/** Keeps what a child did, and lets a test wait for it. */
export class RecordingProcess implements ProcessProtocol {
  /** The callbacks, without those for data. */
  readonly events: string[] = [];
  readonly ended: Deferred<ExitStatus> = new Deferred();
  readonly inputClosed: Deferred<void> = new Deferred();
  out = '';
  err = '';
  child: ChildProcess | undefined;
  #waiting: (() => void)[] = [];

  processStarted(child: ChildProcess): void {
    this.child = child;
    this.events.push('started');
  }
  outReceived(data: Buffer): void {
    this.out += data.toString('latin1');
    this.#check();
  }
  errReceived(data: Buffer): void {
    this.err += data.toString('latin1');
    this.#check();
  }
  outEnded(): void {
    this.events.push('outEnded');
  }
  errEnded(): void {
    this.events.push('errEnded');
  }
  inDrained(): void {
    this.events.push('inDrained');
    this.#check();
  }
  inClosed(): void {
    this.events.push('inClosed');
    this.inputClosed.resolve();
  }
  processEnded(status: ExitStatus): void {
    this.events.push('ended');
    this.ended.resolve(status);
  }

  /** Settles when `check` holds, which is looked at after each callback that brings something. */
  async until(check: () => boolean): Promise<void> {
    while (!check()) await new Promise<void>((next) => this.#waiting.push(next));
  }

  #check(): void {
    for (const next of this.#waiting.splice(0)) next();
  }
}
