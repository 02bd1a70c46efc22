import { chunkings, SeededRandom } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { type Answers, answerAllByNode, answerOurs } from './answer-streams.ts';
import { Dice } from './dice.ts';
import { generateRequests } from './generate-requests.ts';
import { latin1 } from './recording.ts';

// Not only the readers: our engine and a server of node:http answer the same requests, each once, in the same order, and
// say goodbye at the same place.

/** An absolute target, which node gives as it came, and tunnels, which it ends; both are compared elsewhere. */
const OTHERWISE = / https?:|CONNECT/i;

test.each([
  ['in order', Number.POSITIVE_INFINITY],
  ['with something odd here and there', 150],
])(
  'streams of requests %s are answered as node:http does',
  { timeout: 120_000 },
  async (_, oddOneIn) => {
    const random = new SeededRandom(23);
    const seen = { answered: 0, refusedHere: 0, refusedThere: 0 };
    for (let batch = 0; batch < 12; batch++) {
      const streams = Array.from({ length: 100 }, () => {
        for (;;) {
          const stream = generateRequests(new Dice(random, oddOneIn));
          if (!OTHERWISE.test(stream)) return stream;
        }
      });
      const inputs = streams.map(
        (stream) => chunkings(latin1(stream), random.below(1_000_000)).next().value ?? [],
      );
      const theirs = await answerAllByNode(inputs);
      for (const [at, chunks] of inputs.entries()) {
        const [ours, their] = [await answerOurs(chunks), theirs[at]];
        if (their === undefined) throw new Error('Nothing was answered');
        const difference = compareAnswers(ours, their);
        expect(difference && { difference, stream: streams[at] }).toBe(undefined);
        seen.answered += ours.echoes.length;
        if (ours.refusal !== undefined) seen.refusedHere += 1;
        if (their.refusal !== undefined) seen.refusedThere += 1;
      }
    }
    expect(seen.answered).toBeGreaterThan(1_500);
    expect(seen.refusedHere > 0).toBe(oddOneIn < 1_000);
  },
);

function compareAnswers(ours: Answers, theirs: Answers): string | undefined {
  const common = Math.min(ours.echoes.length, theirs.echoes.length);
  for (let at = 0; at < common; at++) {
    if (ours.echoes[at] !== theirs.echoes[at]) return `${ours.echoes[at]} | ${theirs.echoes[at]}`;
  }
  const more = ours.echoes.length - theirs.echoes.length;
  if (more > 0 && theirs.refusal === undefined) return `${more} more here`;
  if (more < 0 && ours.refusal === undefined) return `${-more} more there`;
  return undefined;
}
