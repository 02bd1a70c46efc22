import { expect, test } from 'vitest';
import { layer, stack } from '../../../src/connection/stack.ts';
import { maxConnections } from '../../../src/layers/admission/max-connections.ts';
import { connectionCounters } from '../../../src/layers/observer/connection-counters.ts';
import { Arrivals, silent } from '../arrive.ts';

test('connections, how they ended, who refused them, and bytes', async () => {
  const counters = connectionCounters();
  const server = new Arrivals(stack(counters, maxConnections(2))(silent));
  const [first, second] = [server.arrive(), server.arrive()];
  await server.arrive().settle();
  first.receive('hello');
  second.receive('you');
  second.write(Buffer.from('!'));
  expect(counters.read()).toMatchObject({
    open: 2,
    total: 3,
    refused: { 'max(2)': 1 },
    bytesRead: 8,
    bytesWritten: 1,
  });
  first.abort();
  second.lose(new Error('gone'));
  await first.settle();
  expect(counters.read()).toEqual({
    open: 0,
    total: 3,
    ended: { done: 0, reset: 1, aborted: 1, timeout: 0, refused: 1, protocol: 0, shutdown: 0 },
    refused: { 'max(2)': 1 },
    bytesRead: 8,
    bytesWritten: 1,
  });
});

test('what was read does not change afterwards', async () => {
  const counters = connectionCounters();
  const before = counters.read();
  new Arrivals(stack(counters)(silent)).arrive();
  expect(before.open).toBe(0);
});

test('one value in two stacks counts them together', () => {
  const counters = connectionCounters();
  new Arrivals(stack(counters)(silent)).arrive();
  new Arrivals(stack(counters)(silent)).arrive();
  expect(counters.read().open).toBe(2);
});

test('names of refusers are limited', async () => {
  const counters = connectionCounters();
  let count = 0;
  const refusing = layer({
    kind: 'admission',
    label: 'many',
    build(_, incoming) {
      count += 1;
      incoming.abort({ kind: 'refused', by: `name ${count}`, why: 'no' });
      return undefined;
    },
  });
  const server = new Arrivals(stack(counters, refusing)(silent));
  for (let round = 0; round < 70; round++) await server.arrive().settle();
  const { refused } = counters.read();
  expect(Object.keys(refused)).toHaveLength(65);
  expect(refused['other']).toBe(6);
});
