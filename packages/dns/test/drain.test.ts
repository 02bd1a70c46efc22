import { createTestReactor } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { InFlight } from '../src/drain.ts';

test('a drain waits for what is in flight, and counts what ends meanwhile', async () => {
  const { clock } = createTestReactor();
  const inFlight = new InFlight();
  for (let count = 0; count < 3; count++) inFlight.begin();
  inFlight.finish();
  const draining = inFlight.drain(clock.now() + 1_000, clock);
  inFlight.finish();
  expect(draining.peek().state).toBe('pending');
  inFlight.finish();
  expect(await draining).toEqual({ finished: 2, aborted: 0 });
});

test('at the deadline what is left counts as aborted', async () => {
  const { clock } = createTestReactor();
  const inFlight = new InFlight();
  inFlight.begin();
  const draining = inFlight.drain(clock.now() + 1_000, clock);
  await clock.elapse(1_000);
  expect(await draining).toEqual({ finished: 0, aborted: 1 });
});
