/**
 * The hosts of an endpoint string with tunnels, `//user:password@proxy:1080/host:port`, and how a prefix is put in front
 * of such a string. A tunnel stands at one host of the path and leads to the next.
 */
import { badEndpoint } from './bad-endpoint.ts';
import type { Login, PrefixText, TunnelTarget, TunnelText } from './endpoint-scheme.ts';
import { decode, type EndpointText, escape } from './endpoint-text.ts';
import { joinHostPort, parseHostPort } from './host-port.ts';

/** The options that stand for the path where the carrier has no host, as in `socks5+unix:/run/tor?target=host:80`. */
export const TUNNEL_OPTIONS: readonly string[] = ['target', 'login'];

/** What each tunnel reads, and what is left for the carrier. */
export interface TunnelPath {
  readonly place: string;
  readonly hops: readonly Pick<PrefixText, 'target' | 'login'>[];
}

/** Takes the path apart, a host for each tunnel behind that of the carrier. @throws UsageError `HAWSER_BAD_ENDPOINT` */
export function splitTunnels(parts: EndpointText, tunnels: readonly TunnelText[]): TunnelPath {
  const { text, scheme, place } = parts;
  const segments = place.slice(2).split('/');
  const [first] = tunnels;
  if (segments.length < tunnels.length + 1 || segments.includes('')) {
    const hosts = tunnels.map(() => '/host:port').join('');
    throw badEndpoint(text, `a host to go on to is missing: write ${scheme}://proxy:port${hosts}`);
  }
  if (segments.length > tunnels.length + 1) {
    const extra = JSON.stringify(`/${segments.slice(tunnels.length + 1).join('/')}`);
    throw badEndpoint(text, `there are more hosts than tunnels: ${extra}`);
  }
  const logins = segments.map((segment, at) => splitLogin(text, segment, tunnels[at]));
  const hops = tunnels.map((_, at) => ({
    login: logins[at]?.login,
    target: parseTarget(text, logins[at + 1]?.host ?? '', tunnels[at + 1]?.defaultPort),
  }));
  const host = logins[0]?.host ?? '';
  const port = /:\d*$/.test(host) || host.endsWith(':') ? '' : defaultPort(first);
  return { place: `//${host}${port}`, hops };
}

/** Reads the option forms of target and login. @throws UsageError `HAWSER_BAD_ENDPOINT` */
export function readTunnelOptions(
  text: string,
  query: EndpointText['query'],
  tunnel: TunnelText,
): Pick<PrefixText, 'target' | 'login'> {
  for (const wanted of TUNNEL_OPTIONS) {
    if (query.filter(([name]) => name === wanted).length > 1) {
      throw badEndpoint(text, `option "${wanted}" is given twice`);
    }
  }
  const target = query.find(([name]) => name === 'target')?.[1];
  if (target === undefined) {
    throw badEndpoint(text, 'option "target" is missing: write target=host:port');
  }
  const login = query.find(([name]) => name === 'login')?.[1];
  return {
    target: parseTarget(text, target, undefined),
    login: login === undefined ? undefined : parseLogin(text, login, tunnel),
  };
}

/** `host:port` of something to connect to. @throws UsageError `HAWSER_BAD_ENDPOINT` */
function parseTarget(
  text: string,
  authority: string,
  defaultPortOfHost: number | undefined,
): TunnelTarget {
  const rules = { text, minPort: 1, defaultPort: defaultPortOfHost } as const;
  const { host, port } = parseHostPort(authority, rules);
  if (host === undefined) throw badEndpoint(text, 'host to go on to is missing');
  return { host, port };
}

/** What {@link addPrefix} adds. */
export interface AddedPrefix {
  readonly name: string;
  /** Its options as `?name=value&...`, from `formatOptions`. */
  readonly options?: string | undefined;
  readonly target?: TunnelTarget | undefined;
  readonly login?: Login | undefined;
}

/** The text of an endpoint around the one whose text is `inner`. */
export function addPrefix(inner: string, added: AddedPrefix): string {
  const { name, options = '', target, login } = added;
  const [, scheme = '', place = '', query] = /^([^:]*):([^?]*)(?:\?(.*))?$/s.exec(inner) ?? [];
  const names = scheme.split('+');
  // The short form of TLS over TCP has no place for a name in between.
  if (names.at(-1) === 'tls') names.push('tcp');
  names.splice(-1, 0, name);
  const pairs = query ? [query] : [];
  if (options) pairs.push(options.slice(1).replace(/^|&/g, (before) => `${before}${name}.`));
  let path = place;
  if (target && place.startsWith('//')) {
    const at = place.lastIndexOf('/') + 1;
    const who = login ? `${formatLogin(login)}@` : '';
    path = `${place.slice(0, at)}${who}${place.slice(at)}/${joinHostPort(target)}`;
  } else if (target) {
    pairs.push(`${name}.target=${escape(joinHostPort(target))}`);
    if (login) pairs.push(`${name}.login=${encodeURIComponent(formatLogin(login))}`);
  }
  return `${names.join('+')}:${path}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
}

function formatLogin({ user, password }: Login): string {
  const encoded = encodeURIComponent(user);
  return password === undefined ? encoded : `${encoded}:${encodeURIComponent(password)}`;
}

function splitLogin(
  text: string,
  segment: string,
  tunnel: TunnelText | undefined,
): { host: string; login: Login | undefined } {
  const at = segment.lastIndexOf('@');
  if (at < 0) return { host: segment, login: undefined };
  const login = parseLogin(text, segment.slice(0, at), tunnel);
  return { host: segment.slice(at + 1), login };
}

function parseLogin(text: string, encoded: string, tunnel: TunnelText | undefined): Login {
  if (!tunnel || tunnel.login === 'none') {
    throw badEndpoint(text, 'no user may stand before the host');
  }
  const colon = encoded.indexOf(':');
  const user = decode(text, 'user', colon < 0 ? encoded : encoded.slice(0, colon));
  if (user === '') throw badEndpoint(text, 'user before "@" is empty');
  if (colon < 0) return { user, password: undefined };
  if (tunnel.login === 'user') throw badEndpoint(text, 'no password may stand before the host');
  return { user, password: decode(text, 'password', encoded.slice(colon + 1)) };
}

function defaultPort(tunnel: TunnelText | undefined): string {
  return tunnel?.defaultPort === undefined ? '' : `:${tunnel.defaultPort}`;
}
