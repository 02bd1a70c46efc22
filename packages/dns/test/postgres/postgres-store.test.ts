import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import type { PostgresClient, PostgresPool } from '../../src/postgres/postgres-pool.ts';
import { postgres } from '../../src/postgres/postgres-store.ts';

/** A pool whose connections come when the test says so, and whose database has the tables and nothing in them. */
function slowPool() {
  const waiting: (() => void)[] = [];
  const answers = [
    [/to_regclass/, { made: true }],
    [/\.version$/, { version: 1 }],
    [/AS source$/, { source: 'me' }],
  ] as const;
  const query: PostgresClient['query'] = async (text) => {
    const found = answers.find(([pattern]) => pattern.test(text));
    return { rows: found === undefined ? [] : [found[1]], rowCount: 0 };
  };
  const connect = () =>
    new Promise<PostgresClient>((resolve) => {
      const client = Object.assign(new EventEmitter(), { query, release: () => undefined });
      waiting.push(() => resolve(client));
    });
  const pool: PostgresPool & EventEmitter = Object.assign(new EventEmitter(), {
    connect,
    end: async () => undefined,
  });
  const go = async () => {
    for (let turn = 0; turn < 50; turn++) {
      for (const resume of waiting.splice(0)) resume();
      await Promise.resolve();
    }
  };
  return { pool, go };
}

test('closing a store that is being opened waits until it can let go of the pool', async () => {
  const { pool, go } = slowPool();
  const store = postgres(pool);
  const finding = store.find(Name.parse('example.net'));
  let isClosed = false;
  const closing = store.close().then(() => (isClosed = true));
  await Promise.resolve();
  expect([isClosed, pool.listenerCount('error')]).toEqual([false, 1]);
  await go();
  await expect(finding).resolves.toBeUndefined();
  await closing;
  expect(pool.listenerCount('error')).toBe(0);
  await expect(store.list()).rejects.toMatchObject({ code: 'HAWSER_STORE_IO' });
});

test('a store that was never used is closed at once, and as often as one likes', async () => {
  const { pool } = slowPool();
  const store = postgres(pool);
  await Promise.all([store.close(), store.close()]);
  expect(pool.listenerCount('error')).toBe(0);
});
