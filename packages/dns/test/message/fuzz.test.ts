import { expect, test } from 'vitest';
import { fuzzMessages } from './fuzz-messages.ts';

test('2,000 mutated messages: nothing throws, nothing is read beyond its end, all are written as they were read', () => {
  const result = fuzzMessages(2000, 20_260_101);
  // Both ways are taken often, so that neither is untested.
  expect(result.parsed).toBeGreaterThan(200);
  expect(result.malformed).toBeGreaterThan(200);
  expect(result.verified).toBeGreaterThan(3);
});
