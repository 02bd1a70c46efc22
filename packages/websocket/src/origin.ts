import type { UpgradeRequest } from '@hawser/http';
import type { WebSocketSettings } from './web-socket-options.ts';

/** Whether the page that asks may connect (RFC 6455 §10.2); cookies of the user come along whatever page it is. */
export function isOriginWelcome(
  { headers }: Pick<UpgradeRequest, 'headers'>,
  origins: WebSocketSettings['origins'],
): boolean {
  const { origin, host } = headers;
  if (origin === undefined || origins === 'any') return true;
  if (origins !== 'same') return origins.includes(origin);
  // "null" and other values that are no URL come from nowhere in particular.
  const page = parse(origin);
  if (!page || (page.protocol !== 'https:' && page.protocol !== 'http:')) return false;
  // By the same parser, so that neither case nor a default port makes a difference. The scheme is not compared: behind a
  // proxy that ends TLS, the page is https and this connection is not.
  return host !== undefined && parse(`${page.protocol}//${host}`)?.host === page.host;
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
