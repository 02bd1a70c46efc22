import { expect, test } from 'vitest';
import { answerWith } from '../../src/contract/answer.ts';
import { AnswerStore } from '../../src/handlers/answer-store.ts';
import { CachedAnswer } from '../../src/handlers/cached-answer.ts';
import { Rcode } from '../../src/numbers.ts';

test('where all are asked for, room is made without a walk through all of them', () => {
  const store = new AnswerStore({ maxBytes: Number.MAX_SAFE_INTEGER, maxEntries: 10_000 });
  const answer = new CachedAnswer(answerWith(Rcode.NXDomain, {}), {
    query: { key: '', type: 1 },
    now: 0,
    lifetime: 60,
    bounds: { minTtl: 0, maxTtl: 60, negativeTtl: 60, failureTtl: 5 },
  });
  for (let name = 0; name < 10_000; name++) {
    store.set({ nameKey: `${name}`, variant: 0 }, answer);
    store.get(`${name}`, 0);
  }
  store.set({ nameKey: 'new', variant: 0 }, answer);
  expect(store.size).toBe(10_000);
  expect(store.evicted).toBe(1);
  // A hundred had a second chance; the next one went, and all others still stand where they did.
  expect(store.get('100', 0)).toBeUndefined();
  expect([...store.names()][0]).toBe('101');
});
