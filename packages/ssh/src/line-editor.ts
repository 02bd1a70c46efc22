/** What a key stroke led to. */
export type LineEvent =
  | { readonly kind: 'line'; readonly line: string }
  /** Ctrl-C: the line was dropped. */
  | { readonly kind: 'interrupt' }
  /** Ctrl-D on an empty line. */
  | { readonly kind: 'end' };

/** The outcome of {@link LineEditor.take}. */
export interface Taken {
  /** What the terminal should show now. */
  readonly echo: string;
  /** Absent when the input was used up without one. */
  readonly event?: LineEvent | undefined;
  /** Input after the event, for the next call. */
  readonly rest: string;
}

const BELL = '\x07';
const ERASE = '\b \b';
const Key = {
  CtrlC: '\x03',
  CtrlD: '\x04',
  Backspace: '\b',
  CtrlU: '\x15',
  Escape: '\x1b',
} as const;

/**
 * A line of input on a terminal in raw mode, as a person types it: text, backspace, Ctrl-U, Ctrl-C, Ctrl-D and Enter.
 * Cursor keys and other escape sequences are swallowed. Pure: text in, echo and events out.
 */
export class LineEditor {
  readonly #maxLength: number;
  #line: string[] = [];
  #afterReturn = false;
  #escape: 'none' | 'started' | 'sequence' = 'none';

  /** @param maxLength characters of a line; more are refused with a bell */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** Takes input up to and including the first event. */
  take(input: string): Taken {
    let echo = '';
    let used = 0;
    for (const key of input) {
      used += key.length;
      const done = this.#press(key);
      echo += done.echo;
      if (done.event) return { echo, event: done.event, rest: input.slice(used) };
    }
    return { echo, rest: '' };
  }

  #press(key: string): { readonly echo: string; readonly event?: LineEvent } {
    // Some terminals send CR LF for Enter, which is one line.
    const afterReturn = this.#afterReturn;
    this.#afterReturn = key === '\r';
    if (key === '\n' && afterReturn) return { echo: '' };
    if (this.#inEscape(key)) return { echo: '' };
    switch (key) {
      case '\r':
      case '\n':
        return { echo: '\r\n', event: { kind: 'line', line: this.#clear() } };
      case Key.CtrlC:
        this.#clear();
        return { echo: '^C\r\n', event: { kind: 'interrupt' } };
      case Key.CtrlD:
        if (this.#line.length > 0) return { echo: BELL };
        return { echo: '\r\n', event: { kind: 'end' } };
      case Key.Backspace:
      case '\x7f':
        return { echo: this.#line.pop() === undefined ? BELL : ERASE };
      case Key.CtrlU:
        return { echo: ERASE.repeat(this.#line.splice(0).length) };
      default:
        return { echo: this.#type(key) };
    }
  }

  #type(key: string): string {
    if (key < ' ') return '';
    if (this.#line.length >= this.#maxLength) return BELL;
    this.#line.push(key);
    return key;
  }

  /** ESC x, or ESC [ ... and ESC O ..., which end with a byte from @ to ~ (ECMA-48 §5.4). */
  #inEscape(key: string): boolean {
    switch (this.#escape) {
      case 'none':
        if (key !== Key.Escape) return false;
        this.#escape = 'started';
        return true;
      case 'started':
        this.#escape = key === '[' || key === 'O' ? 'sequence' : 'none';
        return true;
      case 'sequence':
        if (key >= '@' && key <= '~') this.#escape = 'none';
        return true;
    }
  }

  #clear(): string {
    const line = this.#line.join('');
    this.#line = [];
    return line;
  }
}
