// Keys that are made: those a zone begins with, and those that take the place of others.
import { usageError } from '../errors.ts';
import type { KeyAlgorithm } from './algorithm.ts';
import type { KeptKey, KeyBook } from './kept-key.ts';
import { generateKey, type KeyRole, type SigningKey } from './signing-key.ts';
import { checkedKeys } from './zone-keys.ts';
import type { ZoneSigningOptions } from './zone-signing-options.ts';

/** Which keys to replace by which. */
export interface KeyReplacement {
  /** Those of one role. @defaultValue all of them */
  readonly role?: KeyRole | undefined;
  /** Of the new keys: another one takes the place of all keys at once. @defaultValue as the old ones */
  readonly algorithm?: KeyAlgorithm | undefined;
}

/**
 * The keys of a zone that had none.
 * @throws UsageError `HAWSER_DNS_KEY` for keys that cannot sign a zone
 */
export function firstKeys(
  options: Pick<ZoneSigningOptions, 'keys' | 'algorithm' | 'style'>,
  now: number,
): readonly KeptKey[] {
  const { keys, algorithm, style = 'csk' } = options;
  const roles: readonly KeyRole[] = style === 'csk' ? ['csk'] : ['ksk', 'zsk'];
  const made: SigningKey[] = [];
  for (const role of keys === undefined ? roles : []) made.push(makeKey(made, { role, algorithm }));
  const first = (keys ?? made).map((key): KeptKey => ({ key, state: 'active', since: now }));
  checkedKeys(first);
  return first;
}

/**
 * `book` with new keys that will take the place of others.
 * @throws UsageError `HAWSER_DNS_KEY`
 */
export function withSuccessors(
  book: KeyBook,
  { role, algorithm }: KeyReplacement,
  now: number,
): KeyBook {
  if (book.leaving !== undefined || book.keys.some(({ state }) => state !== 'active'))
    throw usageError('HAWSER_DNS_KEY', 'Cannot replace keys while others are replaced, or all go');
  const replaced = book.keys.filter(({ key }) => role === undefined || key.role === role);
  if (replaced.length === 0)
    throw usageError('HAWSER_DNS_KEY', `Cannot replace keys as there is no ${role ?? 'key'}`);
  const known = new Set(book.keys.map(({ key }) => key.algorithm.name));
  const isOther = algorithm !== undefined && (known.size > 1 || !known.has(algorithm));
  if (isOther && role !== undefined)
    throw usageError(
      'HAWSER_DNS_KEY',
      `Cannot replace only the ${role} by one for ${algorithm} as all keys must be for the same`,
    );
  const keys = [...book.keys];
  const made = new Set<KeyRole>();
  for (const { key: old } of replaced) {
    // Two algorithms become one.
    if (isOther && made.has(old.role)) continue;
    made.add(old.role);
    const wanted = algorithm ?? (old.algorithm.name as KeyAlgorithm);
    const key = makeKey(
      keys.map((kept) => kept.key),
      { role: old.role, algorithm: wanted },
    );
    const state = known.has(wanted) ? 'published' : 'incoming';
    keys.push({ key, state, since: now });
  }
  return { ...book, keys };
}

/** A key with a tag that none of `others` has: a tag is all a signature says of its key. */
function makeKey(
  others: readonly SigningKey[],
  { role, algorithm }: KeyReplacement & { readonly role: KeyRole },
): SigningKey {
  for (;;) {
    const key = generateKey(algorithm, { role });
    if (!others.some(({ tag }) => tag === key.tag)) return key;
  }
}
