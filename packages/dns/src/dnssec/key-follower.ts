// Makes a zone do what its keys do: the records about keys at its origin, and signatures that count.
import type { CommitHook, LiveZone } from '../contract/live-zone.ts';
import { Type } from '../numbers.ts';
import type { Edit, Zone } from '../zone/zone.ts';
import { isShown, type KeptKey, type KeyBook } from './kept-key.ts';
import { isSignedWith, keyEdits, type SigningState, signingHooks } from './signer.ts';
import { countsAt, withoutExpired } from './stale-signatures.ts';

/** Follows the keys of one zone. */
export class KeyFollower {
  /** They sign each change of the zone. */
  readonly hooks: readonly CommitHook[];
  readonly #state: Omit<SigningState, 'anew'>;
  /** Every signature is made in the next change, whatever there is. */
  #anew = false;

  constructor(state: Omit<SigningState, 'anew'>) {
    this.#state = state;
    this.hooks = signingHooks({ ...state, anew: () => this.#anew });
  }

  /** Changes `zone` if it does not say what it should about its keys, or its signatures do not count. @throws StoreError */
  async follow(zone: LiveZone): Promise<void> {
    if (this.#isCurrent(zone.snapshot)) return;
    this.#anew = this.#state.keys() !== undefined && !this.#areGood(zone.snapshot);
    try {
      await zone.transact((content) => {
        const { name } = content.soa;
        const edits: Edit[] = [...keyEdits(content, this.#state)];
        // Any change of the origin does: its signatures are made in each.
        if (edits.length === 0) edits.push({ name, type: Type.RRSIG, rrset: undefined });
        return { edits, result: undefined };
      });
    } finally {
      this.#anew = false;
    }
  }

  /** Signs anew what has ended while nobody was there, or does not count yet. @throws StoreError */
  async renewExpired(zone: LiveZone): Promise<void> {
    const { keys, epochMs } = this.#state;
    if (keys() === undefined) return;
    await zone.transact(function* (content) {
      const edits = yield* withoutExpired(content, Math.floor(epochMs() / 1000));
      return { edits, result: undefined };
    });
  }

  #isCurrent(zone: Zone): boolean {
    const keys = this.#state.keys();
    if (keys === undefined) return zone.apex.get(Type.RRSIG) === undefined;
    const isSaid = keyEdits(zone, this.#state).length === 0;
    return isSaid && isSignedWith(zone, keys) && this.#areGood(zone);
  }

  /** False if signatures have ended, as nobody renewed them, or have not begun, as a clock was ahead. */
  #areGood(zone: Zone): boolean {
    const nowSeconds = this.#state.epochMs() / 1000;
    return (zone.apex.get(Type.RRSIG)?.records ?? []).every((each) => countsAt(each, nowSeconds));
  }
}

/**
 * `book`, in which the time of keys begins anew that the zone could not be made to show, or to show no more: nobody can know yet
 * what became of them.
 */
export function withUnseen(book: KeyBook, { apex }: Zone, nowMs: number): KeyBook {
  const shown = apex.get(Type.DNSKEY)?.records ?? [];
  const isUnseen = ({ key, state }: KeptKey): boolean =>
    (state === 'published' || state === 'outgoing') &&
    shown.some(({ wire }) => wire.equals(key.rdata.wire)) !== isShown(state);
  if (!book.keys.some(isUnseen)) return book;
  const keys = book.keys.map((kept) => (isUnseen(kept) ? { ...kept, since: nowMs } : kept));
  return { ...book, keys };
}
