import { expect, test } from 'vitest';
import { CollectedReports } from '../../testing/collected-reports.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';

function newClock(): { clock: VirtualClock; reports: CollectedReports; seen: string[] } {
  const reports = new CollectedReports();
  return { clock: new VirtualClock(reports), reports, seen: [] };
}

test('calls come by time, then by order of creation, each at its own now', () => {
  const { clock, seen } = newClock();
  const note = (name: string) => (): void => void seen.push(`${name}@${clock.now()}`);
  clock.callLater(20, note('c'));
  clock.callLater(10, note('a'));
  clock.callLater(10, note('b'));
  clock.callLater(-5, note('now'));
  clock.advance(19);
  expect(seen).toEqual(['now@0', 'a@10', 'b@10']);
  clock.advance(1);
  expect(seen.at(-1)).toBe('c@20');
  expect(clock.now()).toBe(20);
  expect(clock.timers).toBe(0);
});

test('a call made by a call runs in the same advance when it is due', () => {
  const { clock, seen } = newClock();
  clock.callLater(5, () => clock.callLater(5, () => void seen.push(`inner@${clock.now()}`)));
  clock.advance(10);
  expect(seen).toEqual(['inner@10']);
});

test('a cancelled call does not come, and cancelling twice is harmless', () => {
  const { clock, seen } = newClock();
  const call = clock.callLater(5, () => void seen.push('never'));
  expect(call).toMatchObject({ at: 5, active: true });
  call.cancel();
  call.cancel();
  clock.advance(10);
  expect(seen).toEqual([]);
  expect(call.active).toBe(false);
});

test('a throw in a call goes to the reports and stops nothing', async () => {
  const { clock, reports, seen } = newClock();
  const boom = new Error('boom');
  const fail = (): void => {
    throw boom;
  };
  clock.callLater(1, fail);
  clock.callLater(1, () => void seen.push('after'));
  clock.callSoon(fail);
  clock.advance(1);
  await clock.settle();
  expect(seen).toEqual(['after']);
  expect(reports.problems.map(({ error }) => error)).toEqual([boom, boom]);
});

test('settle runs chains of soon calls in order without letting time pass', async () => {
  const { clock, seen } = newClock();
  clock.callLater(0, () => void seen.push('timer'));
  clock.callSoon(() => {
    seen.push('first');
    clock.callSoon(() => void seen.push('third'));
  });
  clock.callSoon(() => void seen.push('second'));
  expect(seen).toEqual([]);
  await clock.settle();
  expect(seen).toEqual(['first', 'second', 'third']);
  expect(clock.now()).toBe(0);
});

test('elapse lets promises run between the calls', async () => {
  const { clock, seen } = newClock();
  clock.callLater(1, () => void Promise.resolve().then(() => seen.push(`promise@${clock.now()}`)));
  clock.callLater(2, () => void seen.push('timer@2'));
  await clock.elapse(5);
  expect(seen).toEqual(['promise@1', 'timer@2']);
  expect(clock.now()).toBe(5);
});
