import { expect, test } from 'vitest';
import { nodeResolver } from '../../src/node/node-resolver.ts';
import { CollectedReports } from '../../src/sim/collected-reports.ts';

const resolver = nodeResolver(new CollectedReports());

test('one family can be asked for', async () => {
  expect(await resolver.lookup('localhost', { family: 4 })).toEqual([
    { host: '127.0.0.1', family: 4 },
  ]);
  const all = await resolver.lookup('localhost');
  expect(all).toContainEqual({ host: '127.0.0.1', family: 4 });
});

test.each([
  ['::1', 4, 'Cannot resolve "::1": it is an IPv6 address'],
  ['127.0.0.1', 6, 'Cannot resolve "127.0.0.1": it is an IPv4 address'],
] as const)('%s is no address of family %i', async (host, family, message) => {
  await expect(resolver.lookup(host, { family })).rejects.toMatchObject({
    code: 'HAWSER_RESOLVE',
    message,
  });
  expect(await resolver.lookup(host, { family: family === 4 ? 6 : 4 })).toHaveLength(1);
});

test('a lookup that is cancelled settles at once', async () => {
  const lookup = resolver.lookup('localhost');
  lookup.cancel();
  expect(lookup.peek()).toMatchObject({ state: 'rejected', error: { code: 'HAWSER_CANCELLED' } });
  const controller = new AbortController();
  controller.abort();
  await expect(resolver.lookup('localhost', { signal: controller.signal })).rejects.toMatchObject({
    code: 'HAWSER_CANCELLED',
  });
});

test.each(['', 'zero\0byte', `${'a'.repeat(70)}.invalid`])('%j is HAWSER_RESOLVE', async (host) => {
  await expect(resolver.lookup(host)).rejects.toMatchObject({ code: 'HAWSER_RESOLVE' });
});
