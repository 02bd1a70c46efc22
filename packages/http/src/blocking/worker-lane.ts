import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { toError, UsageError } from '@hawser/core';
import {
  FLAG_COUNT,
  Flag,
  type FromWorker,
  type PartMessage,
  type RequestMessage,
  type WorkerStart,
} from './channel.ts';
import { fromCrossed } from './crossed-error.ts';
import type { Lane, LaneEvents } from './lane.ts';
import { WORKER_BOOTSTRAP, WORKER_MAIN } from './worker-bootstrap.ts';

/** Options for a {@link WorkerLane}. */
export interface WorkerLaneOptions
  extends Pick<WorkerStart, 'module' | 'name' | 'maxUntakenBytes'> {
  readonly execArgv?: readonly string[] | undefined;
  readonly maxHeapMb?: number | undefined;
}

/** A {@link Lane} that is a thread. It keeps the process alive while it is busy. */
export class WorkerLane implements Lane {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #module: string;
  readonly #flags = new Int32Array(new SharedArrayBuffer(4 * FLAG_COUNT));
  #error: Error | undefined;

  constructor(options: WorkerLaneOptions, events: LaneEvents) {
    const { module, name, maxUntakenBytes, execArgv, maxHeapMb } = options;
    const { port1, port2 } = new MessageChannel();
    const start: WorkerStart = { module, name, port: port2, flags: this.#flags, maxUntakenBytes };
    this.#port = port1;
    this.#module = module;
    this.#worker = new Worker(WORKER_BOOTSTRAP, {
      name: 'hawser-blocking',
      workerData: { ...start, main: WORKER_MAIN },
      transferList: [port2],
      ...(execArgv && { execArgv: [...execArgv] }),
      ...(maxHeapMb && { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
    });
    port1.on('message', (message: FromWorker) => this.#received(message, events));
    port1.unref();
    // 'exit' follows, in every case.
    this.#worker.on('error', (thrown) => {
      this.#error ??= toError(thrown);
    });
    // Both: what it has sent before its end comes before the end of the port, and its error before its exit.
    let open = 2;
    const ended = (): void => {
      open -= 1;
      if (open === 0) events.lost(this, this.#error);
    };
    this.#worker.once('exit', ended);
    port1.once('close', ended);
  }

  begin(message: RequestMessage): void {
    Atomics.store(this.#flags, Flag.Cancelled, 0);
    Atomics.store(this.#flags, Flag.Untaken, 0);
    this.#worker.ref();
    this.#port.postMessage(message, owned(message.body));
  }

  send(message: PartMessage): void {
    this.#port.postMessage(message, message.at === 'chunk' ? owned(message.chunk) : []);
    this.#wake();
  }

  taken(bytes: number): void {
    Atomics.sub(this.#flags, Flag.Untaken, bytes);
    this.#wake();
  }

  cancel(): void {
    Atomics.store(this.#flags, Flag.Cancelled, 1);
    this.#wake();
  }

  rest(): void {
    this.#worker.unref();
  }

  end(): void {
    void this.#worker.terminate();
  }

  #received(message: FromWorker, events: LaneEvents): void {
    switch (message.at) {
      case 'ready':
        return events.ready(this);
      case 'unusable':
        return events.unusable(this, toUsageError(this.#module, message));
      case 'pull':
      case 'call':
      case 'head':
      case 'piece':
      case 'done':
      case 'failed':
        return events.answered(this, message);
    }
  }

  #wake(): void {
    Atomics.add(this.#flags, Flag.Signal, 1);
    Atomics.notify(this.#flags, Flag.Signal);
  }
}

/** Memory that nothing else lies in can move; the rest is copied. */
function owned(bytes: Uint8Array | 'streamed'): ArrayBuffer[] {
  if (bytes === 'streamed' || !(bytes.buffer instanceof ArrayBuffer)) return [];
  return bytes.byteLength === bytes.buffer.byteLength ? [bytes.buffer] : [];
}

function toUsageError(
  module: string,
  { why, error }: Extract<FromWorker, { at: 'unusable' }>,
): Error {
  const cause = error && fromCrossed(error);
  const reason = cause ? `${why}: ${cause.message}` : why;
  return new UsageError('HAWSER_THREAD_JOB', `Cannot use ${module} as a handler as ${reason}`, {
    ...(cause && { cause }),
  });
}
