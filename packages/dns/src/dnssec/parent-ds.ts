import { DnsClientError } from '../client/client-error.ts';
import type { DnsClient } from '../client/dns-client.ts';
import type { QueryOptions } from '../client/dns-client-options.ts';
import { toRRsets } from '../client/to-rrsets.ts';
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { RRset } from '../zone/rrset.ts';

/** What the parent of a zone says about its keys. */
export type ParentDs = Pick<RRset, 'records' | 'ttl'>;

/**
 * Looks up the DS records of a zone with `client`, for `zoneSigning`: through resolvers, or at the servers of the parent in
 * `options`. A resolver may still have an older answer, so that a step comes later; never earlier, as the TTL is waited for.
 * That there are none counts only as the parent says it, with its start of authority (RFC 2308 §2): a server of the zone itself
 * has no DS records either, and nor has one that knows nothing of both. Then it rejects with DnsClientError `HAWSER_DNS_REPLY`.
 */
export function parentDsFrom(
  client: Pick<DnsClient, 'query'>,
  options: QueryOptions = {},
): (origin: Name) => Promise<ParentDs | undefined> {
  return async (origin) => {
    const reply = await client.query(origin, Type.DS, options);
    const found = toRRsets(reply.answer).find(
      ({ name, type }) => type === Type.DS && name.equals(origin),
    );
    if (found !== undefined) return found;
    const isDenied = reply.authority.some(
      ({ name, type }) => type === Type.SOA && !name.equals(origin) && origin.isSubdomainOf(name),
    );
    if (isDenied) return undefined;
    throw new DnsClientError(
      'HAWSER_DNS_REPLY',
      `Cannot learn the DS records of "${origin}" as the reply is not from its parent`,
      { reply },
    );
  };
}
