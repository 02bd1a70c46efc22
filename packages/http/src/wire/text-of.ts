/** The octets of `chunk` from `start` to `end` as text, one character each (latin1). */
export function textOf(chunk: Buffer, start: number, end: number): string {
  return chunk.toString('latin1', start, end);
}
