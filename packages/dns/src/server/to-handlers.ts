// What a server is given, as a chain of handlers.
import type { Authority, DnsHandler } from '../contract/handler.ts';
import { usageError } from '../errors.ts';
import { routeByOrigin } from '../handlers/authority-router.ts';
import { fixedZone } from '../handlers/fixed-zone.ts';
import { Zone } from '../zone/zone.ts';

/** Zones and handlers, in the order queries meet them. Zones beside each other are looked through at once. */
export type Served = Zone | DnsHandler | readonly (Zone | DnsHandler)[];

/** @throws UsageError `HAWSER_DNS_OPTIONS` if two zones beside each other have the same origin, or there is nothing */
export function toHandlers(served: Served): readonly DnsHandler[] {
  const list = Array.isArray(served)
    ? (served as readonly (Zone | DnsHandler)[])
    : [served as Zone | DnsHandler];
  const handlers: DnsHandler[] = [];
  let zones: Authority[] = [];
  const flush = (): void => {
    if (zones.length > 0) handlers.push(routeByOrigin(zones));
    zones = [];
  };
  for (const each of list) {
    const handler = each instanceof Zone ? fixedZone(each) : each;
    if (isAuthority(handler)) {
      zones.push(handler);
      continue;
    }
    flush();
    handlers.push(handler);
  }
  flush();
  if (handlers.length === 0)
    throw usageError('HAWSER_DNS_OPTIONS', 'Cannot serve zones as none is given');
  return handlers;
}

/** Origins that a line shows: there may be a hundred thousand. */
const MAX_SHOWN = 10;

/** The origins of the zones in `served`, or the first of many, for people. */
export function originsOf(served: Served): string {
  const list = Array.isArray(served) ? (served as readonly unknown[]) : [served];
  const zones = list.filter(
    (each): each is Zone | Authority => each instanceof Zone || isAuthority(each),
  );
  const shown = zones.slice(0, MAX_SHOWN).map(({ origin }) => origin.toString());
  if (zones.length > MAX_SHOWN) shown.push(`and ${zones.length - MAX_SHOWN} more`);
  return shown.join(' ');
}

function isAuthority(value: unknown): value is Authority {
  return typeof value === 'object' && value !== null && 'origin' in value;
}
