import { SeededRandom } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { normalHost } from '../../src/routing/host-pattern.ts';
import { router } from '../../src/routing/router.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { ask } from './ask.ts';

const PATTERN_SEGMENTS = ['a', 'b', 'ab', 'a-b', ':x', ':n(\\d+)', 'é', '::', '1'];
const PATH_SEGMENTS = [
  'a',
  'b',
  'ab',
  'abc',
  'a-b',
  '1',
  '12',
  '%61',
  'a%2Fb',
  '%C3%A9',
  ':',
  '%2561',
  '~',
];
const SEPARATORS = /(?<=^|\/):(x|n)/g;

function pick<T>(random: SeededRandom, list: readonly T[]): T {
  return list[Math.floor(random.float() * list.length)] as T;
}

function randomPattern(random: SeededRandom): string {
  const count = Math.floor(random.float() * 4);
  const segments = Array.from({ length: count }, () => pick(random, PATTERN_SEGMENTS));
  if (random.float() < 0.15) segments.push('*');
  let name = 0;
  return `/${segments.join('/')}`.replace(SEPARATORS, (_all, kind) => `:${kind}${name++}`);
}

interface Match {
  readonly rank: string;
  readonly hidesSlash?: boolean;
  readonly params: Record<string, string>;
}

/** Segment by segment, from the left: static text, then an expression, then a parameter, then the rest. */
function naiveMatch(pattern: string, path: string): Match | undefined {
  const wanted = pattern.slice(1).split('/');
  const given = path.slice(1).split('/');
  let rank = '';
  const params: Record<string, string> = {};
  for (const [at, segment] of wanted.entries()) {
    const value = given[at];
    if (segment === '*') {
      if (value === undefined) return undefined;
      const rest = given.slice(at).join('/');
      params['*'] = decodeURIComponent(rest);
      return { rank: `${rank}0`, params, hidesSlash: rest.includes('%2F') };
    }
    if (value === undefined) return undefined;
    const decoded = decodeURIComponent(value);
    const [, name, expression] = /^:([a-z]\d)(?:\((.*)\))?$/.exec(segment) ?? [];
    if (name === undefined) {
      if (decoded !== segment.replace('::', ':')) return undefined;
      rank += '3';
    } else {
      if (decoded === '') return undefined;
      if (expression !== undefined && !new RegExp(`^${expression}$`).test(decoded))
        return undefined;
      params[name] = decoded;
      rank += expression === undefined ? '1' : '2';
    }
  }
  return given.length === wanted.length ? { rank, params } : undefined;
}

function expected(best?: { pattern: string; match: Match | undefined }): unknown {
  if (best?.match === undefined) return 404;
  return best.match.hidesSlash ? 400 : { pattern: best.pattern, params: best.match.params };
}

function unlessDuplicate(add: () => void): boolean {
  try {
    add();
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'HAWSER_HTTP_DUPLICATE_ROUTE') return false;
    throw error;
  }
}

test('finds the same route as comparing with every pattern', async () => {
  const random = new SeededRandom(11);
  let found = 0;
  for (let round = 0; round < 300; round += 1) {
    const app = router();
    const patterns: string[] = [];
    for (let count = 0; count < 8; count += 1) {
      const pattern = randomPattern(random);
      const added = unlessDuplicate(() =>
        app.get(pattern, ({ params }) => HttpResponse.json({ pattern, params })),
      );
      if (added) patterns.push(pattern);
    }
    for (let asked = 0; asked < 30; asked += 1) {
      const length = Math.floor(random.float() * 4);
      const path = `/${Array.from({ length }, () => pick(random, PATH_SEGMENTS)).join('/')}`;
      const [best] = patterns
        .map((pattern) => ({ pattern, match: naiveMatch(pattern, path) }))
        .filter((each) => each.match !== undefined)
        .sort((one, other) => ((one.match?.rank ?? '') < (other.match?.rank ?? '') ? 1 : -1));
      const response = await ask(app, path);
      const got = response.status === 200 ? await response.json() : response.status;
      expect([path, patterns, got]).toEqual([path, patterns, expected(best)]);
      if (response.status === 200) found += 1;
    }
  }
  expect(found).toBeGreaterThan(1_000);
});

test('whatever is in a path: an answer, and what was found can be told from the path', async () => {
  const random = new SeededRandom(12);
  const pieces = [
    '%',
    '%2',
    '%2f',
    '%25',
    '%c3',
    '%a9',
    '%C3%A9',
    '/',
    '//',
    '.',
    '..',
    '%2e',
    'a',
    '?',
    '#',
    '\\',
    '%00',
    '%u0041',
    '\u00e9',
    ';',
    ':',
    '*',
  ];
  const app = router()
    .get('/', () => HttpResponse.json({}))
    .get('/:a', ({ params }) => HttpResponse.json(params))
    .get('/:a/:b', ({ params }) => HttpResponse.json(params))
    .get('/s/*', ({ params }) => HttpResponse.json(params));
  const seen = new Set<number>();
  for (let round = 0; round < 5_000; round += 1) {
    const length = Math.floor(random.float() * 8);
    const path = `/${Array.from({ length }, () => pick(random, pieces)).join('')}`;
    const response = await ask(app, path);
    seen.add(response.status);
    expect([200, 400, 404]).toContain(response.status);
    if (response.status !== 200) continue;
    const params = (await response.json()) as Record<string, string>;
    const sent = path.slice(1).split(/[?#]/)[0] ?? '';
    const values = params['*'] === undefined ? Object.values(params) : ['s', params['*']];
    expect(values.join('/')).toBe(decodeURIComponent(sent));
    expect(values.some((value) => value === '..' || value === '.')).toBe(false);
  }
  expect(seen).toEqual(new Set([200, 400, 404]));
});

test('whatever is in Host: a name in lower case or none at all', () => {
  const random = new SeededRandom(13);
  const pieces = [
    'a',
    'A',
    '.',
    '..',
    ':',
    ':80',
    '@',
    '/',
    '\\',
    '[',
    ']',
    '::1',
    ' ',
    '\t',
    '\0',
    '#',
    '?',
    'evil.org',
    'API.example.net',
  ];
  for (let round = 0; round < 5_000; round += 1) {
    const length = Math.floor(random.float() * 6);
    const text = Array.from({ length }, () => pick(random, pieces)).join('');
    const host = normalHost(text);
    if (host === undefined) continue;
    expect(host).toBe(host.toLowerCase());
    expect(host).not.toMatch(/[@/\\\s#?]|\.$/);
    expect(text.toLowerCase().startsWith(host)).toBe(true);
  }
});
