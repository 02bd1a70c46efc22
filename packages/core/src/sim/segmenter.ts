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
      // Mostly small pieces, now and then a large one, as segments come.
      return 1 + Math.floor(random.float() ** 4 * most);
  }
}
