import { createTestReactor, settle } from '@hawser/core/testing';
import { expect, test, vi } from 'vitest';
import { inTurns, turnsOf } from '../src/in-turns.ts';

function* steps(count: number, weight?: number): Generator<number | undefined, number, void> {
  for (let made = 0; made < count; made++) yield weight;
  return count;
}

test('short work is done in the turn that asked for it', async () => {
  const reactor = createTestReactor();
  expect(await inTurns(steps(100), reactor)).toBe(100);
});

test('long work waits for turns of its own, as many as its steps weigh', async () => {
  const reactor = createTestReactor();
  const soon = vi.spyOn(reactor.clock, 'callSoon');
  const count = async (work: Promise<unknown>): Promise<number> => {
    soon.mockClear();
    let running = true;
    void work.finally(() => (running = false));
    while (running) {
      // oxlint-disable-next-line no-await-in-loop -- this is a turn
      await settle();
      reactor.clock.advance(0);
    }
    return soon.mock.calls.length;
  };
  const some = await count(inTurns(steps(5000), reactor));
  expect(some).toBeGreaterThan(3);
  expect(await count(inTurns(steps(1000, 5), reactor))).toBe(some);
  expect(await count(inTurns(steps(50_000, 0.1), reactor))).toBe(some);
});

test('work after other work of the same change has what that left of the turn', async () => {
  const reactor = createTestReactor();
  const soon = vi.spyOn(reactor.clock, 'callSoon');
  const turns = turnsOf(reactor);
  await turns(steps(400));
  const second = turns(steps(400));
  await settle();
  expect(soon).toHaveBeenCalledTimes(1);
  reactor.clock.advance(0);
  expect(await second).toBe(400);
});

test('what the steps throw rejects', async () => {
  const failing = (function* () {
    yield 1;
    throw new Error('broken');
  })();
  await expect(inTurns(failing, createTestReactor())).rejects.toThrow('broken');
});
