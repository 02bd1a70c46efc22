import { EventEmitter } from 'node:events';
import { createTestReactor } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import type { PostgresClient, PostgresPool } from '../../src/postgres/postgres-pool.ts';
import { PostgresWatch } from '../../src/postgres/postgres-watch.ts';

class FakeClient extends EventEmitter implements PostgresClient {
  readonly asked: string[] = [];
  answers = true;
  released: unknown;

  async query(text: string): ReturnType<PostgresClient['query']> {
    this.asked.push(text);
    if (!this.answers) await new Promise(() => undefined);
    return { rows: [], rowCount: 0 };
  }

  release(broken?: Error | boolean): void {
    this.released = broken;
  }
}

function setUp() {
  const reactor = createTestReactor();
  const clients: FakeClient[] = [];
  const connect = async () => {
    const client = new FakeClient();
    clients.push(client);
    return client;
  };
  const pool = Object.assign(new EventEmitter(), { connect, end: async () => undefined });
  const watch = new PostgresWatch({
    pool: async (): Promise<PostgresPool> => pool,
    channel: 'zones',
    source: () => 'me',
    list: async () => [],
  });
  const heard: string[] = [];
  const subscription = watch.watch(reactor, (origin) => heard.push(origin.toString()));
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 1_000) await reactor.clock.elapse(Math.min(left, 1_000));
  };
  return { reactor, clients, heard, subscription, pass };
}

test('a connection that is silent is asked now and then, and kept while it answers', async () => {
  const { clients, pass, reactor } = setUp();
  await pass(300_000);
  expect(clients.map(({ asked }) => asked)).toEqual([
    ['LISTEN "zones"', ...Array.from({ length: 10 }, () => 'SELECT 1')],
  ]);
  expect(reactor.reports.problems).toEqual([]);
});

test('a connection that does not answer any more is given up for another, and that is reported', async () => {
  const { clients, pass, reactor, heard, subscription } = setUp();
  await pass(1_000);
  const [first] = clients;
  if (first !== undefined) first.answers = false;
  await pass(60_000);
  expect(clients).toHaveLength(2);
  expect(first?.released).toBe(true);
  expect(reactor.reports.problems).toMatchObject([{ error: { code: 'HAWSER_STORE_IO' } }]);
  first?.emit('notification', { payload: 'other old.example' });
  clients[1]?.emit('notification', { payload: 'other new.example' });
  clients[1]?.emit('notification', { payload: 'me own.example' });
  expect(heard).toEqual(['new.example']);
  subscription[Symbol.dispose]();
  expect([clients[1]?.released, reactor.clock.timers]).toEqual([true, 0]);
});
