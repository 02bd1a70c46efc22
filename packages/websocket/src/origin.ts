import type { IncomingMessage } from 'node:http';
import type { WebSocketSettings } from './web-socket-options.ts';

/** Whether the page that asks may connect (RFC 6455 §10.2); cookies of the user come along whatever page it is. */
export function isOriginWelcome(
  { headers }: Pick<IncomingMessage, 'headers'>,
  origins: WebSocketSettings['origins'],
): boolean {
  const { origin, host } = headers;
  if (origin === undefined || origins === 'any') return true;
  if (origins !== 'same') return origins.includes(origin);
  // "null" and other values that are no URL come from nowhere in particular.
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
