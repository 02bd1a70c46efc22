import { smtp } from '@hawser/smtp';
import { expect, test } from 'vitest';
import { pipeRig } from './pipe-rig.ts';

test('ends a session that only talks', async () => {
  const { connect } = pipeRig({ maxIdleCommands: 5 });
  const client = connect();
  await client.greet();
  client.send('NOOP\r\nRSET\r\nVRFY x\r\nNOOP\r\nNOOP\r\nNOOP\r\n');
  const replies = (await client.rest()).trimEnd().split('\r\n');
  expect(replies.map((line) => line.slice(0, 3))).toEqual(['250', '250', '252', '250', '421']);
});

test('an accepted message renews the budget', async () => {
  const { connect, mailbox } = pipeRig({ maxIdleCommands: 2, maxCommands: 5 });
  const client = connect();
  await client.greet();
  for (let i = 0; i < 10; i++) {
    await client.beginData();
    expect(await client.command('.')).toMatch(/^250 /);
    expect(await client.command('RSET')).toMatch(/^250 /);
  }
  expect(mailbox.size).toBe(10);
});

test('ends a session with too many commands of any kind', async () => {
  const { connect } = pipeRig({ maxCommands: 10 });
  const client = connect();
  await client.greet();
  client.send('MAIL FROM:<a@example.org>\r\n');
  client.send('RCPT TO:<b@example.net>\r\n'.repeat(20));
  expect(await client.rest()).toMatch(/421 4\.7\.0 Too many commands\r\n$/);
});

test('ends a session with too many refusals', async () => {
  const { connect } = pipeRig({ maxErrors: 3 });
  const client = connect();
  await client.greet();
  client.send('MAIL FROM:<a@example.org>\r\n');
  client.send('RCPT TO:<b@elsewhere.example>\r\n'.repeat(20));
  const replies = (await client.rest()).trimEnd().split('\r\n');
  expect(replies.map((line) => line.slice(0, 3))).toEqual(['250', '550', '550', '550', '421']);
});

test('takes as many recipients as allowed and no more', async () => {
  const { connect, mailbox } = pipeRig();
  const client = connect();
  await client.greet();
  await client.command('MAIL FROM:<a@example.org>');
  for (let i = 0; i < 100; i++) {
    expect(await client.command(`RCPT TO:<user${i}@example.net>`)).toMatch(/^250 /);
  }
  expect(await client.command('RCPT TO:<user100@example.net>')).toMatch(/^452 4\.5\.3 /);
  await client.command('DATA');
  expect(await client.command('.')).toMatch(/^250 /);
  expect(mailbox.get(1)?.envelope.to).toHaveLength(100);
});

test('ends a session at a command line that is too long', async () => {
  const { connect } = pipeRig();
  const client = connect();
  await client.greet();
  client.send('x'.repeat(12_289));
  expect(await client.rest()).toBe('500 5.5.2 Command line too long\r\n');
});

test.each([
  'WIZ x',
  'SHELL',
  'KILL',
  'XCLIENT ADDR=1.2.3.4',
  'XFORWARD ADDR=1.2.3.4',
  'STARTTLS',
  'AUTH PLAIN AHUAcA==',
])('does not know %s', async (command) => {
  const { connect } = pipeRig();
  const client = connect();
  await client.greet();
  expect(await client.command(command)).toMatch(/^500 5\.5\.2 /);
});

test('answers thousands of commands in one segment without starving others', async () => {
  const { connect } = pipeRig({ maxIdleCommands: 10_000, maxCommands: 10_000 });
  const [chatty, other] = [connect(), connect()];
  await chatty.greet();
  chatty.send('NOOP\r\n'.repeat(5_000));
  await other.greet();
  expect(await chatty.command('QUIT')).toMatch(/^250 /);
  expect((await chatty.rest()).match(/250 2\.0\.0 OK/g)).toHaveLength(4_999);
});

test.each([{ maxMessageBytes: 0 }, { hookTimeoutMs: Number.NaN }, { earlyTalkerDelayMs: -1 }])(
  'refuses the limits %j',
  (limits) => {
    expect(() => smtp({ message: () => undefined, ...limits })).toThrow(RangeError);
  },
);
