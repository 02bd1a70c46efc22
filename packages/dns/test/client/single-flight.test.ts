import { CancelledError, Deferred } from '@hawser/core';
import { expect, test } from 'vitest';
import { SingleFlight } from '../../src/client/single-flight.ts';

/** Work that says when it is to end, but ends when it likes. */
function slow(): { work: Deferred<string>; told: () => boolean } {
  let told = false;
  const work = new Deferred<string>({
    where: 'test',
    canceller: () => {
      told = true;
    },
  });
  return { work, told: () => told };
}

test('what several want is done once', async () => {
  const flights = new SingleFlight<string>();
  const { work } = slow();
  let started = 0;
  const start = (): Deferred<string> => {
    started += 1;
    return work;
  };
  const waiting = [flights.run('a', start), flights.run('a', start), flights.run('a', start)];
  work.resolve('done');
  expect(await Promise.all(waiting)).toEqual(['done', 'done', 'done']);
  expect([started, flights.size]).toEqual([1, 0]);
});

test('who gives up leaves the others waiting; with the last one the work ends', async () => {
  const flights = new SingleFlight<string>();
  const { work, told } = slow();
  const [one, other] = [flights.run('a', () => work), flights.run('a', () => work)];
  one.cancel();
  await expect(one).rejects.toBeInstanceOf(CancelledError);
  expect(told()).toBe(false);
  other.cancel();
  await expect(other).rejects.toBeInstanceOf(CancelledError);
  expect(told()).toBe(true);
  expect(flights.size).toBe(0);
});

test('who comes after the last one gave up gets work of its own', async () => {
  const flights = new SingleFlight<string>();
  const first = flights.run('a', () => slow().work);
  first.cancel();
  const fresh = slow();
  const second = flights.run('a', () => fresh.work);
  fresh.work.resolve('new');
  await expect(first).rejects.toBeInstanceOf(CancelledError);
  expect(await second).toBe('new');
});
