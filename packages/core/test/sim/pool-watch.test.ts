import { pbkdf2, randomBytes, scrypt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { PoolWatch } from '../../src/sim/pool-watch.ts';

test('work of the thread pool is pending until it is done', async () => {
  const pool = new PoolWatch();
  const watch = pool.watch();
  const reading = readFile(new URL(import.meta.url));
  expect(pool.pending).toBe(1);
  await reading;
  const secret = new Promise<void>((done) => scrypt('a', 'salt', 16, () => done()));
  expect(pool.pending).toBe(1);
  await secret;
  await turn();
  expect(pool.pending).toBe(0);
  watch[Symbol.dispose]();
});

test('synchronous cryptography is never pending', () => {
  const pool = new PoolWatch();
  const watch = pool.watch();
  randomBytes(16);
  expect(pool.pending).toBe(0);
  watch[Symbol.dispose]();
});

test('nothing is seen while nobody watches', () => {
  const pool = new PoolWatch();
  const [one, other] = [pool.watch(), pool.watch()];
  one[Symbol.dispose]();
  one[Symbol.dispose]();
  pbkdf2('a', 'salt', 1, 16, 'sha256', () => undefined);
  expect(pool.pending).toBe(1);
  other[Symbol.dispose]();
  pbkdf2('a', 'salt', 1, 16, 'sha256', () => undefined);
  expect(pool.pending).toBe(0);
});
