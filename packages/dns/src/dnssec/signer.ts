// Signing zones that are stored: as part of each change, so that what is served, kept and transferred is always signed.
import { createNodeReactor, type Has } from '@hawser/core';
import type { CommitHook } from '../contract/live-zone.ts';
import { Type } from '../numbers.ts';
import { sameRRset } from '../zone/rrset.ts';
import { isSignerType } from '../zone/signer-record.ts';
import type { Edit, Zone } from '../zone/zone.ts';
import { signChange } from './change-signer.ts';
import { checkDigests, type DigestType } from './delegation-signer.ts';
import { SignatureTerms, type SignatureTimes } from './signature-terms.ts';
import type { SigningKey } from './signing-key.ts';
import { checkedKeys, keyRRsets, keyTypes, type ZoneKeys } from './zone-keys.ts';

/** Options for {@link signer}. */
export interface SignerOptions extends SignatureTimes {
  /** TTL of the keys, in seconds. @defaultValue 3600 */
  readonly keyTtl?: number | undefined;
  /** Digests of CDS records: 2 is SHA-256, 4 is SHA-384. @defaultValue [2] */
  readonly digests?: readonly DigestType[] | undefined;
  /** Whose time counts. @defaultValue that of this machine */
  readonly reactor?: Has<'clock'> | undefined;
}

/** What hooks that sign a zone have to know. */
export interface SigningState {
  /** Undefined: the zone is not signed, and what signed it goes. */
  readonly keys: () => ZoneKeys | undefined;
  readonly epochMs: () => number;
  readonly terms: SignatureTerms;
  readonly keyTtl: number;
  readonly digests: readonly DigestType[];
  /** What is signed already does not count. */
  readonly anew?: (() => boolean) | undefined;
  /** Learns what somebody else did to the keys, unless that was done at most `maxAgeMs` ago. */
  readonly refresh?: ((maxAgeMs?: number) => Promise<unknown>) | undefined;
}

/** Another process may have changed the keys since then. */
const MAX_KEY_AGE_MS = 60_000;

/**
 * Hooks for `dynamicZone` that keep a zone signed with `keys`, with a chain of NSEC. Who uses them renews signatures and changes
 * keys himself: `zoneSigning` does both.
 * @throws UsageError `HAWSER_DNS_KEY` for keys of which none signs keys, or none data, for one of their algorithms;
 * `HAWSER_DNS_OPTIONS`
 */
export function signer(
  keys: readonly SigningKey[],
  options: SignerOptions = {},
): readonly CommitHook[] {
  const { keyTtl = 3600, digests = [2], reactor = createNodeReactor() } = options;
  checkDigests(digests);
  const inUse = checkedKeys(keys.map((key) => ({ key, state: 'active', since: 0 })));
  return signingHooks({
    keys: () => inUse,
    epochMs: () => reactor.clock.epoch(),
    terms: new SignatureTerms(options),
    keyTtl,
    digests,
  });
}

/** The first one writes the keys, the second one signs what there is then. For one zone, unless the keys stay the same. */
export function signingHooks(state: SigningState): readonly CommitHook[] {
  let keys: ZoneKeys | undefined;
  return [
    async (_before, after) => {
      await state.refresh?.(MAX_KEY_AGE_MS);
      // Another process may have put other keys there, with good reason.
      if (keyEdits(after, state).length > 0) await state.refresh?.();
      // They may be others by the time the change is signed, which would be by keys it does not show.
      const found = state.keys();
      keys = found;
      return keyEdits(after, { ...state, keys: () => found });
    },
    (before, after, changes, inTurns) => {
      if (keys === undefined) return isSigned(after) ? inTurns(unsignedEdits(after)) : [];
      const isKnown = before !== undefined && isSignedWith(before, keys) && !state.anew?.();
      const known = isKnown ? before : undefined;
      const { terms } = state;
      const nowSeconds = Math.floor(state.epochMs() / 1000);
      const context = { keys, terms, nowSeconds, inTurns };
      return signChange({ before: known, after, changes }, context);
    },
  ];
}

/** True if the zone was signed by one of these keys, and denies by NSEC: what is signed stays so. */
export function isSignedWith({ apex }: Zone, { published }: ZoneKeys): boolean {
  if (apex.get(Type.NSEC) === undefined || apex.get(Type.NSEC3PARAM) !== undefined) return false;
  const known = apex.get(Type.DNSKEY)?.records ?? [];
  return known.some(({ wire }) => published.some(({ rdata }) => rdata.wire.equals(wire)));
}

function isSigned({ apex }: Zone): boolean {
  return apex.list.some(({ type }) => isSignerType(type));
}

/** What it takes for the origin to say which keys there are, and no others. */
export function keyEdits(
  zone: Zone,
  { keys, keyTtl, digests }: Pick<SigningState, 'keys' | 'keyTtl' | 'digests'>,
): readonly Edit[] {
  const { origin, apex } = zone;
  const inUse = keys();
  const rrsets = inUse === undefined ? [] : keyRRsets(origin, inUse, { ttl: keyTtl, digests });
  // A zone that is not signed may hold keys that nobody uses yet.
  if (inUse === undefined && !isSigned(zone)) return [];
  return keyTypes.flatMap((type) => {
    const rrset = rrsets.find((each) => each.type === type);
    return sameRRset(apex.get(type), rrset) ? [] : [{ name: origin, type, rrset }];
  });
}

function* unsignedEdits(zone: Zone): Generator<void, Edit[], void> {
  const edits: Edit[] = [];
  for (const { name, type } of zone.rrsets()) {
    if (isSignerType(type)) edits.push({ name, type, rrset: undefined });
    yield;
  }
  return edits;
}
