import { expect, test } from 'vitest';
import { fuzzMessages } from './fuzz-messages.ts';

test('20,000 mutated messages: nothing throws, nothing is read beyond its end, all are written as they were read', () => {
  const result = fuzzMessages(20_000, 20_260_101);
  // Both ways are taken often, so that neither is untested.
  expect(result.parsed).toBeGreaterThan(2000);
  expect(result.malformed).toBeGreaterThan(2000);
  expect(result.verified).toBeGreaterThan(10);
});
