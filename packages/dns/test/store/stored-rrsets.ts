import type { Name } from '../../src/name.ts';
import type { ZoneStore } from '../../src/store/zone-store.ts';
import type { RRset } from '../../src/zone/rrset.ts';

/** All that a store has of a zone. */
export async function storedRRsets(store: ZoneStore, origin: Name): Promise<RRset[]> {
  const rrsets: RRset[] = [];
  for await (const page of (await store.load(origin))?.pages ?? []) rrsets.push(...page);
  return rrsets;
}
