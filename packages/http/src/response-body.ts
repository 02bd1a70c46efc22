import type { Clock } from '@hawser/core';

type Reader = ReadableStreamDefaultReader<Uint8Array>;
/** One read of a body. */
export type BodyRead = ReturnType<Reader['read']>;

/** Bytes to gather before an answer is streamed. */
const MAX_GATHERED_BYTES = 65_536;
/** Longest piece given to a connection at once, so that a slow peer is seen to make progress. */
const PIECE_BYTES = 65_536;

/** The beginning of a body, or all of it. */
export interface Opening {
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
  /** `undefined` if the body is whole; otherwise the read that is under way. */
  readonly next: BodyRead | undefined;
}

/**
 * Reads what a body has ready in this turn of the loop. Text, JSON and bytes are whole by then, so their length is
 * known and the answer need not be chunked: a Response does not tell the length of its own text.
 */
export async function readOpening(
  reader: Reader,
  clock: Pick<Clock, 'callSoon'>,
): Promise<Opening> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const turn = new Promise<undefined>((pass) => clock.callSoon(() => pass(undefined)));
  for (;;) {
    const next = reader.read();
    // Whoever goes on reading hears of a failure; it must not count as unheard until then.
    next.catch(() => undefined);
    if (chunks.length > 1 && bytes > MAX_GATHERED_BYTES) return { chunks, bytes, next };
    const result = await Promise.race([next, turn]);
    if (!result) return { chunks, bytes, next };
    if (result.done) return { chunks, bytes, next: undefined };
    chunks.push(toBytes(result.value));
    bytes += result.value.length;
  }
}

/** `chunk` in pieces of at most 64 KiB. */
export function* piecesOf(chunk: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < chunk.length; at += PIECE_BYTES) yield chunk.subarray(at, at + PIECE_BYTES);
}

/** @throws TypeError for what a Response may not carry, such as strings from a hand-made stream */
export function toBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError(`Cannot send a response body as it must consist of bytes: ${typeof chunk}`);
}
