// Keys of a zone as they are kept: what state each is in, and since when.
import { StoreError } from '../errors.ts';
import { importKey, type KeyRole, type SigningKey } from './signing-key.ts';

/**
 * What a key is doing. `published`: others can learn of it. `active`: it signs. `retired`: another one signs in its place, and
 * caches may still need it. A key that is removed is forgotten.
 *
 * Where the algorithm changes, signatures come before the key and go after it (RFC 6781 §4.1.4). `incoming`: it signs what the
 * zone holds, and is not in the DNSKEY RRset yet. `outgoing`: it still signs that, and is not there any more. Between the two it
 * is `published`, `active` and `retired` as other keys are, and signs all the time.
 */
export type KeyState = 'incoming' | 'published' | 'active' | 'retired' | 'outgoing';

/** A key of a zone, and how far it is. Moments are milliseconds since 1970. */
export interface KeptKey {
  readonly key: SigningKey;
  readonly state: KeyState;
  /** When it got into this state. */
  readonly since: number;
  /** Of an incoming key: when the zone was seen to have all its signatures. */
  readonly signaturesMade?: number | undefined;
  /** Of a retired key that signed data: when the last of its signatures went from the zone. */
  readonly signaturesGone?: number | undefined;
  /** Of a retired key that signed keys: when the parent was seen to know its successor, and not it. */
  readonly parentChanged?: number | undefined;
  /** How long others may keep what was signed before, or what the parent said, in milliseconds. */
  readonly keptForMs?: number | undefined;
  readonly delegationKeptForMs?: number | undefined;
}

/** All that is kept about the keys of a zone. */
export interface KeyBook {
  readonly keys: readonly KeptKey[];
  /** Since when the zone wants to be without signatures. */
  readonly leaving?: number | undefined;
  /** When the parent was seen to have forgotten the keys of a zone that is leaving. */
  readonly forgotten?: number | undefined;
  /** How long others may keep the DS of a zone that is leaving, in milliseconds. */
  readonly waitMs?: number | undefined;
  /** The zone is not signed, and keeps no keys. */
  readonly unsigned?: boolean | undefined;
}

/** True if a key in this state is in the DNSKEY RRset. */
export function isShown(state: KeyState): boolean {
  return state !== 'incoming' && state !== 'outgoing';
}

/** `book` as it is stored. It holds secrets. */
export function encodeKeyBook(book: KeyBook): Buffer {
  const { keys, ...rest } = book;
  const entries: StoredKey[] = [];
  for (const { key, ...state } of keys) {
    const privateKey = key.exportPrivateKey().toString('base64');
    entries.push({ algorithm: key.algorithm.name, role: key.role, privateKey, ...state });
  }
  return Buffer.from(JSON.stringify({ version: 1, ...rest, keys: entries }));
}

/** What {@link encodeKeyBook} wrote. @throws StoreError `HAWSER_STORE_IO` for anything else, without showing it */
export function decodeKeyBook(octets: Buffer): KeyBook {
  try {
    const { version, keys, ...rest } = JSON.parse(octets.toString()) as StoredBook;
    if (version !== 1) throw new TypeError('another version');
    const kept: KeptKey[] = [];
    for (const { algorithm, role, privateKey, ...state } of keys) {
      const key = importKey(algorithm, Buffer.from(privateKey, 'base64'), { role });
      kept.push({ key, ...state });
    }
    return { ...rest, keys: kept };
  } catch {
    throw new StoreError('HAWSER_STORE_IO', 'Cannot read the keys of a zone');
  }
}

interface StoredKey extends Omit<KeptKey, 'key'> {
  readonly algorithm: string;
  readonly role: KeyRole;
  readonly privateKey: string;
}

interface StoredBook extends Omit<KeyBook, 'keys'> {
  readonly version: number;
  readonly keys: readonly StoredKey[];
}
