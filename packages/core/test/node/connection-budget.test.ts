import { expect, test } from 'vitest';
import { ConnectionBudget } from '../../src/node/connection-budget.ts';
import {
  connectionsWithin,
  descriptorLimit,
  parseLimits,
} from '../../src/node/descriptor-limit.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

test('places are taken, refused when there are none, and given back', () => {
  const budget = new ConnectionBudget(createTestReactor(), { maxConnections: 2 });
  expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false]);
  expect(budget).toMatchObject({ open: 2, limit: 2, refused: 1, full: true });
  expect(budget.connectError()).toMatchObject({
    name: 'ConnectError',
    code: 'HAWSER_BUDGET',
    message: 'Cannot connect as this reactor may have no more than 2',
  });
  budget.release();
  expect(budget.full).toBe(false);
  expect(budget.take()).toBe(true);
});

test('the limit of the process holds besides that of the reactor', () => {
  const budget = new ConnectionBudget(createTestReactor(), { maxConnections: 5, processLimit: 1 });
  expect([budget.take(), budget.take()]).toEqual([true, false]);
  expect(budget.connectError().message).toBe(
    'Cannot connect as this process may have no more than 1',
  );
});

test('all reactors of the process share what the process may have', () => {
  const one = new ConnectionBudget(createTestReactor());
  const other = new ConnectionBudget(createTestReactor());
  const { limit } = one;
  expect(limit).toBe(connectionsWithin(descriptorLimit()));
  let taken = 0;
  while (one.take()) taken += 1;
  expect(other.full).toBe(true);
  for (; taken > 0; taken--) one.release();
  expect(other.full).toBe(false);
});

test('refusals are reported once a second, with their number', () => {
  const reactor = createTestReactor();
  const budget = new ConnectionBudget(reactor, { maxConnections: 1 });
  budget.take();
  for (let i = 0; i < 10; i++) budget.take();
  reactor.clock.advance(999);
  budget.take();
  expect(reactor.reports.problems).toHaveLength(1);
  reactor.clock.advance(1);
  budget.take();
  expect(reactor.reports.problems.map(({ where, error }) => [where, String(error)])).toEqual([
    [
      'connections',
      'ConnectionError: Cannot take a connection as this reactor may have no more than 1',
    ],
    [
      'connections',
      'ConnectionError: Cannot take 11 connections as this reactor may have no more than 1',
    ],
  ]);
  expect(budget.refused).toBe(12);
});

test.for([0, -1, Number.NaN])('a limit of %s connections is a mistake', (maxConnections) => {
  expect(() => new ConnectionBudget(createTestReactor(), { maxConnections })).toThrow(RangeError);
});

test('a twentieth of the descriptors is kept back, at least 64 but never more than half', () => {
  expect(
    [20_000, 1_024, 256, 64, 1, Number.POSITIVE_INFINITY].map((limit) => connectionsWithin(limit)),
  ).toEqual([19_000, 960, 192, 32, 1, Number.POSITIVE_INFINITY]);
});

test('the soft limit of open files is read as proc(5) writes it', () => {
  const line = (soft: string) =>
    `Limit                     Soft Limit           Hard Limit           Units     \nMax open files            ${soft}                 4096                 files     \n`;
  expect(parseLimits(line('1024'))).toBe(1024);
  expect(parseLimits(line('unlimited'))).toBe(Number.POSITIVE_INFINITY);
  expect(parseLimits('Max processes 3 3 processes\n')).toBeUndefined();
  expect(parseLimits('')).toBeUndefined();
});
