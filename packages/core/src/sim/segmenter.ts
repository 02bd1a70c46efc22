import type { Cut } from './link-options.ts';
import type { SeededRandom } from './seeded-random.ts';

const MAX_SEGMENT_BYTES = 65_536;

/** How many of `waiting` bytes the next segment takes. */
export function segmentSize(waiting: number, cut: Cut, random: SeededRandom): number {
  const most = Math.min(waiting, MAX_SEGMENT_BYTES);
  switch (cut) {
    case 'whole':
      return most;
    case 'bytes':
      return 1;
    case 'random':
      // Now and then all at once, mostly small pieces: where protocols make mistakes.
      return random.float() < 0.25 ? most : 1 + Math.floor(random.float() ** 3 * most);
  }
}
