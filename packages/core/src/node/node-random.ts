import { randomBytes } from 'node:crypto';
import type { Random } from '../contract/random.ts';

/** Randomness of the operating system. */
export const nodeRandom: Random = {
  bytes: (count) => randomBytes(count),
  float: () => Math.random(),
};
