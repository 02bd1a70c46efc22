import { createTestReactor } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { silence } from '../../src/contract/answer.ts';
import type { DnsHandlerObject } from '../../src/contract/handler.ts';
import { startHandlers, stopHandlers } from '../../src/handlers/handler-lifecycle.ts';

test('a handler that is used again while it stops starts when it has stopped', async () => {
  const events: string[] = [];
  let closed = (): void => {};
  const handler: DnsHandlerObject = {
    handle: () => silence,
    started: () => void events.push('started'),
    stopped: async () => {
      events.push('stopping');
      await new Promise<void>((resolve) => (closed = resolve));
      events.push('stopped');
    },
  };
  const reactor = createTestReactor();
  await startHandlers([handler], reactor);
  const stopping = stopHandlers([handler]);
  const starting = startHandlers([handler], reactor);
  await new Promise(setImmediate);
  expect(events).toEqual(['started', 'stopping']);
  closed();
  await Promise.all([stopping, starting]);
  expect(events).toEqual(['started', 'stopping', 'stopped', 'started']);
});

test('one that cannot stop may be used again all the same', async () => {
  const events: string[] = [];
  const handler: DnsHandlerObject = {
    handle: () => silence,
    started: () => void events.push('started'),
    stopped: () => Promise.reject(new Error('mine')),
  };
  const reactor = createTestReactor();
  await startHandlers([handler], reactor);
  const stopping = stopHandlers([handler]);
  const starting = startHandlers([handler], reactor);
  await expect(stopping).rejects.toThrow('mine');
  await starting;
  expect(events).toEqual(['started', 'started']);
});
