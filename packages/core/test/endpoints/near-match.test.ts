import { expect, test } from 'vitest';
import { nearMatch } from '../../src/endpoints/near-match.ts';

const NAMES = ['backlog', 'noDelay', 'keepAliveMs', 'tcp', 'tls'];

test.each([
  ['baklog', 'backlog'],
  ['BACKLOG', 'backlog'],
  ['keepAlive', 'keepAliveMs'],
  ['tpp', 'tcp'],
  ['tsl', 'tls'],
  ['slt', undefined],
  ['bakclog', 'backlog'],
  ['size', undefined],
  ['', undefined],
  ['x'.repeat(5_000), undefined],
])('%j is meant to be %s', (word, meant) => {
  expect(nearMatch(word, NAMES)).toBe(meant);
});
