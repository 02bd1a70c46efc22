// How keys follow each other, as plain rules (RFC 6781 §4.1, RFC 7583). A new key is published first, and signs data when everybody
// can know it; DNSKEY is signed by both until the parent has changed; a key goes when no cache needs it any more. Of another
// algorithm (RFC 6781 §4.1.4):
//
//   new    incoming -> published -> active ------------------------------------
//   old    active ----------------> retired -> outgoing -> removed
//   wait    signatures     DNSKEY       DS         DNSKEY
import type { Name } from '../name.ts';
import type { RRset } from '../zone/rrset.ts';
import { dsOf } from './delegation-signer.ts';
import type { KeptKey, KeyBook } from './kept-key.ts';
import type { SigningKey } from './signing-key.ts';
import { isAlone } from './zone-keys.ts';

/** How long it may take until every process with a zone has heard of a step, and signs accordingly. */
export const SETTLE_MS = 120_000;

/** What the steps depend on besides the keys. Times in milliseconds. */
export interface StepFacts {
  readonly origin: Name;
  readonly now: number;
  /** How long caches keep the DNSKEY RRset. */
  readonly keyTtlMs: number;
  /** How long it takes until all servers of the zone have a change. */
  readonly propagationMs: number;
  /** How long signatures count. */
  readonly validityMs: number;
  /** The DS RRset of the parent as it is now, `undefined` if it has none; `"unknown"` if nobody could say. */
  readonly parent: Pick<RRset, 'records' | 'ttl'> | undefined | 'unknown';
  /** True if somebody looks what the parent says. */
  readonly isWatched: boolean;
  /** A walk over all signatures began at that time, and found none in the end that had to be renewed. */
  readonly renewed?: { readonly began: number; readonly maxTtlMs: number } | undefined;
  /** When caches will have forgotten what is not served any more: other data, and other DNSKEY RRsets. */
  readonly dataGoneAt: number;
  readonly keysGoneAt: number;
}

/** `book` after the steps that are due; the same object if none is. */
export function stepKeys(book: KeyBook, facts: StepFacts): KeyBook {
  if (book.leaving !== undefined) return leave(book, book.leaving, facts);
  const steps = [show, activate, noteSignatures, noteParent, withdraw, remove];
  return steps.reduce((before, step) => step(before, facts), book);
}

/** True if a step waits for what the parent says. */
export function awaitsParent({ keys, leaving, unsigned }: KeyBook): boolean {
  if (leaving !== undefined) return !unsigned;
  return keys.some(({ key, state }) => state === 'retired' && key.signsKeys);
}

/** True if a step waits for signatures to be made, or to be renewed. */
export function awaitsSignatures({ keys }: KeyBook): boolean {
  return keys.some((kept) => awaitsItsSignatures(kept, keys));
}

/** Nobody has anything any more that no incoming key signed. */
function show(book: KeyBook, { now }: StepFacts): KeyBook {
  const incoming = book.keys.filter(({ state }) => state === 'incoming');
  const isReady = incoming.every(
    ({ signaturesMade, keptForMs = 0 }) =>
      signaturesMade !== undefined && now >= signaturesMade + keptForMs,
  );
  if (incoming.length === 0 || !isReady) return book;
  return withKeys(book, (kept) =>
    kept.state === 'incoming' ? { key: kept.key, state: 'published', since: now } : kept,
  );
}

/** Everybody who has an older DNSKEY RRset has forgotten it. */
function activate(book: KeyBook, facts: StepFacts): KeyBook {
  const { now } = facts;
  const ready = book.keys.filter(
    ({ state, since }) => state === 'published' && isKnownSince(since, facts),
  );
  if (ready.length === 0) return book;
  const roles = new Set(ready.map(({ key }) => key.role));
  const keys = book.keys.map((kept): KeptKey => {
    if (ready.includes(kept)) return { key: kept.key, state: 'active', since: now };
    const replaced = kept.state === 'active' && roles.has(kept.key.role);
    return replaced ? { key: kept.key, state: 'retired', since: now } : kept;
  });
  return { ...book, keys };
}

function noteSignatures(book: KeyBook, facts: StepFacts): KeyBook {
  const { now, renewed, propagationMs, validityMs, dataGoneAt } = facts;
  if (renewed === undefined) return book;
  // Whatever the TTL is, nobody keeps more than its signature lasts (RFC 4035 §5.3.3).
  const cachedForMs = Math.min(Math.max(renewed.maxTtlMs, dataGoneAt - now), validityMs);
  const keptForMs = cachedForMs + propagationMs;
  return withKeys(book, (kept) => {
    if (!awaitsItsSignatures(kept, book.keys) || renewed.began < kept.since + SETTLE_MS)
      return kept;
    if (kept.state === 'incoming') return { ...kept, signaturesMade: now, keptForMs };
    return { ...kept, signaturesGone: now, keptForMs };
  });
}

function noteParent(book: KeyBook, { origin, now, parent, propagationMs }: StepFacts): KeyBook {
  if (parent === 'unknown' || !awaitsParent(book)) return book;
  const active = book.keys.filter(({ key, state }) => state === 'active' && key.signsKeys);
  const knows = (key: SigningKey): boolean =>
    parent !== undefined && isDelegatedTo(origin, key, parent);
  // A parent that knows no key needs none; but one lookup may be wrong.
  const isReady = parent === undefined || active.every(({ key }) => knows(key));
  const ttlMs = parent === undefined ? DEFAULT_DS_TTL_MS : parent.ttl * 1000;
  const delegationKeptForMs = ttlMs + propagationMs;
  return withKeys(book, (kept) => {
    if (kept.state !== 'retired' || !kept.key.signsKeys) return kept;
    const hasChanged = isReady && (parent === undefined || !mayKnow(origin, kept.key, parent));
    const had = kept.delegationKeptForMs ?? 0;
    const wasChanged = kept.parentChanged !== undefined;
    if (hasChanged && wasChanged) return kept;
    // The parent may have given another TTL to the DS records it had.
    if (hasChanged)
      return {
        ...kept,
        parentChanged: now,
        delegationKeptForMs: Math.max(had, delegationKeptForMs),
      };
    if (!wasChanged && delegationKeptForMs <= had) return kept;
    return { ...kept, parentChanged: undefined, delegationKeptForMs };
  });
}

/** Nobody has the DS of an algorithm any more that no active key has: its keys go all at once, and their signatures later. */
function withdraw(book: KeyBook, { now }: StepFacts): KeyBook {
  const retired = book.keys.filter(({ state }) => state === 'retired');
  const unused = retired.filter((kept) => isAlone(kept, book.keys));
  if (unused.length === 0 || !unused.every((kept) => isUnknownToParent(kept, now))) return book;
  return withKeys(book, (kept) =>
    unused.includes(kept) ? { key: kept.key, state: 'outgoing', since: now } : kept,
  );
}

function remove(book: KeyBook, facts: StepFacts): KeyBook {
  const { now } = facts;
  const keys = book.keys.filter((kept) => {
    const { key, state, since, signaturesGone, keptForMs = 0 } = kept;
    if (state === 'outgoing') return !isKnownSince(since, facts);
    if (state !== 'retired' || isAlone(kept, book.keys)) return true;
    const data =
      !key.signsData || (signaturesGone !== undefined && now >= signaturesGone + keptForMs);
    return !(data && isUnknownToParent(kept, now));
  });
  return keys.length === book.keys.length ? book : { ...book, keys };
}

/** True if everybody has forgotten the DNSKEY RRsets from before `since`, and before their TTL was changed. */
function isKnownSince(
  since: number,
  { now, keyTtlMs, propagationMs, keysGoneAt }: StepFacts,
): boolean {
  return now >= Math.max(since + keyTtlMs, keysGoneAt) + propagationMs;
}

function isUnknownToParent(
  { key, parentChanged, delegationKeptForMs = 0 }: KeptKey,
  now: number,
): boolean {
  if (!key.signsKeys) return true;
  return parentChanged !== undefined && now >= parentChanged + delegationKeptForMs;
}

/** The keys stay until nobody can have a DS any more. */
function leave(book: KeyBook, since: number, facts: StepFacts): KeyBook {
  const { now, parent, isWatched, propagationMs } = facts;
  const { forgotten, unsigned } = book;
  if (unsigned) return book;
  if (parent === 'unknown') {
    // Who looks has to see it twice; who only says so does it once.
    if (isWatched || forgotten === undefined) return book;
  } else if (parent !== undefined) {
    const { forgotten: _, ...rest } = book;
    const waitMs = Math.max(book.waitMs ?? 0, parent.ttl * 1000);
    return forgotten === undefined && book.waitMs === waitMs ? book : { ...rest, waitMs };
  }
  const gone = forgotten ?? now;
  if (now >= Math.max(gone, since) + (book.waitMs ?? DEFAULT_DS_TTL_MS) + propagationMs)
    return { keys: [], leaving: since, unsigned: true };
  return forgotten === undefined ? { ...book, forgotten: now } : book;
}

/** The TTL of DS where nobody saw it. */
const DEFAULT_DS_TTL_MS = 86_400_000;

function awaitsItsSignatures(kept: KeptKey, keys: readonly KeptKey[]): boolean {
  const { key, state, signaturesMade, signaturesGone } = kept;
  if (state === 'incoming') return signaturesMade === undefined;
  if (state !== 'retired' || signaturesGone !== undefined) return false;
  return key.signsData && !isAlone(kept, keys);
}

function withKeys(book: KeyBook, change: (kept: KeptKey) => KeptKey): KeyBook {
  const keys = book.keys.map((kept) => change(kept));
  return keys.every((kept, index) => kept === book.keys[index]) ? book : { ...book, keys };
}

/** True if one of the DS records is that of `key`, or could be: with a digest that is not made here. */
function mayKnow(origin: Name, key: SigningKey, parent: Pick<RRset, 'records'>): boolean {
  if (isDelegatedTo(origin, key, parent)) return true;
  return parent.records.some(({ wire }) => {
    const isOurs = wire[3] === 2 || wire[3] === 4;
    return !isOurs && wire.readUInt16BE(0) === key.tag && wire[2] === key.algorithm.number;
  });
}

/** True if one of the DS records is that of `key`. */
function isDelegatedTo(
  origin: Name,
  key: SigningKey,
  { records }: Pick<RRset, 'records'>,
): boolean {
  return records.some(({ wire }) => {
    const digest = wire[3];
    return (digest === 2 || digest === 4) && dsOf(origin, key, digest).wire.equals(wire);
  });
}
