import { ProtocolError } from '@hawser/core';
import type { Taken } from './line-editor.ts';

/** Lines of input that is not typed on a terminal: ended by LF or CR LF; what follows the last one is a line too. */
export class LineSplitter {
  readonly #maxLength: number;
  #line = '';

  /** @param maxLength characters of a line, without its end */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /**
   * Takes input up to and including the first line.
   * @throws ProtocolError `HAWSER_LINE_TOO_LONG`
   */
  take(input: string): Taken {
    const end = input.indexOf('\n');
    this.#line += end < 0 ? input : input.slice(0, end);
    const line = this.#line.replace(/\r$/, '');
    if (line.length > this.#maxLength) {
      const message = `Cannot read a line of more than ${this.#maxLength} characters`;
      throw new ProtocolError('HAWSER_LINE_TOO_LONG', message);
    }
    if (end < 0) return { echo: '', rest: '' };
    this.#line = '';
    return { echo: '', event: { kind: 'line', line }, rest: input.slice(end + 1) };
  }

  /** The line without an end, if there is one. */
  last(): string | undefined {
    const line = this.#line;
    this.#line = '';
    return line === '' ? undefined : line;
  }
}
