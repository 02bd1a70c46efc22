import { expect, test } from 'vitest';
import { createNodeReactor } from '../../src/node/node-reactor.ts';

test('real calls that are due at the same time come in the order they were made', async () => {
  const { clock } = createNodeReactor();
  const heard: string[] = [];
  await new Promise<void>((done) => {
    for (const name of ['one', 'two', 'three']) clock.callLater(5, () => void heard.push(name));
    clock.callLater(5, done);
  });
  expect(heard).toEqual(['one', 'two', 'three']);
});

test('a real call of 0 ms made by a call comes in a later turn', async () => {
  const { clock } = createNodeReactor();
  const heard: string[] = [];
  await new Promise<void>((done) => {
    clock.callLater(0, () => {
      clock.callLater(0, () => {
        heard.push('inner');
        done();
      });
      heard.push('outer');
    });
  });
  expect(heard).toEqual(['outer', 'inner']);
});
