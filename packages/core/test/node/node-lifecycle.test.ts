import { EventEmitter } from 'node:events';
import { beforeEach, expect, test } from 'vitest';
import { currentContext, enter } from '../../src/connection/entry.ts';
import { EntryContext } from '../../src/connection/entry-context.ts';
import { NodeLifecycle } from '../../src/node/node-lifecycle.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';

let reports: CollectedReports;
let signals: EventEmitter;
let lifecycle: NodeLifecycle;

beforeEach(() => {
  reports = new CollectedReports();
  signals = new EventEmitter();
  lifecycle = new NodeLifecycle(reports, signals);
});

test('listens to the process only while somebody wants a signal', () => {
  const before = process.listenerCount('SIGHUP');
  const real = new NodeLifecycle(reports);
  expect(process.listenerCount('SIGHUP')).toBe(before);
  const listening = real.onSignal('SIGHUP', () => undefined);
  expect(process.listenerCount('SIGHUP')).toBe(before + 1);
  listening[Symbol.dispose]();
  expect(process.listenerCount('SIGHUP')).toBe(before);
});

test('a listener of a signal that throws is reported, and the others hear it', () => {
  const boom = new Error('boom');
  let heard = 0;
  lifecycle.onSignal('SIGHUP', () => {
    throw boom;
  });
  lifecycle.onSignal('SIGHUP', () => void (heard += 1));
  signals.emit('SIGHUP');
  expect(heard).toBe(1);
  expect(reports.problems).toEqual([{ where: 'lifecycle.SIGHUP', error: boom }]);
});

test('the same listener may listen twice, and each is disposed by itself', () => {
  let heard = 0;
  const listener = (): void => void (heard += 1);
  const first = lifecycle.onSignal('SIGHUP', listener);
  lifecycle.onSignal('SIGHUP', listener);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  signals.emit('SIGHUP');
  expect(heard).toBe(1);
});

test('a phase waits for all its listeners; one that fails is reported', async () => {
  const boom = new Error('boom');
  const log: string[] = [];
  lifecycle.onPhase('drain', () => {
    throw boom;
  });
  lifecycle.onPhase('drain', async (deadline) => {
    await Promise.resolve();
    log.push(`until ${deadline}`);
  });
  lifecycle.onPhase('drain', () => Promise.reject(boom));
  lifecycle.onPhase('stop', () => void log.push('stop'));
  const removed = lifecycle.onPhase('drain', () => void log.push('removed'));
  removed[Symbol.dispose]();
  await lifecycle.runPhase('drain', 5);
  expect(log).toEqual(['until 5']);
  const problem = { where: 'lifecycle.drain', error: boom };
  expect(reports.problems).toEqual([problem, problem]);
});

test('listeners run in the context of whoever registered them', async () => {
  const seen: (string | undefined)[] = [];
  const note = (): void => void seen.push(currentContext()?.label);
  const guard = { context: new EntryContext('web'), failed: expect.unreachable };
  enter(
    guard,
    'test',
    () => {
      lifecycle.onSignal('SIGHUP', note);
      lifecycle.onPhase('flush', note);
    },
    undefined,
  );
  signals.emit('SIGHUP');
  await lifecycle.runPhase('flush', 0);
  expect(seen).toEqual(['web', 'web']);
});

test('requestStop aborts the signal, once', () => {
  let aborted = 0;
  lifecycle.stopping.addEventListener('abort', () => void (aborted += 1));
  lifecycle.requestStop();
  lifecycle.requestStop();
  expect(aborted).toBe(1);
});
