import { SeededRandom } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { pipeRig } from './pipe-rig.ts';

const PIECES = [
  'EHLO a\r\n',
  'HELO\r\n',
  'MAIL FROM:<a@b.example>\r\n',
  'MAIL FROM:<>\r\n',
  'MAIL FROM:<a@b> SIZE=99999999999999999999 BODY=8BITMIME\r\n',
  'RCPT TO:<b@example.net>\r\n',
  'RCPT TO:<@x:b@example.net> NOTIFY=\r\n',
  'RCPT TO:\r\n',
  'DATA\r\n',
  'DATA x\r\n',
  '.\r\n',
  '\r\n.\r\n',
  '..\r\n',
  'text\r\n',
  '\n',
  '\r',
  '\0',
  'RSET\r\n',
  'AUTH PLAIN\r\n',
  'AUTH LOGIN =\r\n',
  '*\r\n',
  'STARTTLS\r\n',
  'QUIT\r\n',
  'constructor\r\n',
  '__proto__\r\n',
  ' \r\n',
  '\r\n',
  'GET / HTTP/1.1\r\n',
  'NOOP '.repeat(300),
];

test('three hundred garbage sessions crash nothing, leak nothing and report nothing', async () => {
  const rig = pipeRig({
    plaintextAuth: true,
    authRequired: false,
    auth: ({ username }) => username,
  });
  const well = rig.connect();
  await well.greet();
  for (let seed = 1; seed <= 300; seed++) {
    const random = new SeededRandom(seed);
    const client = rig.connect(random.float() < 0.5 ? seed : 'whole');
    for (let i = random.below(30); i >= 0; i--) {
      const piece = Buffer.from(PIECES[random.below(PIECES.length)] ?? '');
      client.send(random.float() < 0.05 ? random.bytes(random.below(200)) : piece);
      if (random.float() < 0.1) await rig.reactor.clock.settle();
    }
    if (random.float() < 0.3) client.transport.abort();
    else if (random.float() < 0.5) client.transport.end();
    await rig.reactor.clock.settle();
  }
  await well.beginData();
  expect(await well.command('fine\r\n.')).toMatch(/^250 /);
  await rig.reactor.clock.elapse(120_000);
  expect(rig.reactor.reports.problems).toEqual([]);
  expect(rig.reactor.clock.timers).toBe(0);
}, 30_000);
