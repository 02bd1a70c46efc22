import { expect, test } from 'vitest';
import { delay } from '../../src/deferred/delay.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';

test('settles when its time has come', () => {
  const clock = new VirtualClock(new CollectedReports());
  const later = delay(50, clock).addCallback(() => 'result');
  clock.advance(49);
  expect(later.peek().state).toBe('pending');
  clock.advance(1);
  expect(later.peek()).toEqual({ state: 'fulfilled', value: 'result' });
});

test('cancelling it removes the timer', () => {
  const clock = new VirtualClock(new CollectedReports());
  const later = delay(50, clock);
  later.cancel();
  expect(clock.timers).toBe(0);
  expect(later.peek()).toMatchObject({ error: { code: 'HAWSER_CANCELLED' } });
});
