import { ProtocolError } from '@hawser/core';

/**
 * The lines of a text, without their ends (LF or CR LF), as they arrive. The last one needs no end. Leaving the loop
 * gives the rest up.
 * @throws ProtocolError `HAWSER_LINE_TOO_LONG` for a line of more than `max` characters
 */
export async function* bodyLines(
  stream: ReadableStream<Uint8Array>,
  decoder: InstanceType<typeof TextDecoder>,
  max: number,
): AsyncGenerator<string> {
  // The line that has not ended: in pieces, as joining them for each new one would take time by the square of them.
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    const text = decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      pieces.push(text.slice(start, end));
      yield lineOf(pieces.join(''), max);
      pieces = [];
      length = 0;
      start = end + 1;
    }
    const rest = text.slice(start);
    if (rest !== '') pieces.push(rest);
    length += rest.length;
    // With room for the CR of a line that is just not too long.
    if (length > max + 1) throw tooLong(max);
  }
  const rest = pieces.join('') + decoder.decode();
  if (rest !== '') yield lineOf(rest, max);
}

function lineOf(text: string, max: number): string {
  const line = text.endsWith('\r') ? text.slice(0, -1) : text;
  if (line.length > max) throw tooLong(max);
  return line;
}

function tooLong(max: number): ProtocolError {
  return new ProtocolError(
    'HAWSER_LINE_TOO_LONG',
    `Cannot read a line of more than ${max} characters`,
  );
}
