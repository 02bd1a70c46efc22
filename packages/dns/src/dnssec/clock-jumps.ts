// What it means for keys that the wall clock is set: how long caches have had something does not depend on that.
import type { Has } from '@hawser/core';
import type { KeptKey, KeyBook } from './kept-key.ts';

/** Less than that is a clock that is kept right, or another machine with one of its own. */
const MIN_JUMP_MS = 60_000;

/** Notices by how much the wall clock was set, by the one that never goes back. */
export class ClockJumps {
  #ahead: number | undefined;

  /** Milliseconds since the last call; negative if it was set back, 0 if it was not set. */
  since(clock: Has<'clock'>['clock']): number {
    const ahead = clock.epoch() - clock.now();
    const jump = ahead - (this.#ahead ?? ahead);
    this.#ahead = ahead;
    return Math.abs(jump) < MIN_JUMP_MS ? 0 : jump;
  }
}

/**
 * `book`, with the time that has passed since each of its moments as it was before the clock was set by `jumpMs`. What seems to
 * come yet is now. Waits get longer by that at most, and never shorter.
 */
export function withoutJump(book: KeyBook, jumpMs: number, nowMs: number): KeyBook {
  const forward = Math.max(jumpMs, 0);
  const moved = (moment: number): number => {
    const seemsToCome = moment > nowMs + MIN_JUMP_MS;
    return seemsToCome || forward > 0 ? Math.min(moment + forward, nowMs) : moment;
  };
  const keys = book.keys.map((kept): KeptKey => {
    const { since, signaturesMade, signaturesGone, parentChanged, ...rest } = kept;
    return {
      ...rest,
      since: moved(since),
      ...(signaturesMade !== undefined && { signaturesMade: moved(signaturesMade) }),
      ...(signaturesGone !== undefined && { signaturesGone: moved(signaturesGone) }),
      ...(parentChanged !== undefined && { parentChanged: moved(parentChanged) }),
    };
  });
  const { leaving, forgotten } = book;
  const after = {
    ...book,
    keys,
    ...(leaving !== undefined && { leaving: moved(leaving) }),
    ...(forgotten !== undefined && { forgotten: moved(forgotten) }),
  };
  return isSame(book, after) ? book : after;
}

function isSame(book: KeyBook, other: KeyBook): boolean {
  if (book.leaving !== other.leaving || book.forgotten !== other.forgotten) return false;
  return book.keys.every((kept, index) => {
    const moved = other.keys[index];
    return (
      kept.since === moved?.since &&
      kept.signaturesMade === moved.signaturesMade &&
      kept.signaturesGone === moved.signaturesGone &&
      kept.parentChanged === moved.parentChanged
    );
  });
}
