import type { BlockingRequest } from './blocking-request.ts';
import type { CrossedFields, CrossedHead } from './channel.ts';
import type { WaitingThread } from './waiting-thread.ts';

/** Header fields of an answer from a worker. */
export type BlockingHeaders =
  | Readonly<Record<string, string | readonly string[]>>
  | Iterable<readonly [name: string, value: string]>;

/** Head of an answer from a worker. */
export interface BlockingHead {
  /** @defaultValue 200 */
  readonly status?: number | undefined;
  readonly headers?: BlockingHeaders | undefined;
}

/** Pieces are sent one by one, no faster than the peer takes them. Text is UTF-8. */
export type BlockingBody =
  | string
  | Uint8Array
  | Iterable<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>;

/** An answer from a worker. */
export interface BlockingAnswer extends BlockingHead {
  /** @defaultValue none */
  readonly body?: BlockingBody | null | undefined;
}

/** How a handler in a worker streams its answer. */
export interface AnswerWriter {
  /**
   * Sends the head, before the first piece. Without it the first piece sends a plain one.
   * @throws Error `HAWSER_BUSY` when it was sent already
   */
  start(head: BlockingHead): void;
  /**
   * Sends a piece of the body. Blocks while too much waits for the peer. The piece is copied, so that it may be used
   * again; with `transfer` it is not, and a piece that has its memory for itself is empty afterwards.
   * @throws RequestCancelledError when the peer has left or the time is over
   */
  write(piece: string | Uint8Array, options?: { readonly transfer?: boolean | undefined }): void;
}

/**
 * What a module for `blocking` exports. It may block for as long as it likes: it has its thread for itself, one request at
 * a time. It returns its answer, or nothing after it wrote one with `answer`. What it throws is reported and answered
 * with a plain 500, unless it is an `HttpError`.
 *
 * `Pattern` is that of the route it answers, for the types of `request.params`.
 *
 * @example
 * const report: BlockingHandler<'/reports/:year'> = (request, answer) => {
 *   const rows = database.prepare('select ... where year = ?').iterate(request.params.year);
 *   for (const row of rows) answer.write(`${row.name}\n`);
 * };
 * export default report;
 */
export type BlockingHandler<Pattern extends string = string> = (
  request: BlockingRequest<Pattern>,
  answer: AnswerWriter,
) => BlockingResult | Promise<BlockingResult>;

/** What a {@link BlockingHandler} returns: text and bytes are an answer with status 200. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that wrote its answer returns nothing.
export type BlockingResult = BlockingAnswer | string | Uint8Array | undefined | void;

const encoder = new TextEncoder();

/** An {@link AnswerWriter} over the channel of its worker. */
export class WorkerAnswer implements AnswerWriter {
  readonly #thread: WaitingThread;
  readonly #maxUntakenBytes: number;
  #started = false;

  constructor(thread: WaitingThread, maxUntakenBytes: number) {
    this.#thread = thread;
    this.#maxUntakenBytes = maxUntakenBytes;
  }

  start(head: BlockingHead): void {
    if (this.#started) throw misused('send the head of an answer as it was sent already');
    this.#thread.throwIfCancelled();
    this.#started = true;
    this.#thread.send({ at: 'head', id: this.#thread.id, head: toHead(head) });
  }

  write(piece: string | Uint8Array, options?: { readonly transfer?: boolean | undefined }): void {
    if (!this.#started) this.start({});
    const chunk = toOwnBytes(piece, options?.transfer === true);
    if (chunk.length === 0) return;
    this.#thread.account(chunk.length, this.#maxUntakenBytes);
    this.#thread.send({ at: 'piece', id: this.#thread.id, chunk }, [chunk.buffer]);
  }

  /** Sends what the handler returned, and that this is all. */
  async finish(result: BlockingResult): Promise<void> {
    const { id } = this.#thread;
    if (this.#started) {
      if (result !== undefined) throw misused('return an answer as one was written already');
      return this.#thread.send({ at: 'done', id });
    }
    const { body, ...head } = toAnswer(result);
    if (body === undefined || body === null || typeof body === 'string') {
      return this.#thread.send({ at: 'done', id, head: toHead(head), body: body ?? undefined });
    }
    if (body instanceof Uint8Array) {
      const bytes = toOwnBytes(body, false);
      return this.#thread.send({ at: 'done', id, head: toHead(head), body: bytes }, [bytes.buffer]);
    }
    this.start(head);
    if (Symbol.iterator in body) for (const piece of body) this.write(piece);
    else for await (const piece of body) this.write(piece);
    this.#thread.send({ at: 'done', id });
  }
}

function toAnswer(result: BlockingResult): BlockingAnswer {
  if (typeof result === 'string' || result instanceof Uint8Array) return { body: result };
  if (result === undefined) return { status: 204 };
  if (typeof result === 'object' && result !== null) return result;
  throw misused(`use ${typeof result} as an answer`);
}

function toHead({ status = 200, headers = {} }: BlockingHead): CrossedHead {
  const fields: string[] = [];
  const pairs = Symbol.iterator in headers ? headers : Object.entries(headers);
  for (const [name, value] of pairs as Iterable<[string, string | readonly string[]]>) {
    for (const each of typeof value === 'object' ? value : [value]) fields.push(name, String(each));
  }
  return { status, fields: fields satisfies CrossedFields };
}

/** Bytes whose memory can be given away. A copy made here is one that the reactor's thread need not make. */
function toOwnBytes(piece: string | Uint8Array, transfer: boolean): Uint8Array<ArrayBuffer> {
  const bytes = typeof piece === 'string' ? encoder.encode(piece) : piece;
  const whole = bytes.buffer instanceof ArrayBuffer && bytes.length === bytes.buffer.byteLength;
  const mine = transfer || typeof piece === 'string';
  return mine && whole ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

/** The thread has no classes of the core: loading them would make it slow to begin. */
function misused(what: string): Error {
  return Object.assign(new Error(`Cannot ${what}`), { name: 'UsageError', code: 'HAWSER_BUSY' });
}
