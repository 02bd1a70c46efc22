/** The text form of endpoints, taken apart and put together: `scheme://host:port?option=value`, `unix:path?...`. */
import { badEndpoint, isSecret } from './bad-endpoint.ts';
import { type HostPort, joinHostPort, parseHostPort } from './host-port.ts';
import { nearMatch } from './near-match.ts';
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

/** Longer than any path or host with all its options; keeps errors readable and parsing cheap. */
const MAX_LENGTH = 8_192;

/** Takes `text` apart. @throws UsageError `HAWSER_BAD_ENDPOINT` */
export function splitEndpoint(text: string): EndpointText {
  checkCharacters(text);
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/.exec(text)?.[0];
  if (scheme === undefined) throw badEndpoint(text, describeMissingScheme(text));
  const rest = text.slice(scheme.length + 1);
  const start = rest.indexOf('?');
  const place = start < 0 ? rest : rest.slice(0, start);
  const pairs = start < 0 ? [] : rest.slice(start + 1).split('&');
  const query = pairs.filter((pair) => pair !== '').map((pair) => splitPair(text, pair));
  return { text, scheme, place, query };
}

/** Reads the host, if there is one, and the port. @throws UsageError `HAWSER_BAD_ENDPOINT` */
export function readHostPort(
  { text, scheme, place }: EndpointText,
  minPort: 0 | 1,
): { host?: string; port: number } {
  if (!place.startsWith('//')) throw badEndpoint(text, `write ${scheme}://host:port`);
  const [authority = '', ...path] = place.slice(2).split('/');
  if (path.length > 0) {
    throw badEndpoint(text, `no path may follow the port: ${JSON.stringify(`/${path.join('/')}`)}`);
  }
  if (authority.includes('@')) {
    throw badEndpoint(text, 'no user may stand before the host');
  }
  const found: HostPort = parseHostPort(authority, { text, minPort });
  if (found.host === undefined && minPort === 1) throw badEndpoint(text, 'host is missing');
  return found;
}

/** Reads the options, each by its kind; those in `required` must be there. @throws UsageError `HAWSER_BAD_ENDPOINT` */
export function readOptions<T extends object>(
  { text, query }: Pick<EndpointText, 'text' | 'query'>,
  kinds: OptionKinds<T>,
  required: readonly (keyof T & string)[] = [],
): T {
  const options: Partial<T> = {};
  for (const [name, value] of query) {
    if (!Object.hasOwn(kinds, name)) throw unknownOption(text, name, Object.keys(kinds));
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
  for (const name of required) {
    if (options[name] !== undefined) continue;
    throw badEndpoint(text, `option "${name}" is missing: write ${name}=...`);
  }
  return options as T;
}

/** An option that nobody knows. */
export function unknownOption(
  text: string,
  name: string,
  known: readonly string[],
): ReturnType<typeof badEndpoint> {
  // `lvel` is near `proxy.level` as well.
  const near =
    nearMatch(name, known) ??
    known.find((each) => nearMatch(name, [each.slice(each.lastIndexOf('.') + 1)]));
  const list = known.length > 0 ? `known are ${known.join(', ')}` : 'there are none here';
  const hint = near ? `did you mean "${near}"?` : list;
  return badEndpoint(text, `option ${JSON.stringify(name)} is unknown: ${hint}`);
}

/** `scheme://host:port`. */
export function formatHostPort(
  scheme: string,
  place: { host?: string | undefined; port: number },
): string {
  return `${scheme}://${joinHostPort(place)}`;
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
    const shown = isSecret(part) ? '' : `: ${JSON.stringify(encoded)}`;
    throw badEndpoint(text, `${part} has a broken %-escape${shown}`);
  }
}

/** Encodes what would end a part early, and leaves paths readable. */
export function escape(part: string): string {
  return encodeURIComponent(part).replace(/%(2F|3A|2C|40)/g, decodeURIComponent);
}

function checkCharacters(text: string): void {
  if (text.length > MAX_LENGTH) {
    // No more than its scheme, as it might be cut in the middle of a password.
    const start = /^[\w+.-]{0,40}/.exec(text)?.[0] ?? '';
    throw badEndpoint(`${start}...`, `it must have at most ${MAX_LENGTH} characters`);
  }
  if (text !== text.trim()) throw badEndpoint(text, 'no white space may stand around it');
  // oxlint-disable-next-line no-control-regex -- that is what must not be there
  const control = /[\u0000-\u001f\u007f]/.exec(text);
  if (control) {
    const shown = JSON.stringify(control[0]);
    throw badEndpoint(text, `a control character must be escaped with %: ${shown}`);
  }
  const fragment = text.indexOf('#');
  if (fragment >= 0) {
    const shown = JSON.stringify(text.slice(fragment));
    throw badEndpoint(text, `no fragment may follow, write %23 if # is meant: ${shown}`);
  }
}

function describeMissingScheme(text: string): string {
  const upper = /^[A-Za-z][A-Za-z0-9+.-]*(?=:)/.exec(text)?.[0];
  if (upper) return `scheme must be in lower case: write ${upper.toLowerCase()}`;
  const place = /^(?:\/\/)?([^/]*:\d+)$/.exec(text)?.[1];
  if (place) return `scheme is missing: write tcp://${place}`;
  if (/^\d+$/.test(text)) return `scheme is missing: write tcp://:${text}`;
  if (/^[/.]/.test(text) && !text.startsWith('//')) return `scheme is missing: write unix:${text}`;
  return 'scheme is missing: write tcp://host:port';
}

function splitPair(text: string, pair: string): [name: string, value: string] {
  const [encoded = '', ...value] = pair.split('=');
  const name = decode(text, 'option', encoded);
  if (name === '') throw badEndpoint(text, `option has no name: ${JSON.stringify(pair)}`);
  if (value.length === 0) {
    throw badEndpoint(text, `option ${JSON.stringify(name)} has no value: write ${encoded}=...`);
  }
  return [name, decode(text, name, value.join('='))];
}
