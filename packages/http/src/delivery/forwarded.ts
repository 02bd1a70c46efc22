/** What one proxy says of who spoke to it. */
export interface ForwardedHop {
  readonly for?: string | undefined;
  readonly proto?: string | undefined;
  readonly host?: string | undefined;
}

/**
 * The hops of a `Forwarded` field (RFC 7239 §4), the client first; `undefined` if it is not in order, as a field that is
 * read half can be read wrong.
 */
export function parseForwarded(field: string): readonly ForwardedHop[] | undefined {
  const hops: Record<string, string>[] = [];
  let hop = emptyHop();
  const pair =
    /[\t ]*(?:([!#$%&'*+.^_`|~\w-]+)=(?:([!#$%&'*+.^_`|~\w:[\]-]+)|"((?:[^"\\]|\\.)*)")[\t ]*)?([;,]|$)/y;
  for (;;) {
    const found = pair.exec(field);
    if (!found) return undefined;
    const [, name, token, quoted, end] = found;
    if (name !== undefined) {
      const key = name.toLowerCase();
      // Each parameter once (§4).
      if (Object.hasOwn(hop, key)) return undefined;
      hop[key] = token ?? (quoted ?? '').replace(/\\(.)/g, '$1');
    }
    if (end === ';') continue;
    if (Object.keys(hop).length > 0) hops.push(hop);
    hop = emptyHop();
    if (end === '') return hops;
  }
}

/** Without a prototype: names are those of the peer. */
function emptyHop(): Record<string, string> {
  return Object.create(null);
}

/** The hops of `X-Forwarded-For` with the scheme and host that the nearest proxy says. */
export function parseXForwarded(headers: Pick<Headers, 'get'>): readonly ForwardedHop[] {
  const last = (name: string): string | undefined =>
    headers.get(name)?.split(',').at(-1)?.trim() || undefined;
  const proto = last('x-forwarded-proto');
  const host = last('x-forwarded-host');
  const addresses = headers.get('x-forwarded-for')?.split(',') ?? [];
  if (addresses.length === 0) return proto || host ? [{ proto, host }] : [];
  // Who was first to speak to us has the same scheme all the way: only the nearest proxy is known to set it anew.
  return addresses.map((each) => ({ for: each.trim(), proto, host }));
}

/** The address of a node (RFC 7239 §6) or of what proxies make of it: without brackets and port. */
export function nodeAddress(node: string): string {
  const bracketed = /^\[([^\]]*)\](?::\w+)?$/.exec(node);
  if (bracketed) return bracketed[1] ?? '';
  const colon = node.indexOf(':');
  return colon >= 0 && colon === node.lastIndexOf(':') ? node.slice(0, colon) : node;
}
