import { expect, test } from 'vitest';
import { playSchedule } from './frame-schedule.ts';

test.each([0, 1, 2, 3])(
  'whatever the frames and handlers of hundred %i of seeds do, it ends',
  async (hundred) => {
    for (let seed = hundred * 100; seed < hundred * 100 + 100; seed++) {
      const { begun, ended, lost, problems } = await playSchedule(seed);
      expect({ ended, lost, problems }, `seed ${seed}`).toEqual({
        ended: begun,
        lost: true,
        problems: [],
      });
    }
  },
);
