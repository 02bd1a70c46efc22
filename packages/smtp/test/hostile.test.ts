import { expect, test } from 'vitest';
import { pipeRig } from './pipe-rig.ts';

const never = (): Promise<void> => new Promise(() => undefined);

test('a hook that waits when the client leaves is given up', async () => {
  const { connect, reactor } = pipeRig({ connect: () => undefined, mailFrom: never });
  const client = connect();
  client.send('EHLO c\r\nMAIL FROM:<a@example.org>\r\n');
  await reactor.clock.settle();
  client.transport.abort();
  await reactor.clock.settle();
  expect(reactor.clock.timers).toBe(0);
  await reactor.clock.elapse(60_000);
  expect(reactor.reports.problems).toEqual([]);
});

test.each(['connect', 'auth', 'mailFrom', 'rcptTo', 'message'] as const)(
  'a %s hook that rejects after the client has left disturbs nobody',
  async (name) => {
    let fail = (_error: Error): void => undefined;
    const { connect, reactor } = pipeRig({
      plaintextAuth: true,
      authRequired: false,
      ...(name === 'auth' ? {} : { auth: () => 'ann' }),
      [name]: () =>
        new Promise<void>((_resolve, reject) => {
          fail = reject;
        }),
    });
    const client = connect();
    client.send('EHLO c\r\nAUTH PLAIN AGEAYg==\r\nMAIL FROM:<a@example.org>\r\n');
    client.send('RCPT TO:<b@example.net>\r\nDATA\r\nx\r\n');
    await reactor.clock.settle();
    client.transport.abort();
    await reactor.clock.settle();
    fail(new Error('late'));
    await reactor.clock.settle();
    expect(reactor.clock.timers).toBe(0);
    expect(reactor.reports.problems).toEqual([]);
  },
);

test.each(['connected', 'greeted', 'mail', 'rcpt', 'data', 'auth'] as const)(
  'a drain in state %s ends in time and leaves no timer',
  async (state) => {
    const { connect, reactor, mailbox } = pipeRig({
      auth: () => 'ann',
      plaintextAuth: true,
      authRequired: false,
    });
    const client = connect();
    const script = {
      connected: '',
      greeted: 'EHLO c\r\n',
      mail: 'EHLO c\r\nMAIL FROM:<a@example.org>\r\n',
      rcpt: 'EHLO c\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\n',
      data: 'EHLO c\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\nx',
      auth: 'EHLO c\r\nAUTH LOGIN\r\n',
    };
    if (script[state]) client.send(script[state]);
    await reactor.clock.settle();
    client.server.requestDrain(reactor.clock.now() + 30_000);
    await reactor.clock.settle();
    if (state === 'mail' || state === 'rcpt') client.send('RSET\r\n');
    if (state === 'data') client.send('\r\n.\r\n');
    await reactor.clock.elapse(30_000);
    expect(client.said).toMatch(/421 4\.3\.2 Service shutting down\r\n$/);
    expect(client.closedWith).toBeDefined();
    expect(mailbox.size).toBe(state === 'data' ? 1 : 0);
    expect(reactor.clock.timers).toBe(0);
  },
);

test('only AUTH may be longer than 2,048 bytes', async () => {
  const { connect } = pipeRig({ auth: () => 'ann', plaintextAuth: true, authRequired: false });
  const client = connect();
  await client.greet();
  const line = (bytes: number): string => `MAIL FROM:<a@example.org> X=${'x'.repeat(bytes - 30)}`;
  expect(await client.command(line(2_049))).toBe('500 5.5.2 Command line too long');
  expect(await client.command(line(2_048))).toMatch(/^250 /);
  expect(await client.command('RSET')).toMatch(/^250 /);
  const password = Buffer.from(`\0ann\0${'p'.repeat(6_000)}`).toString('base64');
  expect(await client.command('AUTH PLAIN')).toMatch(/^334/);
  expect(await client.command(password)).toMatch(/^235 /);
});

test('promises no delivery notices and no transport encryption', async () => {
  const { connect } = pipeRig();
  const client = connect();
  await client.reply();
  expect(await client.command('EHLO c')).not.toMatch(/DSN|REQUIRETLS/);
});

test.each([
  '<@a.example,@b.example:user@elsewhere.example>',
  '<@example.net:user@elsewhere.example>',
  '<user@elsewhere.example@example.net>',
  '<user@example.net@elsewhere.example>',
  '<"user@elsewhere.example"@example.net>',
  '<user@example.net.>',
  '<user@[127.0.0.1]>',
  '<user@elsewhere.example\0@example.net>',
  '<user@example.net\0.elsewhere.example>',
  '<user@example.net\u200b>',
  '<>',
  'user@example.net',
  '<elsewhere.example!user>',
])('does not take mail for %j', async (path) => {
  const { connect } = pipeRig();
  const client = connect();
  await client.greet();
  await client.command('MAIL FROM:<a@example.org> SMTPUTF8');
  expect(await client.command(`RCPT TO:${path}`)).toMatch(/^5\d\d 5\.\d\.\d /);
  expect(await client.command('DATA')).toMatch(/^503 /);
});
