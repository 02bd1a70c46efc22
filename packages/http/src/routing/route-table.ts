import { UsageError } from '@hawser/core';
import type { HttpErrorCode } from '../errors.ts';
import { type ErrorClass, type ErrorHandler, ErrorHandlers } from './error-handlers.ts';
import type { FlatRoute, FlatScope, RouteRecord } from './flat-route.ts';
import { authorityOf, type HostPattern, normalHost, parseHostPattern } from './host-pattern.ts';
import type { TreeOptions } from './method-tree.ts';
import type { Middleware, RouteHandler } from './middleware.ts';
import type { Params } from './path-params.ts';
import { RouteIndex } from './route-index.ts';
import type { RouteListing } from './route-listing.ts';
import { joinPatterns, parseRoutePattern } from './route-pattern.ts';
import type { Scope } from './scope.ts';
import { compileSite, type Site } from './site.ts';

type GivenOptions = { readonly [Key in keyof TreeOptions]?: TreeOptions[Key] | undefined };

interface Mount {
  readonly prefix: string;
  readonly table: RouteTable;
}

interface Host {
  readonly pattern: HostPattern;
  readonly table: RouteTable;
}

interface Sites {
  readonly main: Site;
  /** In the order in which they are tried. */
  readonly hosts: readonly { readonly pattern: HostPattern; readonly site: Site }[];
}

/** Everything that was said to a router. Compiled before the first request, and again after a change. */
export class RouteTable {
  readonly options: TreeOptions;
  /** What was said, without what is usual. */
  readonly #given: GivenOptions;
  readonly #records: RouteRecord[] = [];
  readonly #mounts: Mount[] = [];
  readonly #hosts: Host[] = [];
  readonly #middleware: Middleware[] = [];
  readonly #errors = new ErrorHandlers();
  readonly #parents = new Set<RouteTable>();
  /** Of every route in here, those of the routers mounted here too. */
  readonly #index: RouteIndex;
  #notFound: RouteHandler | undefined;
  #sites: Sites | undefined;

  constructor(options: TreeOptions, given: GivenOptions) {
    this.options = options;
    this.#given = given;
    this.#index = new RouteIndex(options);
  }

  addRoute(record: RouteRecord): void {
    this.#enlist('/', [record]);
    this.#records.push(record);
    this.#forget();
  }

  addMount(prefix: string, table: RouteTable): void {
    const { text } = parseRoutePattern(prefix);
    if (text.includes('*') || text.endsWith('?')) {
      throw unfit('mount at', prefix, 'it must not end with "*" or "?"');
    }
    if (table.#hosts.length > 0) throw unfit('mount at', prefix, 'that router has hosts');
    this.#checkChild(prefix, table);
    const { routes, scopes } = table.#flatten();
    this.#enlist(text, routes, scopes);
    table.#parents.add(this);
    this.#mounts.push({ prefix: text, table });
    this.#forget();
  }

  addHost(text: string, table: RouteTable): void {
    const pattern = parseHostPattern(text);
    if (this.#parents.size > 0)
      throw unfit('route the host', text, 'this router is inside another');
    if (table.#hosts.length > 0) throw unfit('route the host', text, 'that router has hosts');
    if (this.#hosts.some((host) => host.pattern.key === pattern.key)) {
      throw unfit('route the host', text, 'it has a router already');
    }
    this.#checkChild(text, table);
    table.#parents.add(this);
    this.#hosts.push({ pattern, table });
    this.#hosts.sort((a, b) => (a.pattern.rank < b.pattern.rank ? 1 : -1));
    this.#forget();
  }

  addMiddleware(middleware: Middleware): void {
    this.#middleware.push(middleware);
    this.#forget();
  }

  addErrorHandler<E extends Error>(type: ErrorClass<E>, handler: ErrorHandler<E>): void {
    if (!this.#errors.add(type, handler)) {
      throw unfit('handle errors of', type.name, 'that class has a handler already');
    }
    this.#forget();
  }

  setNotFound(handler: RouteHandler): void {
    if (this.#notFound) throw unfit('answer', 'what is not found', 'there is a handler already');
    this.#notFound = handler;
    this.#forget();
  }

  /** The routes for the host of `url`, and what the pattern of the host found in it. */
  siteOf(url: string): { readonly site: Site; readonly params: Params | undefined } {
    this.#sites ??= this.#compile();
    const { main, hosts } = this.#sites;
    if (hosts.length > 0) {
      const host = normalHost(authorityOf(url));
      for (const { pattern, site } of hosts) {
        const params = host === undefined ? undefined : pattern.match(host);
        if (params !== undefined) return { site, params };
      }
    }
    return { site: main, params: undefined };
  }

  /** As {@link siteOf}, where there are no hosts to be looked at. */
  get onlySite(): Site | undefined {
    this.#sites ??= this.#compile();
    return this.#sites.hosts.length === 0 ? this.#sites.main : undefined;
  }

  list(): readonly RouteListing[] {
    const lines = (routes: readonly FlatRoute[], at: { host?: string } = {}): RouteListing[] =>
      routes.flatMap((route) =>
        (route.methods ?? ['*']).map((method) =>
          Object.assign({ method, pattern: route.pattern.text }, at),
        ),
      );
    return [
      ...lines(this.#flatten().routes),
      ...this.#hosts.flatMap(({ pattern, table }) =>
        lines(table.#flatten().routes, { host: pattern.text }),
      ),
    ];
  }

  #compile(): Sites {
    const main = this.#flatten();
    const scope = main.scopes[0]?.scope;
    return {
      main: compileSite(main.routes, main.scopes, this.options),
      hosts: this.#hosts.map(({ pattern, table }) => {
        const { routes, scopes } = table.#flatten('/', scope);
        return { pattern, site: compileSite(routes, scopes, this.options) };
      }),
    };
  }

  #flatten(prefix = '/', parent?: Scope): { routes: FlatRoute[]; scopes: FlatScope[] } {
    const scope: Scope = {
      parent,
      middleware: this.#middleware,
      errors: this.#errors,
      notFound: this.#notFound,
    };
    const scopes: FlatScope[] = [{ scope, prefix }];
    const routes = this.#records.map((record): FlatRoute => ({ ...below(prefix, record), scope }));
    for (const mount of this.#mounts) {
      const inner = mount.table.#flatten(joinPatterns(prefix, mount.prefix), scope);
      routes.push(...inner.routes);
      scopes.push(...inner.scopes);
    }
    return { routes, scopes };
  }

  #checkChild(where: string, table: RouteTable): void {
    if (table === this || table.#contains(this)) {
      throw unfit('mount at', where, 'a router must not contain itself');
    }
    for (const [name, value] of Object.entries(table.#given)) {
      if (value !== undefined && this.options[name as keyof TreeOptions] !== value) {
        throw unfit('mount at', where, `the router around it has another ${name}`);
      }
    }
  }

  #contains(table: RouteTable): boolean {
    return [...this.#mounts, ...this.#hosts].some(
      (child) => child.table === table || child.table.#contains(table),
    );
  }

  /**
   * Adds routes to the index of this router and of every one around it, in each place where it is mounted; to none of them
   * if one would then have two routes that are the same.
   */
  #enlist(
    prefix: string,
    records: readonly RouteRecord[],
    scopes: readonly FlatScope[] = [],
  ): void {
    const added: { readonly index: RouteIndex; readonly record: RouteRecord }[] = [];
    try {
      for (const place of this.#places(prefix)) {
        for (const each of records) {
          const record = below(place.prefix, each);
          place.index.add(record);
          added.push({ index: place.index, record });
        }
        // Also without routes they are looked for, for who answers where there are none.
        for (const scope of scopes) parseRoutePattern(joinPatterns(place.prefix, scope.prefix));
      }
    } catch (error) {
      for (const { index, record } of added) index.remove(record);
      throw error;
    }
  }

  /** Where `prefix` is, seen from here and from the routers around. */
  *#places(prefix: string): Generator<{ readonly prefix: string; readonly index: RouteIndex }> {
    yield { prefix, index: this.#index };
    for (const parent of this.#parents) {
      for (const mount of parent.#mounts) {
        if (mount.table === this) yield* parent.#places(joinPatterns(mount.prefix, prefix));
      }
    }
  }

  #forget(): void {
    this.#sites = undefined;
    for (const parent of this.#parents) parent.#forget();
  }
}

function below(prefix: string, record: RouteRecord): RouteRecord {
  if (prefix === '/') return record;
  return { ...record, pattern: parseRoutePattern(joinPatterns(prefix, record.pattern.text)) };
}

function unfit(what: string, name: string, why: string): UsageError<HttpErrorCode> {
  return new UsageError(
    'HAWSER_HTTP_BAD_ROUTE',
    `Cannot ${what} ${JSON.stringify(name)} as ${why}`,
  );
}
