/** Up to here a copy costs less than what a view may keep in memory. */
const SMALL_BYTES = 4_096;

/** Whether `length` octets are few of `whole`, so that a view of them would keep much in memory for little. */
export function isSmallPart(length: number, whole: number): boolean {
  return length <= SMALL_BYTES && length * 4 < whole;
}

/** The bytes of `chunk` from `start` to `end` for somebody to keep: a view, or a copy if they are few of many. */
export function pieceOf(chunk: Buffer, start: number, end: number): Buffer {
  if (end - start === chunk.length) return chunk;
  const view = chunk.subarray(start, end);
  return isSmallPart(end - start, chunk.length) ? Buffer.from(view) : view;
}
