import type { Clock } from '@hawser/core';
import type { PieceSource } from './piece-source.ts';

/** Bytes to gather before an answer is streamed. */
const MAX_GATHERED_BYTES = 65_536;

/** The beginning of a body, or all of it. */
export interface Opening {
  readonly chunks: readonly Uint8Array[];
  /** `undefined` if the body is whole; otherwise where the rest comes from. */
  readonly rest: PieceSource | undefined;
}

/** How {@link readOpening} reads. */
export interface OpeningOptions {
  readonly clock: Pick<Clock, 'callSoon'>;
  readonly toBytes: (piece: unknown) => Uint8Array;
}

/**
 * Reads what a body has ready in this turn of the loop. Text, JSON and bytes are whole by then, so their length is
 * known and the answer need not be chunked: a standard Response does not tell the length of its own text.
 *
 * @throws whatever the source throws in this turn
 */
export async function readOpening(source: PieceSource, options: OpeningOptions): Promise<Opening> {
  const { clock, toBytes } = options;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const turn = new Promise<undefined>((pass) => clock.callSoon(() => pass(undefined)));
  while (chunks.length < 2 || bytes <= MAX_GATHERED_BYTES) {
    const next = source.next();
    const result = await Promise.race([next, turn]);
    if (!result) {
      // Whoever goes on reading hears of a failure; it must not count as unheard until then.
      next.catch(() => undefined);
      return { chunks, rest: after(next, source) };
    }
    if (result.done) return { chunks, rest: undefined };
    const chunk = toBytes(result.value);
    chunks.push(chunk);
    bytes += chunk.length;
  }
  return { chunks, rest: source };
}

/** `source`, one read of which is under way. */
export function after(read: ReturnType<PieceSource['next']>, source: PieceSource): PieceSource {
  let first: typeof read | undefined = read;
  return {
    next: () => {
      const next = first ?? source.next();
      first = undefined;
      return next;
    },
    cancel: (reason) => source.cancel(reason),
  };
}
