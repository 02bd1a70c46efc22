import { SeededRandom } from './seeded-random.ts';

/**
 * How {@link chunkings} cuts: in one piece, in single bytes, in two at every position (with the whole and the single
 * bytes), or, with a number, at random places by that seed.
 */
export type Cuts = 'whole' | 'bytes' | 'every' | number;

/** The ways `bytes` may arrive. Each chunk is a copy, as a protocol owns what it is given. */
export function* chunkings(bytes: Uint8Array, cuts: Cuts = 'every'): Generator<Buffer[]> {
  const whole = Buffer.from(bytes);
  const pieces = (...at: readonly number[]): Buffer[] =>
    [0, ...at]
      .map((start, i) => Buffer.from(whole.subarray(start, at[i] ?? whole.length)))
      .filter((piece) => piece.length > 0);

  if (typeof cuts === 'number') {
    const random = new SeededRandom(cuts);
    const at = Array.from({ length: random.below(8) + 1 }, () => random.below(whole.length + 1));
    yield pieces(...at.sort((a, b) => a - b));
    return;
  }
  if (cuts !== 'bytes') yield pieces();
  if (cuts !== 'whole') yield pieces(...whole.keys());
  if (cuts === 'every') for (let at = 1; at < whole.length; at++) yield pieces(at);
}
