/** The text form of endpoints, taken apart and put together: `scheme://host:port?option=value`, `unix:path?...`. */
import { UsageError } from '../errors.ts';
import type { OptionKinds } from './option-kind.ts';

/** An endpoint string in pieces. */
export interface EndpointText {
  /** As it was given, for errors. */
  readonly text: string;
  readonly scheme: string;
  /** What is between the scheme and the options. */
  readonly place: string;
  readonly query: readonly (readonly [name: string, value: string])[];
}

/** What is wrong with which part of an endpoint string. */
export function badEndpoint(text: string, why: string): UsageError {
  return new UsageError(
    'HAWSER_BAD_ENDPOINT',
    `Cannot parse endpoint ${JSON.stringify(text)}: ${why}`,
  );
}

/** Takes `text` apart. @throws UsageError `HAWSER_BAD_ENDPOINT` */
export function splitEndpoint(text: string): EndpointText {
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/.exec(text)?.[0];
  if (scheme === undefined) throw badEndpoint(text, 'scheme is missing: write tcp://host:port');
  const [head = '', ...rest] = text.slice(scheme.length + 1).split('?');
  const query = rest
    .join('?')
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const [name = '', ...value] = pair.split('=');
      return [decode(text, 'option', name), decode(text, name, value.join('='))];
    });
  return { text, scheme, place: head, query };
}

/** Reads the host, if there is one, and the port. @throws UsageError `HAWSER_BAD_ENDPOINT` */
export function readHostPort(
  { text, scheme, place }: EndpointText,
  minPort: 0 | 1,
): { host?: string; port: number } {
  if (!place.startsWith('//')) throw badEndpoint(text, `write ${scheme}://host:port`);
  const [, bracketed, plain, digits] =
    /^\/\/(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(place) ?? [];
  if (bracketed === undefined && plain === undefined) {
    throw badEndpoint(text, `an IPv6 host must be in brackets: ${JSON.stringify(place.slice(2))}`);
  }
  if (digits === undefined) throw badEndpoint(text, 'port is missing');
  const port = Number(digits);
  if (!/^\d{1,5}$/.test(digits) || port < minPort || port > 65_535) {
    throw badEndpoint(text, `port must be ${minPort} to 65535: ${digits}`);
  }
  if (bracketed !== undefined) {
    if (!isIPv6(bracketed))
      throw badEndpoint(text, `host must be IPv6 in brackets: "${bracketed}"`);
    return { host: bracketed, port };
  }
  const host = plain ?? '';
  if (host === '') {
    if (minPort === 1) throw badEndpoint(text, 'host is missing');
    return { port };
  }
  if (!isHost(host)) {
    throw badEndpoint(text, `host must be a name or an IP address: ${JSON.stringify(host)}`);
  }
  return { host, port };
}

/** Reads the options, each by its kind. @throws UsageError `HAWSER_BAD_ENDPOINT` */
export function readOptions<T extends object>(
  { text, query }: EndpointText,
  kinds: OptionKinds<T>,
): T {
  const options: Partial<T> = {};
  for (const [name, value] of query) {
    if (!Object.hasOwn(kinds, name)) {
      const known = Object.keys(kinds).join(', ');
      throw badEndpoint(text, `option ${JSON.stringify(name)} is unknown: known are ${known}`);
    }
    const key = name as keyof T & string;
    if (Object.hasOwn(options, key)) throw badEndpoint(text, `option "${name}" is given twice`);
    const read = kinds[key].parse(value);
    if (read === undefined) {
      throw badEndpoint(
        text,
        `option "${name}" must be ${kinds[key].rule}: ${JSON.stringify(value)}`,
      );
    }
    options[key] = read;
  }
  return options as T;
}

/** `scheme://host:port`. */
export function formatHostPort(
  scheme: string,
  { host = '', port }: { host?: string | undefined; port: number },
): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The options that are given, as `?name=value&...`, or nothing. */
export function formatOptions<T extends object>(options: T, kinds: OptionKinds<T>): string {
  const pairs: string[] = [];
  for (const name of Object.keys(kinds) as (keyof T & string)[]) {
    const value = options[name];
    if (value === undefined || value === null) continue;
    pairs.push(`${name}=${escape(kinds[name].format(value))}`);
  }
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}

/** Decodes `%41`. @throws UsageError `HAWSER_BAD_ENDPOINT` that names `part` */
export function decode(text: string, part: string, encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw badEndpoint(text, `${part} has a broken %-escape: ${JSON.stringify(encoded)}`);
  }
}

/** Encodes what would end a part early, and leaves paths readable. */
export function escape(part: string): string {
  return encodeURIComponent(part).replace(/%(2F|3A|2C|40)/g, decodeURIComponent);
}

function isHost(host: string): boolean {
  if (/^[\d.]+$/.test(host)) {
    return (
      /^(\d{1,3}\.){3}\d{1,3}$/.test(host) && host.split('.').every((part) => Number(part) <= 255)
    );
  }
  return host.length <= 253 && /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(host);
}

/** IPv6 in text form, with a zone or without (RFC 4291 §2.2, RFC 4007 §11). */
function isIPv6(host: string): boolean {
  const [address = '', zone = 'any'] = host.split('%', 2);
  return (
    /^[\da-fA-F:.]+$/.test(address) && URL.canParse(`http://[${address}]`) && /^[\w.-]+$/.test(zone)
  );
}
