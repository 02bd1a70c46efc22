import { expect, test } from 'vitest';
import { pipeRig } from './pipe-rig.ts';

test('a whole delivery', async () => {
  const { connect, mailbox, reactor } = pipeRig();
  const client = connect();
  expect(await client.reply()).toBe('220 mx.example.net ESMTP');
  expect(await client.command('EHLO c')).toContain('PIPELINING');
  await client.beginData();
  client.send('Subject: hi\r\n\r\n..dot\r\n.\r\n');
  expect(await client.reply()).toBe('250 2.6.0 Message accepted');
  expect(await client.command('QUIT')).toContain('221');
  await reactor.clock.settle();
  expect(client.closedWith).toEqual({ kind: 'done' });
  expect(mailbox.get(1)?.content.toString()).toBe('Subject: hi\r\n\r\n.dot\r\n');
  expect(reactor.reports.problems).toEqual([]);
  await reactor.clock.elapse(10_000);
  expect(reactor.clock.timers).toBe(0);
});
