import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { WaitLine } from '../../src/handlers/wait-line.ts';

function setUp() {
  const { clock } = createTestReactor();
  const line = new WaitLine(clock, 1000);
  const late: string[] = [];
  return { clock, line, late, add: (name: string) => line.add(() => late.push(name)) };
}

describe('waits of one length', () => {
  test('are late in their order, each after its own time, and take one timer', async () => {
    const { clock, late, add } = setUp();
    for (const name of ['a', 'b', 'c']) {
      add(name);
      await clock.elapse(100);
    }
    expect(clock.timers).toBe(1);
    await clock.elapse(699);
    expect(late).toEqual([]);
    await clock.elapse(1);
    expect(late).toEqual(['a']);
    await clock.elapse(100);
    expect(late).toEqual(['a', 'b']);
    await clock.elapse(100);
    expect(late).toEqual(['a', 'b', 'c']);
    expect(clock.timers).toBe(0);
  });

  test.each([
    [0, ['b', 'c']],
    [1, ['a', 'c']],
    [2, ['a', 'b']],
  ])('that are removed at place %d are not late', async (place, others) => {
    const { clock, line, late, add } = setUp();
    const waits = ['a', 'b', 'c'].map((name) => add(name));
    const wait = waits[place];
    expect(wait && line.remove(wait)).toBe(true);
    expect(wait && line.remove(wait)).toBe(false);
    await clock.elapse(1000);
    expect(late).toEqual(others);
  });

  test('leave no timer when all are removed, and take one again', async () => {
    const { clock, line, late, add } = setUp();
    const waits = ['a', 'b'].map((name) => add(name));
    for (const wait of waits) line.remove(wait);
    expect(clock.timers).toBe(0);
    add('c');
    await clock.elapse(1000);
    expect(late).toEqual(['c']);
  });

  test('one that is late cannot be removed, and may wait again', async () => {
    const { clock, line, late } = setUp();
    const wait = line.add(() => {
      late.push('first');
      line.add(() => late.push('again'));
    });
    await clock.elapse(1000);
    expect(line.remove(wait)).toBe(false);
    expect(late).toEqual(['first']);
    await clock.elapse(999);
    expect(late).toEqual(['first']);
    await clock.elapse(1);
    expect(late).toEqual(['first', 'again']);
  });
});
