import type { LineOptions } from './line-cutter.ts';

/**
 * `line` with its ending, for a `LineDecoder` with the same `delimiter`; text as UTF-8. `'newline'` ends it with LF.
 * @throws RangeError when the line would not come out as it went in: it contains the delimiter, or ends with a CR that
 * the decoder would take for a part of it
 */
export function encodeLine(
  line: Uint8Array | string,
  delimiter: LineOptions['delimiter'] = 'newline',
): Buffer {
  const end = delimiter === 'newline' ? '\n' : delimiter === 'crlf' ? '\r\n' : delimiter;
  const encoded = Buffer.concat([Buffer.from(line), Buffer.from(end)]);
  const length = encoded.length - end.length;
  const cutAt = encoded.indexOf(end);
  if (cutAt !== length || (delimiter === 'newline' && encoded[length - 1] === 0x0d)) {
    throw new RangeError('Cannot encode a line that contains its delimiter');
  }
  return encoded;
}
