import { type Content, isStream } from './response-content.ts';

/** Where the pieces of a streamed body come from. */
export interface PieceSource {
  next(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  /** Nobody wants the rest. Never throws. */
  cancel(reason?: unknown): void;
}

/** @param content what was taken from a response: nobody else reads it */
export function pieceSource(content: NonNullable<Content>): PieceSource {
  if (typeof content === 'string' || content instanceof Uint8Array) return whole(content);
  return isStream(content) ? ofStream(content) : ofIterable(content);
}

function ofStream(stream: ReadableStream): PieceSource {
  const reader = stream.getReader();
  return {
    next: () => reader.read(),
    cancel: (reason) => void reader.cancel(reason).catch(() => undefined),
  };
}

function ofIterable(content: AsyncIterable<unknown>): PieceSource {
  const iterator = content[Symbol.asyncIterator]();
  return {
    next: () => iterator.next(),
    cancel: () => {
      // A generator that waits for something hears of `return` only when that comes; a node stream ends at once.
      if (isDestroyable(content)) content.destroy();
      else void cancelIterator(iterator);
    },
  };
}

async function cancelIterator(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // Nobody is left who would want to know.
  }
}

function whole(value: string | Uint8Array): PieceSource {
  let done = false;
  return {
    next: () => {
      const result = done ? { done } : { value };
      done = true;
      return Promise.resolve(result);
    },
    cancel: () => {
      done = true;
    },
  };
}

function isDestroyable(value: object): value is { destroy(): void } {
  return 'destroy' in value && typeof value.destroy === 'function';
}
