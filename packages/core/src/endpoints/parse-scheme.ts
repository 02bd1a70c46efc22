import { badEndpoint } from './bad-endpoint.ts';
import type {
  Carrier,
  EndpointScheme,
  EndpointSchemes,
  Prefix,
  PrefixText,
  TunnelTarget,
  TunnelText,
} from './endpoint-scheme.ts';
import { type EndpointText, splitEndpoint } from './endpoint-text.ts';
import { parseHostPort } from './host-port.ts';
import { nearMatch } from './near-match.ts';
import { shareOptions } from './scheme-options.ts';
import { readTunnelOptions, splitTunnels, TUNNEL_OPTIONS, type TunnelPath } from './tunnel-text.ts';

/** More around one endpoint is a mistake, or an attempt to make parsing dear. */
const MAX_PREFIXES = 8;

interface NamedPrefix<E> {
  readonly name: string;
  readonly prefix: Prefix<E>;
}

/**
 * Reads `prefix+...+carrier:place?options` with the names in `schemes`: the carrier first, then the prefixes around it,
 * left to right, as the left one is nearest the wire.
 * @throws UsageError `HAWSER_BAD_ENDPOINT`
 */
export function parseScheme<E>(text: string, schemes: EndpointSchemes<E>): E {
  const parts = splitEndpoint(text);
  const names = splitNames(parts, schemes);
  const carrierName = names.pop() ?? '';
  const carrier = findCarrier(parts, carrierName, schemes);
  const prefixes = names.map((name) => findPrefix(text, name, schemes));
  const byPath = carrier.hasHost === true && parts.place.startsWith('//');
  const owners = prefixes.map(({ name, prefix: { optionNames, tunnel } }) => ({
    name,
    optionNames: tunnel && !byPath ? [...optionNames, ...TUNNEL_OPTIONS] : optionNames,
  }));
  const shares = shareOptions(parts, [
    ...owners,
    { name: carrierName, optionNames: carrier.optionNames },
  ]);
  const tunnels = prefixes.flatMap(({ prefix }) => prefix.tunnel ?? []);
  const path: TunnelPath =
    byPath && tunnels.length > 0 ? splitTunnels(parts, tunnels) : { place: parts.place, hops: [] };
  let endpoint = carrier.parse({
    text,
    scheme: carrierName,
    place: path.place,
    query: shares.at(-1) ?? [],
  });
  let hop = 0;
  let leadsTo = byPath ? hostOf(path.place) : undefined;
  prefixes.forEach(({ prefix }, at) => {
    const { tunnel } = prefix;
    const own: PrefixText = { text, query: shares[at] ?? [], leadsTo };
    const hopText = byPath && tunnel ? path.hops[hop++] : undefined;
    const given = tunnel ? tunnelText(own, tunnel, hopText) : own;
    endpoint = prefix.wrap(endpoint, given);
    leadsTo = given.target ?? leadsTo;
  });
  return endpoint;
}

/** The names of the scheme in their canonical form: `x+tls` is `x+tls+tcp`, and `tls+tcp` alone is `tls`. */
function splitNames<E>({ text, scheme }: EndpointText, schemes: EndpointSchemes<E>): string[] {
  const names = scheme.split('+');
  if (names.includes('')) {
    throw badEndpoint(text, `scheme has an empty part: ${JSON.stringify(scheme)}`);
  }
  if (names.length > MAX_PREFIXES + 1) {
    throw badEndpoint(text, `scheme has more than ${MAX_PREFIXES} prefixes: "${scheme}"`);
  }
  const last = find(schemes, names.at(-1) ?? '');
  if (last?.over !== undefined && (names.length > 1 || !last.carrier)) names.push(last.over);
  const [first = ''] = names;
  const alone = find(schemes, first);
  if (names.length === 2 && alone?.carrier && alone.over === names[1]) names.pop();
  return names;
}

function tunnelText(
  given: PrefixText,
  tunnel: TunnelText,
  hop: Pick<PrefixText, 'target' | 'login'> | undefined,
): PrefixText {
  if (hop) return { ...given, ...hop };
  const read = readTunnelOptions(given.text, given.query, tunnel);
  return {
    ...given,
    ...read,
    query: given.query.filter(([name]) => !TUNNEL_OPTIONS.includes(name)),
  };
}

/** The carrier has accepted the place by now. */
function hostOf(place: string): TunnelTarget | undefined {
  const { host, port } = parseHostPort(place.slice(2), { text: place, minPort: 0 });
  return host === undefined ? undefined : { host, port };
}

function find<E>(schemes: EndpointSchemes<E>, name: string): EndpointScheme<E> | undefined {
  return Object.hasOwn(schemes, name) ? schemes[name] : undefined;
}

function findCarrier<E>(
  { text, place }: EndpointText,
  name: string,
  schemes: EndpointSchemes<E>,
): Carrier<E> {
  const found = find(schemes, name);
  if (found?.carrier) return found.carrier;
  if (found?.prefix) throw badEndpoint(text, `"${name}" stands around another: write ${name}+tcp`);
  // `localhost:80` looks like a scheme, but nobody means that.
  if (/^\d+$/.test(place)) {
    throw badEndpoint(text, `scheme is missing: write tcp://${name}:${place}`);
  }
  if (name === 'udp') throw badEndpoint(text, '"udp" is for datagrams, but this is for streams');
  const known = Object.keys(schemes).filter((each) => schemes[each]?.carrier);
  throw unknownName(text, `scheme "${name}" is unknown`, { name, known });
}

function findPrefix<E>(text: string, name: string, schemes: EndpointSchemes<E>): NamedPrefix<E> {
  const found = find(schemes, name);
  if (found?.prefix) return { name, prefix: found.prefix };
  if (found?.carrier) throw badEndpoint(text, `"${name}" must be the last name of a scheme`);
  const known = Object.keys(schemes).filter((each) => schemes[each]?.prefix);
  throw unknownName(text, `prefix "${name}" is unknown`, { name, known });
}

function unknownName(
  text: string,
  what: string,
  { name, known }: { name: string; known: readonly string[] },
): ReturnType<typeof badEndpoint> {
  const near = nearMatch(name, known);
  const list = known.length > 0 ? `known are ${known.join(', ')}` : 'there are none here';
  return badEndpoint(text, `${what}: ${near ? `did you mean "${near}"?` : list}`);
}
