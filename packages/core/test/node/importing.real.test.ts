import { expect, test } from 'vitest';
import { ended, firstLine, startProgram } from './programs/started-program.ts';

test('importing the package opens nothing, waits for nothing and listens to nothing', async () => {
  const program = startProgram('importing.ts');
  const { opened, listening } = JSON.parse(await firstLine(program)) as {
    readonly opened: readonly string[];
    readonly listening: readonly string[];
  };
  expect(opened).toEqual([]);
  expect(listening).toEqual([]);
  expect(await ended(program)).toBe(0);
});
