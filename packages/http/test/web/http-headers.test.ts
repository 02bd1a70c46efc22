import { inspect } from 'node:util';
import { SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { HeadersInput } from '../../src/contract/http-handler.ts';
import { HttpHeaders, toFieldLines } from '../../src/web/http-headers.ts';

const NAMES = [
  'a',
  'A',
  'Content-Type',
  'content-type',
  'set-cookie',
  'Set-Cookie',
  'cookie',
  'b',
  'x-y',
  '',
  'a b',
  'é',
  'a:',
  '1',
  "!#$%&'*+-.^_`|~",
];
const VALUES = [
  '',
  'x',
  ' x ',
  '\tx\r\n',
  'x, y',
  'é',
  '\u0100',
  'a\rb',
  'a\0b',
  'a\x01b',
  'a\tb',
  '\x7f',
  '5',
];

/** What a call gives, or the kind of error it throws. */
function outcome(call: () => unknown): unknown {
  try {
    return { gives: call() };
  } catch (thrown) {
    return { throws: (thrown as Error).constructor.name };
  }
}

function everything(headers: Headers): unknown {
  const visited: unknown[] = [];
  headers.forEach((value, name) => visited.push([name, value]));
  return {
    entries: [...headers.entries()],
    iterated: [...headers],
    keys: [...headers.keys()],
    values: [...headers.values()],
    visited,
    cookies: headers.getSetCookie(),
  };
}

describe('HttpHeaders', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('do what standard Headers do (seed %i)', (seed) => {
    const random = new SeededRandom(seed);
    const pick = <T>(from: readonly T[]): T => from[random.below(from.length)] as T;
    for (let round = 0; round < 100; round++) {
      const ours = new HttpHeaders();
      const theirs = new Headers();
      for (let step = 0; step < 20; step++) {
        const method = pick(['append', 'append', 'append', 'set', 'delete', 'get', 'has'] as const);
        const name = pick(NAMES);
        const value = pick(VALUES);
        const said = `${method}(${JSON.stringify(name)}, ${JSON.stringify(value)})`;
        expect([said, outcome(() => ours[method](name, value))]).toEqual([
          said,
          outcome(() => theirs[method](name, value)),
        ]);
      }
      expect(everything(ours)).toEqual(everything(theirs));
    }
  });

  test.each<[string, unknown]>([
    ['a record', { A: '1', 'b-c': ' 2 ' }],
    [
      'pairs',
      [
        ['a', '1'],
        ['A', '2'],
        ['set-cookie', 'x'],
        ['Set-Cookie', 'y'],
      ],
    ],
    ['a Map', new Map([['a', '1']])],
    [
      'Headers',
      new Headers([
        ['set-cookie', 'x'],
        ['set-cookie', 'y'],
        ['a', 'b'],
      ]),
    ],
    ['numbers', { a: 1, b: null, c: undefined }],
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['a string', 'a: b'],
    ['a pair of one', [['a']]],
    ['a pair of three', [['a', 'b', 'c']]],
    ['a bad name', { 'a b': '' }],
    ['a bad value', { a: '\n\0' }],
  ])('are made of %s as standard Headers are', (_what, init) => {
    const make = (Kind: typeof Headers | typeof HttpHeaders) => () =>
      everything(new Kind(init as HeadersInput));
    expect(outcome(make(HttpHeaders))).toEqual(outcome(make(Headers)));
  });

  test('see what is changed while they are walked', () => {
    const walk = (headers: Headers): string[] => {
      const seen: string[] = [];
      for (const [name] of headers) {
        seen.push(name);
        if (seen.length < 5) headers.append(`z${seen.length}`, 'x');
        if (name === 'b') headers.delete('c');
      }
      return seen;
    };
    const init = { a: '1', b: '2', c: '3' };
    expect(walk(new HttpHeaders(init))).toEqual(walk(new Headers(init)));
  });

  test('leave in the order in which they were made, a field that is set in its old place', () => {
    const headers = new HttpHeaders({ z: '1', a: '2', m: '3' });
    headers.append('Set-Cookie', 'x');
    headers.append('z', '4');
    headers.set('a', 'new');
    headers.append('set-cookie', 'y');
    expect(toFieldLines(headers)).toEqual([
      'z',
      '1',
      'a',
      'new',
      'm',
      '3',
      'set-cookie',
      'x',
      'z',
      '4',
      'set-cookie',
      'y',
    ]);
  });

  test('over lines of others never change them', () => {
    const lines = Object.freeze(['a', '1', 'b', '2']);
    for (const change of [
      (headers: HttpHeaders) => headers.append('a', '2'),
      (headers: HttpHeaders) => headers.set('a', '2'),
      (headers: HttpHeaders) => headers.set('c', '2'),
      (headers: HttpHeaders) => headers.delete('a'),
    ]) {
      const headers = HttpHeaders.over(lines);
      expect(toFieldLines(headers)).toBe(lines);
      change(headers);
      expect(toFieldLines(headers)).not.toEqual(lines);
      expect(lines).toEqual(['a', '1', 'b', '2']);
    }
  });

  test('of others become lines with each cookie for itself', () => {
    const headers = new Headers([
      ['set-cookie', 'a=1, x'],
      ['b', '1'],
      ['b', '2'],
      ['set-cookie', 'c=2'],
    ]);
    expect(toFieldLines(headers)).toEqual([
      'b',
      '1, 2',
      'set-cookie',
      'a=1, x',
      'set-cookie',
      'c=2',
    ]);
  });

  test('copied from ours are independent', () => {
    const first = new HttpHeaders({ a: '1' });
    const second = new HttpHeaders(first);
    second.set('a', '2');
    expect(first.get('a')).toBe('1');
  });

  test('are Headers to whoever asks, and to console.log', () => {
    const headers = new HttpHeaders({ b: '1', a: '2' });
    expect(headers).toBeInstanceOf(Headers);
    expect(Object.prototype.toString.call(headers)).toBe('[object Headers]');
    expect(inspect(headers)).toBe("Headers { a: '2', b: '1' }");
    expect([...new Headers(headers)]).toEqual([...headers]);
  });

  test('have names that an object has by itself', () => {
    const headers = new HttpHeaders([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(headers.get('__proto__')).toBe('x');
    expect(new HttpHeaders().get('constructor')).toBe(null);
  });
});
