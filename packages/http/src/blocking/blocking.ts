import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Has, type Service, UsageError } from '@hawser/core';
import type { HttpContext, HttpHandler } from '../contract/http-handler.ts';
import { bodyTooLarge } from '../web/body-errors.ts';
import { collectStream } from '../web/collect-stream.ts';
import type { BlockingCalls } from './blocking-calls.ts';
import { BlockingJob, unavailable } from './blocking-job.ts';
import { BlockingPool } from './blocking-pool.ts';
import type { RequestMessage } from './channel.ts';
import { RequestFeed } from './request-feed.ts';
import { WorkerLane } from './worker-lane.ts';

/** Options for {@link blocking}. */
export interface BlockingOptions {
  /** The exported function. @defaultValue "default" */
  readonly name?: string | undefined;
  /** Most threads. @defaultValue one less than the machine runs at once, at least 1 */
  readonly workers?: number | undefined;
  /** Most requests that wait for a thread; any more get 503. @defaultValue 100 */
  readonly maxQueue?: number | undefined;
  /** Longest wait for a thread, in milliseconds; then 503. 0 waits for ever. @defaultValue 10_000 */
  readonly queueTimeoutMs?: number | undefined;
  /**
   * Longest time in a thread, a streamed answer included, in milliseconds; then 504, or the end of the stream in the
   * middle. 0 has no limit. @defaultValue 30_000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How long a thread that is no longer wanted has to notice, in milliseconds: `request.cancelled` is true, and what blocks
   * throws. Then it is ended and replaced. @defaultValue 5_000
   */
  readonly killAfterMs?: number | undefined;
  /**
   * `whole`: a request waits for a thread when all of its body is there, so that a slow peer holds none. `streamed`: the
   * handler reads the body as it comes. @defaultValue "whole"
   */
  readonly body?: 'whole' | 'streamed' | undefined;
  /** Longest body that is collected, in octets; over it 413. @defaultValue 1_048_576 */
  readonly maxBodyBytes?: number | undefined;
  /** How many octets of a streamed answer wait for the peer before the thread does. @defaultValue 262_144 */
  readonly maxUntakenBytes?: number | undefined;
  /** What handlers may call on this side, by `request.call(name, ...)`. */
  readonly calls?: BlockingCalls | undefined;
  /** Node flags of the threads. @defaultValue those of the process */
  readonly execArgv?: readonly string[] | undefined;
  /** Longest heap of a thread in MiB; a request that needs more fails, and the thread is replaced. @defaultValue that of node */
  readonly maxHeapMb?: number | undefined;
}

/**
 * A handler whose work is done in threads. As a service, beside the one that listens, it loads the module before there
 * are requests and ends the threads after the last; without, threads are made when they are needed and do not keep the
 * process alive.
 */
export type BlockingService = HttpHandler & Service & AsyncDisposable;

/**
 * Answers requests with synchronous, blocking code: `module` exports a {@link BlockingHandler}, which runs in a pool of
 * worker threads beside the reactor, one request a thread at a time. A body that the peer sends and an answer that it
 * takes cross without a copy on this side. What a handler throws is reported and answered with a plain 500, with its name,
 * message, code, stack and causes; an `HttpError` answers with its status. A thread that dies takes its own request
 * with it, a 500, and no other.
 *
 * The threads are its own rather than those of `reactor.threads`: a job there is one call with one answer, ended with its
 * thread when it is cancelled, while a request streams both ways and may be told to stop.
 *
 * @throws UsageError `HAWSER_THREAD_JOB` when `module` is no absolute URL; `start` rejects with it, and requests are
 * answered with 500, when it cannot be loaded or exports no such function. RangeError for a limit that is none
 * @example
 * const reports = blocking(new URL('./reports.js', import.meta.url));
 * const app = router().get('/reports/:name', reports);
 * await run(reports, serve('tcp://:8080', http(app)));
 */
export function blocking(module: URL | string, options: BlockingOptions = {}): BlockingService {
  const handlers = new BlockingHandlers(toModuleUrl(module), options);
  const handle: HttpHandler = (request, context) => handlers.handle(request, context);
  Object.defineProperty(handle, 'name', { value: 'blocking' });
  return Object.assign(handle as HttpHandler & { readonly name: string }, {
    start: (reactor: Has<'clock' | 'reports'>) => handlers.start(reactor),
    drain: (deadline: number) => handlers.drain(deadline),
    stop: () => handlers.stop(),
    [Symbol.asyncDispose]: () => handlers.stop(),
  });
}

class BlockingHandlers {
  readonly #options: BlockingOptions;
  readonly #limits: Limits;
  readonly #module: string;
  #pool: BlockingPool | undefined;
  #lastId = 0;

  constructor(module: string, options: BlockingOptions) {
    this.#module = module;
    this.#options = { ...options };
    this.#limits = toLimits(options);
  }

  async handle(request: Request, context: HttpContext): Promise<Response> {
    const { reactor } = context;
    const pool = this.#poolOf(reactor);
    // Before anything is read for it.
    if (pool.full) return unavailable();
    const { queueTimeoutMs, timeoutMs, maxBodyBytes } = this.#limits;
    this.#lastId += 1;
    const id = this.#lastId;
    const { signal } = context;
    const leave = (): void => job.leave(signal.reason as Error);
    const streamed = this.#options.body === 'streamed' && request.body !== null;
    const body = streamed ? 'streamed' : await readWhole(request, maxBodyBytes);
    const job = new BlockingJob({
      reactor,
      message: toMessage(request, { id, body, maxBodyBytes }),
      feed: streamed ? new RequestFeed(request.body) : undefined,
      calls: this.#options.calls ?? {},
      queueTimeoutMs,
      timeoutMs,
      abandoned: () => pool.abandoned(job),
      ended: () => signal.removeEventListener('abort', leave),
    });
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave);
    if (!job.over) pool.place(job);
    return job.answer;
  }

  async start(reactor: Has<'clock' | 'reports'>): Promise<void> {
    await this.#poolOf(reactor).warm();
  }

  async drain(deadline: number): Promise<{ blocking: { finished: number; aborted: number } }> {
    const before = this.#pool?.busy ?? 0;
    const aborted = (await this.#pool?.drain(deadline)) ?? 0;
    return { blocking: { finished: Math.max(0, before - aborted), aborted } };
  }

  async stop(): Promise<void> {
    const pool = this.#pool;
    // Until then it refuses whoever comes, also those whose body was still on its way.
    await pool?.stop();
    if (this.#pool === pool) this.#pool = undefined;
  }

  #poolOf(reactor: Has<'clock' | 'reports'>): BlockingPool {
    const { name = 'default', execArgv, maxHeapMb } = this.#options;
    const { workers, maxQueue, killAfterMs, maxUntakenBytes } = this.#limits;
    const lane = { module: this.#module, name, maxUntakenBytes, execArgv, maxHeapMb };
    this.#pool ??= new BlockingPool({
      reactor,
      makeLane: (events) => new WorkerLane(lane, events),
      workers,
      maxQueue,
      killAfterMs,
    });
    return this.#pool;
  }
}

type Limits = Record<
  | 'workers'
  | 'maxQueue'
  | 'queueTimeoutMs'
  | 'timeoutMs'
  | 'killAfterMs'
  | 'maxBodyBytes'
  | 'maxUntakenBytes',
  number
>;

function toLimits(options: BlockingOptions): Limits {
  const limits: Limits = {
    workers: options.workers ?? Math.max(1, availableParallelism() - 1),
    maxQueue: options.maxQueue ?? 100,
    queueTimeoutMs: options.queueTimeoutMs ?? 10_000,
    timeoutMs: options.timeoutMs ?? 30_000,
    killAfterMs: options.killAfterMs ?? 5_000,
    maxBodyBytes: options.maxBodyBytes ?? 1_048_576,
    maxUntakenBytes: options.maxUntakenBytes ?? 262_144,
  };
  for (const [name, value] of Object.entries(limits)) {
    const least = ['workers', 'maxQueue', 'maxUntakenBytes'].includes(name) ? 1 : 0;
    if (!(value >= least)) {
      throw new RangeError(`Cannot use threads as ${name} must be ${least} or more: ${value}`);
    }
  }
  return limits;
}

/** The whole body, in memory of its own. @throws HttpError 413 */
async function readWhole(request: Request, maxBytes: number): Promise<Uint8Array> {
  const { body } = request;
  if (body === null) return new Uint8Array();
  if (Number(request.headers.get('content-length')) > maxBytes) throw bodyTooLarge(maxBytes);
  const collected = await collectStream(body, maxBytes);
  // Small ones lie in the pool of node, with others.
  return collected.length === collected.buffer.byteLength ? collected : new Uint8Array(collected);
}

function toMessage(
  request: Request & { readonly params?: Readonly<Record<string, string>> },
  { id, body, maxBodyBytes }: Pick<RequestMessage, 'id' | 'body' | 'maxBodyBytes'>,
): RequestMessage {
  const { method, url, params } = request;
  const fields = [...request.headers].flat();
  return { at: 'request', id, method, url, fields, params: { ...params }, body, maxBodyBytes };
}

function toModuleUrl(module: URL | string): string {
  if (module instanceof URL) return module.href;
  if (typeof module === 'string' && isAbsolute(module)) return pathToFileURL(module).href;
  if (typeof module === 'string' && URL.canParse(module)) return module;
  throw new UsageError(
    'HAWSER_THREAD_JOB',
    `Cannot run ${typeof module === 'string' ? JSON.stringify(module) : typeof module} in threads as it is not an absolute URL: give new URL('./handler.js', import.meta.url)`,
  );
}
