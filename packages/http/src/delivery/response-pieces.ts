import { HttpResponse } from '../web/http-response.ts';
import { type PieceSource, pieceSource } from '../web/piece-source.ts';
import type { Content } from '../web/response-content.ts';

/** One step of a body. */
export interface Piece {
  readonly done: boolean;
  readonly bytes: Uint8Array;
}

const END: Piece = { done: true, bytes: new Uint8Array(0) };

/**
 * The body of `response`, to be read by the caller alone: whole, as text or bytes, or where its pieces come from.
 *
 * @throws TypeError when it was read already
 */
export function takeBody(response: Response): Content {
  if (response instanceof HttpResponse) return HttpResponse.takeContent(response);
  return response.body;
}

/** Reads a streamed body, and knows whether more of it is there already. */
export class BodyPieces {
  readonly #source: PieceSource;
  #ahead: Promise<Piece> | undefined;
  #ended = false;

  /** Reading begins with the first `next`. */
  constructor(content: NonNullable<Content>) {
    this.#source = pieceSource(content);
  }

  /** The next piece; text as UTF-8. Rejects as the body does. */
  next(): Promise<Piece> {
    const next = this.#ahead ?? this.#read();
    this.#ahead = undefined;
    return next;
  }

  /** Whether the next piece is there before the call that `later` is given. */
  isNear(later: (call: () => void) => void): Promise<boolean> {
    this.#ahead ??= this.#read();
    const ahead = this.#ahead;
    return new Promise((resolve) => {
      const near = (): void => resolve(true);
      ahead.then(near, near);
      later(() => resolve(false));
    });
  }

  /** Nobody wants the rest. Never throws. */
  cancel(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#source.cancel();
  }

  async #read(): Promise<Piece> {
    if (this.#ended) return END;
    try {
      const { done, value } = await this.#source.next();
      if (done !== true) return { done: false, bytes: toBytes(value) };
      this.#ended = true;
      return END;
    } catch (error) {
      this.#ended = true;
      throw error;
    }
  }
}

/** Lets go of a response that is not sent after all. Never throws. */
export function discardResponse(response: Response): void {
  try {
    const content = takeBody(response);
    if (content !== null) pieceSource(content).cancel();
  } catch {
    // Somebody has read it, and has to let go of it.
  }
}

function toBytes(value: unknown): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof Uint8Array) return value;
  throw new TypeError('Cannot send a body as its pieces must be bytes or text');
}
