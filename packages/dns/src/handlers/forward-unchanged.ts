import type { Outcome } from '../contract/answer.ts';
import type { DnsHandler } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';

/** What the first of `handlers` says that passes `query` on as it is; undefined if none does. */
export function forwardUnchanged(
  handlers: readonly DnsHandler[],
  query: DnsQuery,
): Promise<Outcome | Buffer> | undefined {
  for (const handler of handlers) {
    const coming = typeof handler === 'function' ? undefined : handler.forwardUnchanged?.(query);
    if (coming !== undefined) return coming;
  }
  return undefined;
}
