import { UsageError } from '@hawser/core';
import type { HttpErrorCode } from '../errors.ts';

/**
 * A pattern of paths: `/static`, `/:name`, `/:id(\\d+)`, `/:from-:to`, `/:file.json`, `/:last?`, `/rest/*`. Static text is
 * written decoded (`/café`); `::` is a colon.
 */
export interface RoutePattern {
  readonly text: string;
  /** One for each way of the pattern: two if its last parameter is optional. */
  readonly ways: readonly PatternWay[];
}

/** A pattern without optional parts. */
export interface PatternWay {
  /** As find-my-way writes it. */
  readonly text: string;
  /** Equal for two patterns that the router cannot tell apart. */
  readonly key: string;
  /** As `key`, with the regular expressions. */
  readonly signature: string;
  /** Parameters without a regular expression: they are never empty. */
  readonly filled: readonly string[];
  /** Slashes before the rest that `*` takes; 0 if there is no `*`. */
  readonly slashesBeforeRest: number;
}

interface Param {
  readonly name: string;
  readonly expression: string | undefined;
  readonly optional: boolean;
}

type Segment = readonly (string | Param)[];

const NAME = /^[A-Za-z_$][A-Za-z0-9_$]*/;
// What means something in the patterns of other routers, or could never be in a decoded path.
const NOT_STATIC = /[()[\]{}?#%*\\\p{Cc}]/u;

/** @throws UsageError `HAWSER_HTTP_BAD_ROUTE`, pointing at what is wrong */
export function parseRoutePattern(text: string): RoutePattern {
  const path = text === '*' ? '/*' : text;
  if (!path.startsWith('/')) throw badPattern(text, 0, 'it must begin with "/"');
  const segments: Segment[] = [];
  const names = new Set<string>();
  let at = 1;
  while (at <= path.length) {
    const { segment, end } = readSegment(path, at, names);
    if (segment.length === 0 && end < path.length) {
      throw badPattern(text, at, 'a segment must not be empty');
    }
    if (segment.length === 1 && (segment[0] === '.' || segment[0] === '..')) {
      throw badPattern(text, at, 'a segment must not be "." or ".."');
    }
    if (segment[0] === '*' && end < path.length) {
      throw badPattern(text, at, '"*" must be the last segment');
    }
    const last = segment[segment.length - 1];
    if (typeof last === 'object' && last.optional && (segment.length > 1 || end < path.length)) {
      throw badPattern(text, at, 'only a parameter that is the whole last segment can be optional');
    }
    segments.push(segment);
    at = end + 1;
  }
  return { text: path, ways: waysOf(segments) };
}

/** `pattern` below `prefix`; `/` is the prefix itself. */
export function joinPatterns(prefix: string, pattern: string): string {
  const base = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  if (pattern === '*') return `${base}/*`;
  return pattern === '/' ? base || '/' : base + pattern;
}

function waysOf(segments: readonly Segment[]): readonly PatternWay[] {
  const last = segments[segments.length - 1]?.[0];
  if (typeof last !== 'object' || !last.optional) return [wayOf(segments)];
  const without = segments.slice(0, -1);
  return [wayOf(segments), wayOf(without.length === 0 ? [[]] : without)];
}

function wayOf(segments: readonly Segment[]): PatternWay {
  let text = '';
  let key = '';
  let signature = '';
  const filled: string[] = [];
  for (const segment of segments) {
    const params = segment.filter((part) => typeof part === 'object');
    const last = segment[segment.length - 1];
    // find-my-way gives everything up to the next slash to a parameter that ends its segment, without an expression.
    const plain =
      params.length === 1 && params[0]?.expression === undefined && typeof last === 'object';
    text += '/';
    key += '/';
    signature += '/';
    for (const part of segment) {
      if (typeof part === 'string') {
        const literal = part === '*' ? part : part.replaceAll(':', '::');
        text += literal;
        key += literal;
        signature += literal;
      } else {
        const expression = part.expression === undefined ? '' : `(${part.expression})`;
        text += `:${part.name}${expression}`;
        key += plain ? ':' : ':()';
        signature += `:${expression}`;
        if (part.expression === undefined) filled.push(part.name);
      }
    }
  }
  const slashesBeforeRest = segments[segments.length - 1]?.[0] === '*' ? segments.length : 0;
  return { text, key, signature, filled, slashesBeforeRest };
}

function readSegment(
  path: string,
  start: number,
  names: Set<string>,
): { segment: Segment; end: number } {
  const parts: (string | Param)[] = [];
  let literal = '';
  let at = start;
  while (at < path.length && path[at] !== '/') {
    if (path[at] === ':' && path[at + 1] !== ':') {
      if (literal !== '') parts.push(literal);
      literal = '';
      const before = parts[parts.length - 1];
      if (typeof before === 'object') {
        throw badPattern(path, at, 'two parameters need something between them');
      }
      const { param, end } = readParam(path, at);
      if (names.has(param.name)) throw badPattern(path, at, `":${param.name}" is there twice`);
      names.add(param.name);
      parts.push(param);
      at = end;
    } else if (path[at] === '*' && at === start && (path[at + 1] ?? '/') === '/') {
      parts.push('*');
      at += 1;
    } else {
      const char = path[at] ?? '';
      if (NOT_STATIC.test(char)) {
        throw badPattern(path, at, `${JSON.stringify(char)} cannot be static text`);
      }
      literal += char;
      at += char === ':' ? 2 : 1;
    }
  }
  if (literal !== '') parts.push(literal);
  return { segment: parts, end: at };
}

function readParam(path: string, colon: number): { param: Param; end: number } {
  const name = NAME.exec(path.slice(colon + 1))?.[0];
  if (name === undefined) throw badPattern(path, colon, '":" needs a name after it');
  let end = colon + 1 + name.length;
  let expression: string | undefined;
  if (path[end] === '(') {
    const close = closingParenthesis(path, end);
    expression = path.slice(end + 1, close);
    if (expression === '' || expression.includes('/')) {
      throw badPattern(path, end, 'a regular expression must not be empty or hold "/"');
    }
    try {
      new RegExp(expression);
    } catch (error) {
      throw badPattern(path, end, error instanceof Error ? error.message : 'it is none');
    }
    end = close + 1;
  }
  const optional = path[end] === '?';
  if (optional) end += 1;
  const next = path[end];
  if (
    next !== undefined &&
    next !== '/' &&
    (optional || (expression === undefined && next !== '-' && next !== '.'))
  ) {
    throw badPattern(path, end, `":${name}" must be followed by "/", "-", ".", "(" or nothing`);
  }
  return { param: { name, expression, optional }, end };
}

function closingParenthesis(path: string, open: number): number {
  let depth = 0;
  for (let at = open; at < path.length; at += 1) {
    const char = path[at];
    if (char === '\\') at += 1;
    else if (char === '(') depth += 1;
    else if (char === ')') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  throw badPattern(path, open, '"(" is not closed');
}

/** The error for a pattern, with a mark under the place at fault. */
export function badPattern(pattern: string, at: number, why: string): UsageError<HttpErrorCode> {
  return new UsageError(
    'HAWSER_HTTP_BAD_ROUTE',
    `Cannot add a route as ${why}, at ${at + 1}: ${JSON.stringify(pattern)}`,
  );
}
