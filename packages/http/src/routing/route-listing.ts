/** One line of the table of routes. */
export interface RouteListing {
  /** `*` is any. */
  readonly method: string;
  readonly pattern: string;
  /** The pattern of the host, if the route is only there. */
  readonly host?: string;
}

/** The table as text, in columns. */
export function formatRoutes(routes: readonly RouteListing[]): string {
  const width = Math.max(0, ...routes.map((route) => route.method.length));
  return routes
    .map(({ method, pattern, host }) => `${method.padEnd(width)} ${host ?? ''}${pattern}`)
    .join('\n');
}
