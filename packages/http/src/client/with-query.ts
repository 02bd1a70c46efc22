/** What query parameters can be made from. `undefined` and `null` are left out; a list is repeated. */
export type QueryInput =
  | URLSearchParams
  | Readonly<Record<string, QueryValue | readonly QueryValue[]>>;

/** One value of a query parameter. */
export type QueryValue = string | number | bigint | boolean | null | undefined;

/**
 * `url` with more parameters in its query, after those it has.
 *
 * @example
 * withQuery('https://example.net/search?lang=en', { q: 'two words', page: 2, tag: ['a', 'b'] });
 */
export function withQuery(url: string | URL, query: QueryInput): URL {
  const result = new URL(url);
  const pairs = query instanceof URLSearchParams ? [...query] : Object.entries(query);
  for (const [name, value] of pairs) {
    for (const each of Array.isArray(value) ? (value as readonly QueryValue[]) : [value]) {
      if (each !== undefined && each !== null) result.searchParams.append(name, String(each));
    }
  }
  return result;
}
