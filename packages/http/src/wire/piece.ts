/** Up to here a copy costs less than what it may keep in memory. */
const SMALL_BYTES = 4_096;

/**
 * The bytes of `chunk` from `start` to `end` for somebody to keep: a view, or a copy if they are few of many, as a view
 * of a few keeps all of them in memory.
 */
export function pieceOf(chunk: Buffer, start: number, end: number): Buffer {
  const length = end - start;
  if (length === chunk.length) return chunk;
  const view = chunk.subarray(start, end);
  return length <= SMALL_BYTES && length * 4 < chunk.length ? Buffer.from(view) : view;
}
