import { describe, expect, test } from 'vitest';
import { LineEditor } from '../src/line-editor.ts';
import { LineSplitter } from '../src/line-splitter.ts';

type Reader = Pick<LineEditor, 'take'>;

function type(reader: Reader, input: string): { echo: string; events: string[] } {
  let echo = '';
  const events: string[] = [];
  for (let rest = input; rest !== ''; ) {
    const taken = reader.take(rest);
    echo += taken.echo;
    rest = taken.rest;
    if (taken.event)
      events.push(taken.event.kind === 'line' ? taken.event.line : `<${taken.event.kind}>`);
  }
  return { echo, events };
}

describe('LineEditor', () => {
  test.each([
    ['Enter ends a line', 'hi\r', 'hi\r\n', ['hi']],
    ['line feed does too', 'hi\n', 'hi\r\n', ['hi']],
    ['CR LF is one Enter', 'a\r\nb\r', 'a\r\nb\r\n', ['a', 'b']],
    ['two Enters are two lines', '\r\r', '\r\n\r\n', ['', '']],
    ['backspace erases', 'ab\x7f\bc\r', 'ab\b \b\b \bc\r\n', ['c']],
    ['backspace on nothing rings', '\x7f', '\x07', []],
    ['Ctrl-U erases all', 'ab\x15c\r', 'ab\b \b\b \bc\r\n', ['c']],
    ['Ctrl-C drops the line', 'ab\x03c\r', 'ab^C\r\nc\r\n', ['<interrupt>', 'c']],
    ['Ctrl-D ends on an empty line', '\x04', '\r\n', ['<end>']],
    ['Ctrl-D rings on another', 'a\x04\r', 'a\x07\r\n', ['a']],
    ['cursor keys are swallowed', 'a\x1b[A\x1bOB\x1b[1;5Cb\r', 'ab\r\n', ['ab']],
    ['control characters are no text', 'a\x01\tb\x00\r', 'ab\r\n', ['ab']],
    ['a character of two code units is one', '😀\x7fx\r', '😀\b \bx\r\n', ['x']],
    ['more than the limit rings', '123456\r', '12345\x07\r\n', ['12345']],
  ])('%s', (_name, input, echo, events) => {
    expect(type(new LineEditor(5), input)).toEqual({ echo, events });
    const editor = new LineEditor(5);
    const parts = Array.from(input, (key) => type(editor, key));
    expect(parts.map((part) => part.echo).join('')).toBe(echo);
    expect(parts.flatMap((part) => part.events)).toEqual(events);
  });
});

describe('LineSplitter', () => {
  test.each([
    ['a\nb\r\n\nc', ['a', 'b', ''], 'c'],
    ['\r\n', [''], undefined],
    ['12345\n', ['12345'], undefined],
    ['12345\r\n', ['12345'], undefined],
    ['', [], undefined],
  ])('splits %j however it is cut', (input, lines, last) => {
    for (const parts of [[input], Array.from(input)]) {
      const splitter = new LineSplitter(5);
      expect(parts.flatMap((part) => type(splitter, part).events)).toEqual(lines);
      expect(splitter.last()).toBe(last);
    }
  });

  test('refuses a line over the limit, ended or not', () => {
    const error = expect.objectContaining({ code: 'HAWSER_LINE_TOO_LONG' });
    expect(() => new LineSplitter(5).take('123456\n')).toThrow(error);
    expect(() => new LineSplitter(5).take('123456')).toThrow(error);
  });
});
