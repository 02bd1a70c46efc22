import { expect, test } from 'vitest';
import { currentContext, enter } from '../../src/connection/entry.ts';
import { EntryContext } from '../../src/connection/entry-context.ts';
import { CollectedReports } from '../../src/sim/collected-reports.ts';
import type { CallOwner } from '../../src/sim/scheduled-call.ts';
import { SeededRandom } from '../../src/sim/seeded-random.ts';
import { createSimReactor } from '../../src/sim/simulation.ts';
import { Timeline } from '../../src/sim/timeline.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';

function owner(label = 'test'): CallOwner & { alive: boolean } {
  return {
    label,
    alive: true,
    keepsContext: true,
    failed(_, thrown) {
      throw thrown;
    },
  };
}

test('calls come by time and then by creation, whatever order they were made and cancelled in', () => {
  const random = new SeededRandom(3);
  const timeline = new Timeline();
  const made = { owner: owner(), where: 'test' };
  const seen: [number, number][] = [];
  const expected: [number, number][] = [];
  for (let order = 0; order < 5_000; order++) {
    const at = random.below(100);
    const call = timeline.after(at, () => void seen.push([timeline.now, order]), made);
    if (random.float() < 0.6) call.cancel();
    else expected.push([at, order]);
  }
  expect(timeline.size).toBe(expected.length);
  while (timeline.runNext(1_000)) {}
  expect(seen).toEqual(expected.sort((a, b) => a[0] - b[0] || a[1] - b[1]));
  expect(timeline.size).toBe(0);
});

test('cancelled calls do not pile up', () => {
  const timeline = new Timeline();
  const made = { owner: owner(), where: 'test' };
  for (let round = 0; round < 200_000; round++) timeline.after(1e9, () => undefined, made).cancel();
  expect(timeline.size).toBe(0);
  expect(timeline.list()).toEqual([]);
});

test('calls of a dead owner do not happen, those of others do', () => {
  const timeline = new Timeline();
  const seen: string[] = [];
  const [one, two] = [owner('one'), owner('two')];
  timeline.after(5, () => seen.push('one'), { owner: one, where: 'test' });
  timeline.after(5, () => seen.push('two'), { owner: two, where: 'test' });
  timeline.inTurn(() => seen.push('one, soon'), { owner: one, where: 'test' });
  one.alive = false;
  timeline.sweep();
  expect(timeline.list().map((call) => call.owner.label)).toEqual(['two']);
  while (timeline.runNext(10)) {}
  expect(seen).toEqual(['two']);
});

test('a call keeps the stack of its maker only when it is asked to', () => {
  const made = { owner: owner(), where: 'clock.callLater' };
  expect(new Timeline().after(1, () => undefined, made).madeAt).toBeUndefined();
  const tracked = new Timeline({ track: true }).after(1, () => undefined, made);
  expect(tracked.madeAt?.stack).toContain('timeline.test.ts');
});

test('advance makes soon calls and timers in one synchronous go, soon calls first', () => {
  const clock = new VirtualClock(new CollectedReports());
  const seen: string[] = [];
  clock.callLater(0, () => {
    seen.push('timer');
    clock.callLater(0, () => seen.push('its own timer'));
    clock.callSoon(() => seen.push('its soon'));
  });
  clock.callSoon(() => seen.push('soon'));
  clock.advance(0);
  expect(seen).toEqual(['soon', 'timer', 'its soon', 'its own timer']);
});

test('advance gives up on calls of one moment that never end', () => {
  const clock = new VirtualClock(new CollectedReports());
  let isOver = false;
  const again = (): void => {
    if (!isOver) clock.callSoon(again);
  };
  again();
  expect(() => clock.advance(1)).toThrow('Cannot advance');
  // The real loop would go on with it.
  isOver = true;
});

test('no clock can be put to a time that is none', async () => {
  const clock = new VirtualClock(new CollectedReports());
  const sim = createSimReactor({ drive: 'manual' });
  for (const none of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => clock.advance(none)).toThrow(RangeError);
    await expect(clock.elapse(none)).rejects.toThrow(RangeError);
    expect(() => sim.sync.advance(none)).toThrow(RangeError);
    await expect(sim.settled.elapse(none)).rejects.toThrow(RangeError);
  }
  clock.advance(-5);
  expect([clock.now(), sim.now()]).toEqual([0, 0]);
});

test('a call runs in the context in which it was made', () => {
  const clock = new VirtualClock(new CollectedReports());
  const context = new EntryContext('echo', 7);
  const seen: unknown[] = [];
  const guard = {
    context,
    failed(_: string, thrown: unknown) {
      throw thrown;
    },
  };
  enter(guard, 'made', () => clock.callLater(1, () => seen.push(currentContext())), undefined);
  clock.callLater(1, () => seen.push(currentContext()));
  clock.advance(1);
  expect(seen).toEqual([context, undefined]);
});
