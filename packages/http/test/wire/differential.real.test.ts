import { expect, test } from 'vitest';
import { compareReadings } from './compare-readings.ts';
import { compareResponses } from './compare-responses.ts';
import { fuzzRequests, fuzzResponses } from './differential.ts';
import { outcomeClasses, responseClasses } from './differential-classes.ts';
import { NodeReader, readOurs } from './read-request.ts';
import { readAllByNode, readOurs as readOurResponse } from './read-response.ts';
import { latin1 } from './recording.ts';
import { accepted, refused } from './request-vectors.ts';

const node = new NodeReader();
const KNOWN = outcomeClasses.map(({ outcome }) => outcome);

async function outcomeOf(text: string): Promise<string> {
  const [theirs] = await node.readAll([[latin1(text)]]);
  if (theirs === undefined) throw new Error('Nothing was read');
  return compareReadings(readOurs([latin1(text)]), theirs);
}

test.each(outcomeClasses)('$outcome: $why', async ({ outcome, example, mended }) => {
  expect([outcome, mended && 'both refuse']).toContain(await outcomeOf(example));
});

test('each vector is read as node:http reads it, or there is a reason', async () => {
  for (const [sent] of accepted) expect(KNOWN).toContain(await outcomeOf(sent));
  for (const [, sent] of refused) expect(KNOWN).toContain(await outcomeOf(sent));
});

test('of 20,000 mutants none is read in two ways', { timeout: 120_000 }, async () => {
  const outcomes = await fuzzRequests({ count: 20_000, seed: 7 });
  const unknown = [...outcomes].filter(([outcome]) => !KNOWN.includes(outcome));
  expect(unknown).toEqual([]);
  // Most of what is taken goes deep.
  const same = outcomes.get('same');
  expect(same?.count).toBeGreaterThan(6_000);
  expect(same?.messages).toBeGreaterThan(10_000);
  expect(same?.bodyBytes).toBeGreaterThan(100_000);
});

test.each(responseClasses)(
  'of a response, $outcome: $why',
  async ({ outcome, example, mended }) => {
    const chunks = example === '' ? [] : [latin1(example)];
    const [theirs] = await readAllByNode([['GET', chunks]]);
    if (theirs === undefined) throw new Error('Nothing was read');
    const came = compareResponses(readOurResponse('GET', chunks), theirs);
    expect([outcome, mended && 'both refuse']).toContain(came);
  },
);

test('of 10,000 mutants of responses none is read in two ways', { timeout: 120_000 }, async () => {
  const outcomes = await fuzzResponses({ count: 10_000, seed: 9 });
  const known = new Set(responseClasses.map(({ outcome }) => outcome));
  expect([...outcomes].filter(([outcome]) => !known.has(outcome))).toEqual([]);
  expect(outcomes.get('same')?.count).toBeGreaterThan(4_000);
  expect(outcomes.get('same')?.bodyBytes).toBeGreaterThan(50_000);
});
