import { describe, expect, test } from 'vitest';
import { evaluateConditions, rangeApplies } from '../../src/delivery/evaluate-conditions.ts';

const NOW = Date.UTC(2024, 5, 15, 12, 0, 0) + 789;
const SAME = 'Sat, 15 Jun 2024 12:00:00 GMT';
const EARLIER = 'Sat, 15 Jun 2024 11:59:59 GMT';
const LATER = 'Sat, 15 Jun 2024 12:00:01 GMT';

type Fields = Record<string, string>;

function request(method: string, headers: Fields): Request {
  return new Request('http://host/', { method, headers });
}

const MATCH: [value: string, strong: boolean, weak: boolean][] = [
  ['*', true, true],
  ['"a"', true, true],
  ['W/"a"', false, true],
  ['"b"', false, false],
  ['"b", "a"', true, true],
  ['"b","a"', true, true],
  ['  "b"  ,,  W/"a"', false, true],
  ['"b, \\"a"', false, false],
  ['a', false, false],
  ['"a', false, false],
  ['w/"a"', false, false],
  ['""', false, false],
  ['"*"', false, false],
  ['*, "b"', false, false],
];

describe('in the order of RFC 9110 §13.2.2', () => {
  // Every combination of the four fields, against the steps of the section written down once more.
  const ifMatch = [undefined, ...MATCH.map(([value]) => value)];
  const dates = [undefined, SAME, EARLIER, LATER, 'yesterday', ''];
  const methods = ['GET', 'HEAD', 'PUT', 'DELETE', 'POST'];
  for (const method of methods) {
    for (const etag of ['"a"', 'W/"a"', undefined]) {
      for (const lastModified of [NOW, undefined]) {
        test(`${method} where the tag is ${etag} and the time ${lastModified}`, () => {
          const wrong: string[] = [];
          for (const im of ifMatch) {
            for (const inm of ifMatch) {
              for (const ius of dates) {
                for (const ims of dates) {
                  const headers: Fields = {};
                  if (im !== undefined) headers['if-match'] = im;
                  if (inm !== undefined) headers['if-none-match'] = inm;
                  if (ius !== undefined) headers['if-unmodified-since'] = ius;
                  if (ims !== undefined) headers['if-modified-since'] = ims;
                  const fields = { get: (name: string) => headers[name] ?? null } as Headers;
                  const found = evaluateConditions(
                    { method, headers: fields },
                    { etag, lastModified },
                  );
                  const expected = oracle(method, headers, { etag, lastModified });
                  if (found !== expected) {
                    wrong.push(`${JSON.stringify(headers)}: ${found}, not ${expected}`);
                  }
                }
              }
            }
          }
          expect(wrong).toEqual([]);
        });
      }
    }
  }
});

/** The steps 1 to 4 of the section. */
function oracle(
  method: string,
  headers: Fields,
  { etag, lastModified }: { etag: string | undefined; lastModified: number | undefined },
): number | undefined {
  const [im, inm] = [headers['if-match'], headers['if-none-match']];
  const listed = (value: string, strong: boolean): boolean => {
    if (value === '*') return true;
    const row = MATCH.find(([each]) => each === value);
    if (etag === undefined || row === undefined) return false;
    if (strong) return etag === '"a"' && row[1];
    return row[2];
  };
  const order = [EARLIER, SAME, LATER];
  const given = (name: string): number => order.indexOf(headers[name] ?? '');
  if (im !== undefined) {
    if (!listed(im, true)) return 412;
  } else if (given('if-unmodified-since') >= 0 && lastModified !== undefined) {
    if (given('if-unmodified-since') < 1) return 412;
  }
  const reads = method === 'GET' || method === 'HEAD';
  if (inm !== undefined) {
    if (listed(inm, false)) return reads ? 304 : 412;
  } else if (reads && given('if-modified-since') >= 0 && lastModified !== undefined) {
    if (given('if-modified-since') >= 1) return 304;
  }
  return undefined;
}

test('nothing to compare with lets "If-None-Match: *" create and "If-Match: *" fail', () => {
  const none = { exists: false };
  expect(evaluateConditions(request('PUT', { 'if-none-match': '*' }), none)).toBeUndefined();
  expect(evaluateConditions(request('PUT', { 'if-match': '*' }), none)).toBe(412);
  expect(evaluateConditions(request('PUT', { 'if-none-match': '*' }), {})).toBe(412);
});

test.each<[ifRange: string | undefined, etag: string | undefined, applies: boolean]>([
  [undefined, '"a"', true],
  ['"a"', '"a"', true],
  ['"b"', '"a"', false],
  ['W/"a"', '"a"', false],
  ['W/"a"', 'W/"a"', false],
  ['"a"', 'W/"a"', false],
  ['"a"', undefined, false],
  [SAME, undefined, true],
  [EARLIER, undefined, false],
  [LATER, undefined, false],
  ['*', '"a"', false],
  ['soon', '"a"', false],
  ['', '"a"', false],
])('a range counts with If-Range %j for the tag %j: %j', (ifRange, etag, applies) => {
  const headers: Fields = ifRange === undefined ? {} : { 'if-range': ifRange };
  expect(rangeApplies(request('GET', headers), { etag, lastModified: NOW })).toBe(applies);
});

test('a date does not let a range count where the time of change is not known', () => {
  expect(rangeApplies(request('GET', { 'if-range': SAME }), { etag: '"a"' })).toBe(false);
});

test('a field as long as a head may be is read in no time', () => {
  const fields = { get: () => `${'"a" '.repeat(4000)}${' '.repeat(8000)}x` } as unknown as Headers;
  expect(evaluateConditions({ method: 'GET', headers: fields }, { etag: '"z"' })).toBe(412);
});
