// How much of the past of a zone is kept.
import { usageError } from '../errors.ts';
import type { JournalLimits } from './zone-store.ts';

/** How much of the past a store keeps where nobody says otherwise. */
export const DEFAULT_JOURNAL: { readonly maxChanges: number; readonly maxBytes: number } = {
  maxChanges: 1000,
  maxBytes: 16 * 1024 * 1024,
};

/** Throws UsageError `HAWSER_DNS_OPTIONS` for what is no limit: a journal cannot be cut to it. */
export function checkJournal({ maxChanges = 0, maxBytes = 0 }: JournalLimits = {}): void {
  for (const [name, limit] of Object.entries({ maxChanges, maxBytes })) {
    if (!Number.isSafeInteger(limit) || limit < 0) {
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot limit a journal as ${name} must be a whole number, 0 or more: ${limit}`,
      );
    }
  }
}
