// Differential fuzzing: the same octets, cut the same way, to our reader and to the parser of node:http.
import { chunkings, SeededRandom } from '@hawser/core/testing';
import { compareReadings } from './compare-readings.ts';
import { mutate } from './mutate.ts';
import { NodeReader, readOurs } from './read-request.ts';
import { accepted, refused } from './request-vectors.ts';

/** How often each outcome came up, and the shortest octets that led to it. */
export type Outcomes = Map<string, { count: number; example: string }>;

const BATCH = 200;
/** Mostly what we take: of what is refused at its first octets nothing can be learned. */
const SEEDS: readonly string[] = [
  ...Array.from({ length: 8 }, () => accepted.map(([sent]) => sent)).flat(),
  ...refused.map(([, sent]) => sent),
];

/** Compares the two readers over `count` mutants. */
export async function fuzzRequests(options: { count: number; seed: number }): Promise<Outcomes> {
  const random = new SeededRandom(options.seed);
  const node = new NodeReader();
  const outcomes: Outcomes = new Map();
  for (let done = 0; done < options.count; done += BATCH) {
    const inputs: Buffer[][] = [];
    for (let at = Math.min(BATCH, options.count - done); at > 0; at--) {
      const bytes = mutate(SEEDS, random);
      const cuts = random.below(4) === 0 ? random.below(1_000_000) : 'whole';
      inputs.push(chunkings(bytes, cuts).next().value ?? []);
    }
    const theirs = await node.readAll(inputs);
    for (const [at, reading] of theirs.entries()) {
      const chunks = inputs[at] ?? [];
      const outcome = compareReadings(readOurs(chunks), reading);
      const known = outcomes.get(outcome);
      const example = Buffer.concat(chunks).toString('latin1');
      if (known === undefined) outcomes.set(outcome, { count: 1, example });
      else {
        known.count += 1;
        if (example.length < known.example.length) known.example = example;
      }
    }
  }
  return outcomes;
}
