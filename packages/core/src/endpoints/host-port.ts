/** `host:port`, the part of an endpoint string that people get wrong most. */
import { ipFamily } from '../connection/ip-literal.ts';
import { badEndpoint } from './bad-endpoint.ts';

/** A host, if one was given, and a port. */
export interface HostPort {
  readonly host?: string;
  readonly port: number;
}

/** What {@link parseHostPort} accepts. */
export interface HostPortRules {
  /** The whole endpoint string, for errors. */
  readonly text: string;
  readonly minPort: 0 | 1;
  /** The port if none is given; without it there must be one. */
  readonly defaultPort?: number | undefined;
}

/** Reads `host:port`, `[::1]:port` or `:port`. @throws UsageError `HAWSER_BAD_ENDPOINT` that shows the bad part */
export function parseHostPort(authority: string, rules: HostPortRules): HostPort {
  const { text } = rules;
  if (authority.startsWith('[')) return parseBracketed(authority, rules);
  if (/[[\]]/.test(authority)) {
    throw badEndpoint(text, `bracket is not opened: ${JSON.stringify(authority)}`);
  }
  const [host = '', digits, ...more] = authority.split(':');
  if (more.length > 0) {
    const why = ipFamily(authority)
      ? `an IPv6 host must be in brackets: write "[${authority}]:port"`
      : `an IPv6 host must be in brackets: ${JSON.stringify(authority)}`;
    throw badEndpoint(text, why);
  }
  const port = parsePort(digits, rules);
  if (host === '') return { port };
  checkHost(host, text);
  return { host, port };
}

/** `host:port`, with brackets where they are needed. */
export function joinHostPort({
  host = '',
  port,
}: {
  host?: string | undefined;
  port: number;
}): string {
  if (!host.includes(':')) return `${host}:${port}`;
  // A zone such as `25` would be read as an escaped percent sign.
  return `[${host.replace(/%(?=25)/, '%25')}]:${port}`;
}

function parseBracketed(authority: string, rules: HostPortRules): HostPort {
  const { text } = rules;
  const end = authority.indexOf(']');
  if (end < 0) throw badEndpoint(text, `bracket is not closed: ${JSON.stringify(authority)}`);
  // In a URL the zone follows an escaped percent sign (RFC 6874); people write it both ways.
  const host = authority.slice(1, end).replace('%25', '%');
  const rest = authority.slice(end + 1);
  if (rest !== '' && !rest.startsWith(':')) {
    throw badEndpoint(text, `":port" must follow the bracket: ${JSON.stringify(rest)}`);
  }
  const [address = '', ...zone] = host.split('%');
  if (ipFamily(address) !== 6) {
    throw badEndpoint(text, `host must be IPv6 in brackets: ${JSON.stringify(address)}`);
  }
  if (ipFamily(host) !== 6) {
    throw badEndpoint(
      text,
      `zone must be the name of an interface: ${JSON.stringify(zone.join('%'))}`,
    );
  }
  return { host, port: parsePort(rest === '' ? undefined : rest.slice(1), rules) };
}

function parsePort(
  digits: string | undefined,
  { text, minPort, defaultPort }: HostPortRules,
): number {
  if (digits === undefined && defaultPort !== undefined) return defaultPort;
  if (digits === undefined || digits === '') throw badEndpoint(text, 'port is missing');
  if (!/^\d+$/.test(digits)) {
    throw badEndpoint(text, `port must be a number: ${JSON.stringify(digits)}`);
  }
  const port = Number(digits);
  if (port < minPort || port > 65_535) {
    throw badEndpoint(text, `port must be ${minPort} to 65535: ${digits}`);
  }
  return port;
}

/** A name by the rules of host names (RFC 1123 §2.1), with underscores as people use them, or IPv4. */
function checkHost(host: string, text: string): void {
  if (/^[\d.]+$/.test(host)) {
    if (!ipFamily(host))
      throw badEndpoint(text, `host is no IPv4 address: ${JSON.stringify(host)}`);
    return;
  }
  const labels = (host.endsWith('.') ? host.slice(0, -1) : host).split('.');
  if (host.length <= 253 && labels.every((label) => /^\w([\w-]{0,61}\w)?$/.test(label))) return;
  const ascii = /[^ -~]/.test(host) ? asciiForm(host) : undefined;
  const hint = ascii ? `, in ASCII ${JSON.stringify(ascii)}` : '';
  throw badEndpoint(text, `host must be a name or an IP address${hint}: ${JSON.stringify(host)}`);
}

/** How an international name is written on the wire (RFC 5890). */
function asciiForm(host: string): string | undefined {
  return URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`).hostname : undefined;
}
