import { AsyncResource } from 'node:async_hooks';
import { ConnectionError, type DelayedCall, type Has, TimeoutError, toError } from '@hawser/core';
import { HttpResponse } from '../web/http-response.ts';
import { AnswerPieces } from './answer-pieces.ts';
import type { BlockingCalls } from './blocking-calls.ts';
import type { AnswerMessage, CrossedFields, CrossedHead, RequestMessage } from './channel.ts';
import { fromCrossed, toCrossed } from './crossed-error.ts';
import type { Lane } from './lane.ts';
import type { RequestFeed } from './request-feed.ts';

/** What a {@link BlockingJob} is made of. */
export interface BlockingJobParts {
  readonly reactor: Has<'clock' | 'reports'>;
  readonly message: RequestMessage;
  /** Where the body comes from if it is streamed. */
  readonly feed: RequestFeed | undefined;
  readonly calls: BlockingCalls;
  readonly queueTimeoutMs: number;
  readonly timeoutMs: number;
  /** It was given up without the worker: whoever has it waiting or running need not go on. Once. */
  abandoned(job: BlockingJob): void;
  /** It is over, however it ended. Once. */
  ended(): void;
}

/** No thread will be free soon. */
export function unavailable(): Response {
  return new HttpResponse('Service Unavailable\n', {
    status: 503,
    headers: { 'retry-after': '1' },
  });
}

/**
 * One request on its way through a pool. Its answer settles once; what the worker does after that is its own affair.
 *
 *     waiting --begin--> running --head--> streaming
 *        |                  |                  |
 *        +------- answered, failed, abandoned or lost -------> over
 */
export class BlockingJob {
  /** Rejects with what the handler threw. */
  readonly answer: Promise<Response>;
  readonly #parts: BlockingJobParts;
  /** What is called runs on behalf of the request. */
  readonly #origin = new AsyncResource('HawserBlockingJob');
  #settle!: { resolve(answer: Response): void; reject(error: Error): void };
  #at: 'waiting' | 'running' | 'streaming' | 'over' = 'waiting';
  #lane: Lane | undefined;
  #pieces: AnswerPieces | undefined;
  #timer: DelayedCall | undefined;

  constructor(parts: BlockingJobParts) {
    this.#parts = parts;
    this.answer = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  get id(): number {
    return this.#parts.message.id;
  }

  get over(): boolean {
    return this.#at === 'over';
  }

  /** No worker is free. */
  wait(): void {
    const { queueTimeoutMs } = this.#parts;
    this.#after(queueTimeoutMs, () => this.refuse());
  }

  /** Tells whether the worker has it: what middleware has put into the parameters may be nothing that can cross. */
  begin(lane: Lane): boolean {
    const { message, timeoutMs } = this.#parts;
    this.#at = 'running';
    try {
      lane.begin(message);
    } catch (thrown) {
      this.fail(toError(thrown));
      return false;
    }
    this.#lane = lane;
    this.#after(timeoutMs, () => this.#late());
    return true;
  }

  /** Tells whether the worker is free again. */
  answered(message: AnswerMessage): boolean {
    if (message.id !== this.id) return false;
    switch (message.at) {
      case 'pull':
        void this.#feed();
        return false;
      case 'call':
        void this.#call(message);
        return false;
      case 'head':
        this.#stream(message.head);
        return false;
      case 'piece':
        this.#pieces?.push(message.chunk);
        return false;
      case 'done':
        this.#done(message);
        return true;
      case 'failed':
        this.#failed(message);
        return true;
    }
  }

  /** There are too many, or it has waited for too long, or the process stops. */
  refuse(): void {
    this.#giveUp(unavailable());
  }

  /** The peer has left, for `reason`: what is answered now, nobody sees. */
  leave(reason?: Error): void {
    this.#giveUp(unavailable(), reason);
  }

  /** The thread ended under it. */
  lost(error: Error | undefined): void {
    const { method, url } = this.#parts.message;
    const why = error ? `its thread failed: ${error.message}` : 'its thread was ended';
    const message = `Cannot answer ${method} ${url} as ${why}`;
    this.fail(new ConnectionError('HAWSER_THREAD_LOST', message, { cause: error }));
  }

  fail(error: Error): void {
    if (this.#at === 'over') return;
    this.#settle.reject(error);
    this.#end(error);
  }

  #late(): void {
    const { message, timeoutMs, reactor } = this.#parts;
    const { method, url } = message;
    const error = new TimeoutError(
      `Cannot answer ${method} ${url} as the handler took longer than ${timeoutMs} ms`,
    );
    // A stream that fails is reported by whoever sends it.
    if (this.#at === 'running') reactor.reports.problem('http.blocking', error);
    this.#giveUp(new HttpResponse('Gateway Timeout\n', { status: 504 }), error);
  }

  #giveUp(answer: Response, error: Error = givenUp()): void {
    if (this.#at === 'over') return;
    this.#settle.resolve(answer);
    this.#end(error);
    this.#parts.abandoned(this);
  }

  #stream(head: CrossedHead): void {
    if (this.#at !== 'running') return;
    const pieces = new AnswerPieces({
      taken: (bytes) => this.#lane?.taken(bytes),
      abandoned: () => this.leave(),
    });
    this.#pieces = pieces;
    if (this.#respond(head, pieces)) this.#at = 'streaming';
    else this.#parts.abandoned(this);
  }

  #done({ head, body }: Extract<AnswerMessage, { at: 'done' }>): void {
    if (head && this.#at === 'running') this.#respond(head, body ?? null);
    this.#end();
  }

  #failed({ error: crossed }: Extract<AnswerMessage, { at: 'failed' }>): void {
    if (this.#at === 'over') {
      // What blocked was told so; anything else is a mistake that would otherwise never show.
      if (crossed.code !== 'HAWSER_CANCELLED') {
        this.#parts.reactor.reports.problem('http.blocking', fromCrossed(crossed));
      }
      return;
    }
    const { feed } = this.#parts;
    // A handler that lets the peer's fault through is not at fault itself.
    const peers = feed?.error?.message === crossed.message ? feed.error : undefined;
    this.fail(peers ?? fromCrossed(crossed));
  }

  /** Tells whether the head was one. */
  #respond(
    { status, fields }: CrossedHead,
    body: string | Uint8Array | AnswerPieces | null,
  ): boolean {
    try {
      this.#settle.resolve(new HttpResponse(body, { status, headers: toPairs(fields) }));
      return true;
    } catch (thrown) {
      this.fail(toError(thrown));
      return false;
    }
  }

  async #feed(): Promise<void> {
    const { feed, message } = this.#parts;
    const { id } = message;
    const part = (await feed?.next()) ?? ({ at: 'end' } as const);
    if (this.#at === 'over') return;
    if (part.at === 'broken') this.#lane?.send({ at: 'broken', id, error: toCrossed(part.error) });
    else this.#lane?.send({ ...part, id });
  }

  async #call({ name, args }: Extract<AnswerMessage, { at: 'call' }>): Promise<void> {
    const { id } = this;
    try {
      const { calls } = this.#parts;
      const called = Object.hasOwn(calls, name) ? calls[name] : undefined;
      if (!called) {
        const error = new TypeError(`Cannot call "${name}" as the reactor names no such function`);
        throw Object.assign(error, { code: 'HAWSER_THREAD_JOB' });
      }
      const value: unknown = await this.#origin.runInAsyncScope(
        called as (...given: readonly unknown[]) => unknown,
        undefined,
        ...args,
      );
      if (this.#at !== 'over') this.#lane?.send({ at: 'reply', id, value });
    } catch (thrown) {
      if (this.#at !== 'over') this.#lane?.send({ at: 'refused', id, error: toCrossed(thrown) });
    }
  }

  #after(ms: number, call: () => void): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (ms > 0) this.#timer = this.#parts.reactor.clock.callLater(ms, call);
  }

  #end(error?: Error): void {
    if (this.#at === 'over') return;
    this.#at = 'over';
    // It may have another request by the time that the peer has taken the rest of this answer.
    this.#lane = undefined;
    this.#timer?.cancel();
    this.#pieces?.end(error);
    this.#parts.feed?.cancel();
    this.#parts.ended();
  }
}

function givenUp(): Error {
  return new ConnectionError('HAWSER_CLOSED', 'Cannot finish the answer as it was given up');
}

function toPairs(fields: CrossedFields): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < fields.length; i += 2) pairs.push([fields[i] ?? '', fields[i + 1] ?? '']);
  return pairs;
}
