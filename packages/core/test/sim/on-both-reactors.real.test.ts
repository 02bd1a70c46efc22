/* oxlint-disable vitest/no-standalone-expect -- the bodies run inside of tests */
import { expect, test } from 'vitest';
import { onBothReactors } from '../../testing/on-both-reactors.ts';
import { Ear } from './conversation.ts';

const onBoth = onBothReactors(test);

onBoth('a conversation takes place', async ({ server, client, host, settle }) => {
  const far = new Ear();
  const port = await server.tcp.listen({ host, port: 0 }, () => far);
  const number = 'port' in port.address ? port.address.port : 0;
  const transport = await client.tcp.connect({ host, port: number }, () => new Ear());
  transport.write(Buffer.from('hello'));
  await settle();
  expect(far.text).toBe('hello');
  await port.stop();
});

onBoth('time passes, and problems are taken', async ({ server, elapse, takeProblems }) => {
  const boom = new Error('boom');
  server.clock.callLater(5, () => {
    throw boom;
  });
  await elapse(20);
  expect(takeProblems().map(({ error }) => error)).toEqual([boom]);
  expect(takeProblems()).toEqual([]);
});

const failing: Promise<unknown>[] = [];
onBothReactors((_, run) => {
  failing.push(
    run().then(
      () => 'passed',
      (error: unknown) => error,
    ),
  );
})('a problem nobody takes', async ({ server }) => {
  server.reports.problem('somewhere', new Error('unread'));
});

test('a problem that nobody takes fails the test on both', async () => {
  for (const each of await Promise.all(failing)) {
    expect(each).toMatchObject({ message: 'A problem was reported in somewhere' });
  }
});
