import type { Transport } from '../contract/transport.ts';
import { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { succeed } from '../deferred/succeed.ts';
import { ConnectionError } from '../errors.ts';

/** Writes that may wait each by itself; later ones share the last one's wait. */
const MAX_WAITING = 1_000;

/** The writing half of a stream connection: joins small writes, and lets whoever awaits wait for a slow peer. */
export class StreamWriter {
  readonly #transport: Transport;
  #corked = false;
  #ended = false;
  /** True from a `write` that said false until the queue is empty. */
  #full = false;
  #waiting: Deferred<void>[] = [];
  #gone: Error | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get gone(): Error | undefined {
    return this.#gone;
  }

  write(data: Uint8Array | string): Deferred<void> | undefined {
    if (this.#gone) return fail(this.#gone);
    this.#cork();
    return this.#written(
      this.#transport.write(typeof data === 'string' ? Buffer.from(data) : data),
    );
  }

  writeMany(list: readonly Uint8Array[]): Deferred<void> | undefined {
    if (this.#gone) return fail(this.#gone);
    this.#cork();
    return this.#written(this.#transport.writeMany(list));
  }

  flush(): Deferred<void> {
    this.uncork();
    if (this.#gone) return fail(this.#gone);
    return this.#full ? this.#wait() : succeed();
  }

  /** This side says no more: what was written leaves, and there is nothing left to wait for. */
  end(): void {
    this.#ended = true;
    this.uncork();
    this.drained();
  }

  /** The queue is empty again. */
  drained(): void {
    this.#full = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each.resolve();
  }

  /** Nothing can be written any more. */
  lose(error: Error): void {
    if (this.#gone) return;
    this.#gone = error;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each.reject(error);
  }

  /** Sends what was held back. */
  uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#transport.uncork();
  }

  /** Until the microtasks have run dry, so that everything an async function writes between two waits leaves together. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#transport.cork();
    process.nextTick(uncorkWriter, this);
  }

  #written(more: boolean): Deferred<void> | undefined {
    if (more) return undefined;
    if (this.#transport.ending) {
      const error = new ConnectionError('HAWSER_CLOSED', 'Cannot write as this side has ended');
      // Without an `end` of ours, somebody has aborted the connection, and its loss is on the way.
      if (!this.#ended) this.lose(error);
      return fail(error);
    }
    this.#full = true;
    return this.#wait();
  }

  #wait(): Deferred<void> {
    const last = this.#waiting[MAX_WAITING - 1];
    if (last) return last;
    const drained = new Deferred<void>({ where: 'connection.write' });
    this.#waiting.push(drained);
    return drained;
  }
}

function uncorkWriter(writer: StreamWriter): void {
  writer.uncork();
}
