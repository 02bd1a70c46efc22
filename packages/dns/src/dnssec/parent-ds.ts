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
 */
export function parentDsFrom(
  client: Pick<DnsClient, 'query'>,
  options: QueryOptions = {},
): (origin: Name) => Promise<ParentDs | undefined> {
  return async (origin) => {
    const { answer } = await client.query(origin, Type.DS, options);
    return toRRsets(answer).find(({ name, type }) => type === Type.DS && name.equals(origin));
  };
}
