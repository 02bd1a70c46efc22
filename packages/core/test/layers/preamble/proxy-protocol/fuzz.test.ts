import { expect, test } from 'vitest';
import { ProtocolError } from '../../../../src/errors.ts';
import { parseProxyHeader } from '../../../../src/layers/preamble/proxy-protocol/read.ts';
import { SeededRandom } from '../../../../testing/seeded-random.ts';
import { REST, realHeaders } from './real-headers.ts';

/** What comes of `bytes` when more and more of them arrive, ending where `cuts` say. */
function outcome(bytes: Buffer, cuts: readonly number[]): string {
  try {
    for (const at of [...cuts, bytes.length]) {
      const parsed = parseProxyHeader(bytes.subarray(0, at));
      if (parsed) return JSON.stringify(parsed);
    }
    return 'more';
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'HAWSER_BAD_PROXY_HEADER') return 'bad';
    throw error;
  }
}

test('real headers are read alike however they are cut at two places', () => {
  let ways = 0;
  for (const header of Object.values(realHeaders)) {
    const bytes = Buffer.concat([header, REST.subarray(0, 3)]);
    const whole = outcome(bytes, []);
    const wrong: number[][] = [];
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second++) {
        if (outcome(bytes, [first, second]) !== whole) wrong.push([first, second]);
        ways += 1;
      }
    }
    expect(wrong).toEqual([]);
  }
  expect(ways).toBeGreaterThan(10_000);
});

test('mutated headers are read or refused, and alike however they are cut', () => {
  const random = new SeededRandom(20_26);
  const seen = { bad: 0, more: 0, read: 0 };
  const seeds = Object.values(realHeaders);
  for (let round = 0; round < 20_000; round++) {
    const bytes = mutate(Buffer.from(seeds[round % seeds.length] ?? ''), random);
    const whole = outcome(bytes, []);
    const at = random.below(bytes.length + 1);
    // A header that is wrong at its end may be refused later when cut, but never read otherwise.
    expect(outcome(bytes, [at])).toBe(whole);
    seen[whole === 'bad' || whole === 'more' ? whole : 'read'] += 1;
  }
  expect(Math.min(seen.bad, seen.more, seen.read)).toBeGreaterThan(500);
});

function mutate(bytes: Buffer, random: SeededRandom): Buffer {
  let mutated = bytes;
  for (let times = random.below(3); times >= 0; times--) {
    const at = random.below(mutated.length);
    switch (random.below(5)) {
      case 0:
        mutated[at] = random.below(256);
        break;
      case 1:
        mutated[at] = (mutated[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 2:
        mutated = mutated.subarray(0, at + 1);
        break;
      case 3:
        mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(at + 1)]);
        break;
      default:
        mutated = Buffer.concat([
          mutated.subarray(0, at),
          random.bytes(1 + random.below(20)),
          mutated.subarray(at),
        ]);
    }
    if (mutated.length === 0) return Buffer.from('P');
  }
  return mutated;
}
