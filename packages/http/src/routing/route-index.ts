import { UsageError } from '@hawser/core';
import type { HttpErrorCode } from '../errors.ts';
import type { RouteRecord } from './flat-route.ts';
import type { TreeOptions } from './method-tree.ts';

interface Entry {
  readonly route: RouteRecord;
  readonly signature: string;
}

const EVERY = '*';

/**
 * Finds routes that a router could not tell apart. A route of one method goes before one of every method with the same
 * pattern, and HEAD before GET; every other route must be the only one.
 */
export class RouteIndex {
  readonly #options: Pick<TreeOptions, 'caseSensitive' | 'trailingSlash'>;
  /** By key of a pattern and by method. */
  readonly #entries = new Map<string, Map<string, Entry>>();

  constructor(options: Pick<TreeOptions, 'caseSensitive' | 'trailingSlash'>) {
    this.#options = options;
  }

  /** @throws UsageError `HAWSER_HTTP_DUPLICATE_ROUTE`, which names both; then nothing was added */
  add(route: RouteRecord): void {
    const methods = route.methods ?? [EVERY];
    for (const way of route.pattern.ways) {
      const known = this.#entries.get(keyOf(way.key, this.#options));
      if (known === undefined) continue;
      for (const method of methods) {
        const before = known.get(method) ?? otherExpression(known, method, way.signature);
        if (before !== undefined) throw duplicate(method, route, before.route);
      }
    }
    for (const way of route.pattern.ways) {
      const key = keyOf(way.key, this.#options);
      const known = this.#entries.get(key) ?? new Map<string, Entry>();
      this.#entries.set(key, known);
      for (const method of methods) known.set(method, { route, signature: way.signature });
    }
  }

  /** Takes back what was added. */
  remove(route: RouteRecord): void {
    for (const way of route.pattern.ways) {
      const known = this.#entries.get(keyOf(way.key, this.#options));
      for (const [method, entry] of known ?? []) if (entry.route === route) known?.delete(method);
    }
  }
}

/** Equal for patterns that match the same paths. */
export function keyOf(
  key: string,
  options: Pick<TreeOptions, 'caseSensitive' | 'trailingSlash'>,
): string {
  const cased = options.caseSensitive ? key : key.toLowerCase();
  return options.trailingSlash === 'ignore' && cased.length > 1 && cased.endsWith('/')
    ? cased.slice(0, -1)
    : cased;
}

// One goes before the other only where both match the same; find-my-way keeps one regular expression in one place.
function otherExpression(
  known: ReadonlyMap<string, Entry>,
  method: string,
  signature: string,
): Entry | undefined {
  const others = method === EVERY ? [...known.values()] : [known.get(EVERY)];
  return others.find((entry) => entry !== undefined && entry.signature !== signature);
}

function duplicate(
  method: string,
  added: RouteRecord,
  before: RouteRecord,
): UsageError<HttpErrorCode> {
  const show = (route: RouteRecord, name: string): string => `"${name} ${route.pattern.text}"`;
  const beforeMethod = before.methods?.includes(method) ? method : (before.methods?.[0] ?? EVERY);
  return new UsageError(
    'HAWSER_HTTP_DUPLICATE_ROUTE',
    `Cannot add ${show(added, method)} as the router could not tell it from ${show(before, beforeMethod)}`,
  );
}
