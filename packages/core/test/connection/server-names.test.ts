import { expect, test } from 'vitest';
import { ServerNames } from '../../src/connection/server-names.ts';

const names = new ServerNames({
  'example.com': 'exact',
  '*.example.com': 'wildcard',
  'www.example.com': 'exact before wildcard',
  'UPPER.example.': 'case',
  localhost: 'one label',
});

test.each([
  ['example.com', 'exact'],
  ['Example.COM.', 'exact'],
  ['a.example.com', 'wildcard'],
  ['www.example.com', 'exact before wildcard'],
  ['upper.example', 'case'],
  ['localhost', 'one label'],
  ['a.b.example.com', undefined],
  ['.example.com', undefined],
  ['*.example.com', undefined],
  ['ample.com', undefined],
  ['com', undefined],
  ['', undefined],
  ['__proto__', undefined],
  [undefined, undefined],
])('%s is served by %s', (asked, value) => {
  expect(names.find(asked)).toBe(value);
});

test.each(['', '*', '*.', 'a.*.example', '*a.example', 'a..b', 'a b', '-a.example', 'é.example'])(
  '%j is no name to serve',
  (name) => {
    expect(() => new ServerNames({ [name]: 1 })).toThrow(TypeError);
  },
);

test('a name is served once', () => {
  expect(() => new ServerNames({ 'a.example': 1, 'A.example.': 2 })).toThrow('given twice');
});
