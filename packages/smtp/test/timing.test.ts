import { setImmediate } from 'node:timers/promises';
import { SmtpError } from '@hawser/smtp';
import { expect, test, vi } from 'vitest';
import { pipeRig } from './pipe-rig.ts';

test('greets at once, without any time passing', async () => {
  const { connect, reactor } = pipeRig();
  const client = connect();
  await reactor.clock.settle();
  expect(client.said).toBe('220 mx.example.net ESMTP\r\n');
  expect(reactor.clock.now()).toBe(0);
});

test('closes a silent client after 60 s, not before', async () => {
  const { connect, reactor } = pipeRig();
  const client = connect();
  await client.greet();
  await reactor.clock.elapse(59_999);
  expect(client.closedWith).toBeUndefined();
  await reactor.clock.elapse(1);
  expect(await client.rest()).toMatch(/^421 4\.4\.2 .*\r\n$/);
});

test('a client that says something now and then is not idle', async () => {
  const { connect, reactor } = pipeRig({ idleTimeoutMs: 1_000 });
  const client = connect();
  await client.greet();
  for (let i = 0; i < 10; i++) {
    await reactor.clock.elapse(900);
    expect(await client.command('NOOP')).toMatch(/^250 /);
  }
  await client.beginData();
  for (let i = 0; i < 10; i++) {
    await reactor.clock.elapse(900);
    client.send('line\r\n');
  }
  expect(await client.command('.')).toMatch(/^250 /);
});

test('ends a session that lasts too long, however busy', async () => {
  const { connect, reactor } = pipeRig({ maxSessionMs: 5_000 });
  const client = connect();
  await client.greet();
  for (let i = 0; i < 5; i++) {
    await client.command('NOOP');
    await reactor.clock.elapse(1_000);
  }
  expect(await client.rest()).toBe('421 4.4.2 Session took too long\r\n');
});

test.each(['connect', 'mailFrom', 'rcptTo'] as const)(
  'answers 451 when the %s hook never settles',
  async (name) => {
    const { connect, reactor } = pipeRig({
      hookTimeoutMs: 1_000,
      [name]: () => new Promise<void>(() => undefined),
    });
    const client = connect();
    client.send('EHLO c\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\n');
    await reactor.clock.elapse(999);
    expect(client.said).not.toContain('451');
    await reactor.clock.elapse(1);
    expect(client.said).toContain('451 4.3.0 ');
    expect(reactor.reports.problems).toMatchObject([
      { where: `smtp.${name}`, error: { code: 'HAWSER_TIMEOUT' } },
    ]);
    expect(client.closedWith?.kind).toBe(name === 'connect' ? 'done' : undefined);
  },
);

test('answers 451 when the message hook never settles; a late answer changes nothing', async () => {
  let settle = (): void => undefined;
  const { connect, reactor } = pipeRig({
    hookTimeoutMs: 1_000,
    message: (message) => message.bytes().then(() => new Promise((done) => (settle = done))),
  });
  const client = connect();
  await client.greet();
  await client.beginData();
  client.send('x\r\n.\r\n');
  await reactor.clock.elapse(1_000);
  expect(await client.reply()).toMatch(/^451 4\.3\.0 /);
  settle();
  await reactor.clock.settle();
  expect(await client.command('NOOP')).toMatch(/^250 /);
  expect(await client.command('QUIT')).toMatch(/^221 /);
  expect(reactor.reports.problems).toHaveLength(1);
});

test('the deadline of the message hook does not run while the client is slow', async () => {
  const { connect, reactor } = pipeRig({ hookTimeoutMs: 1_000 });
  const client = connect();
  await client.greet();
  await client.beginData();
  await reactor.clock.elapse(30_000);
  expect(await client.command('x\r\n.')).toMatch(/^250 /);
});

test('a message hook that stops reading is given up, and the session goes on', async () => {
  const { connect, reactor } = pipeRig({
    hookTimeoutMs: 100_000,
    idleTimeoutMs: 10_000,
    message: () => new Promise<void>(() => undefined),
  });
  const client = connect();
  await client.greet();
  await client.beginData();
  client.send(Buffer.alloc(1_000_000, 'abcdef\r\n'));
  await reactor.clock.elapse(99_999);
  expect(client.closedWith).toBeUndefined();
  expect(client.transport.pendingBytes).toBeGreaterThan(500_000);
  await reactor.clock.elapse(1);
  expect(await client.command('\r\n.')).toMatch(/^451 4\.3\.0 /);
  expect(await client.command('NOOP')).toMatch(/^250 /);
});

test.each(['connect', 'mailFrom', 'rcptTo', 'message'] as const)(
  'survives a %s hook that throws at once',
  async (name) => {
    const { connect, reactor } = pipeRig({
      [name]: () => {
        throw new Error('boom');
      },
    });
    const client = connect();
    client.send('EHLO c\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n.\r\n');
    await reactor.clock.settle();
    expect(client.said).toContain('451 4.3.0 ');
    expect(reactor.reports.problems).toMatchObject([
      { where: `smtp.${name}`, error: { message: 'boom' } },
    ]);
  },
);

test('a connect hook may refuse in place of the greeting', async () => {
  const { connect, reactor } = pipeRig({
    connect: async () => {
      await setImmediate();
      throw new SmtpError(554, 'Not you', { enhanced: '5.7.1' });
    },
  });
  expect(await connect().rest()).toBe('554 5.7.1 Not you\r\n');
  expect(reactor.reports.problems).toEqual([]);
});

test('turns early talkers away when asked to, and greets the patient after the delay', async () => {
  const { connect, reactor } = pipeRig({ earlyTalkerDelayMs: 500 });
  const [hasty, patient] = [connect(), connect()];
  hasty.send('EHLO c\r\n');
  expect(await hasty.rest()).toMatch(/^421 .*too soon/);
  await reactor.clock.elapse(499);
  expect(patient.said).toBe('');
  await reactor.clock.elapse(1);
  expect(await patient.reply()).toMatch(/^220 /);
});

test('does not wait for a client that never closes after QUIT', async () => {
  const { connect, reactor } = pipeRig();
  const client = connect();
  vi.spyOn(client, 'readEnded').mockImplementation(() => undefined);
  const closed = vi.fn<() => void>();
  client.server.onClose(closed);
  await client.greet();
  client.send('QUIT\r\n');
  await reactor.clock.elapse(4_999);
  expect(closed).not.toHaveBeenCalled();
  await reactor.clock.elapse(2_001);
  expect(closed).toHaveBeenCalledOnce();
  expect(reactor.clock.timers).toBe(0);
});

test('leaves no timer behind', async () => {
  const { connect, reactor } = pipeRig();
  const client = connect();
  await client.greet();
  await client.beginData();
  await client.command('x\r\n.');
  client.transport.abort();
  await reactor.clock.settle();
  expect(reactor.clock.timers).toBe(0);
});
