import { SmtpError, type SmtpOptions } from '@hawser/smtp';
import { expect, test } from 'vitest';
import { pipeRig } from './pipe-rig.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const PLAIN = `AUTH PLAIN ${base64('\0ann\0secret')}`;
const auth: SmtpOptions['auth'] = async ({ username, password }) =>
  password === 'secret' ? { name: username } : undefined;

test('takes no password in clear, and no mail without one', async () => {
  const { connect } = pipeRig({ auth });
  const client = connect();
  await client.reply();
  expect(await client.command('EHLO c')).not.toContain('AUTH');
  expect(await client.command(PLAIN)).toBe('538 5.7.11 Encryption required to authenticate');
  expect(await client.command('MAIL FROM:<ann@example.net>')).toMatch(/^530 5\.7\.0 /);
});

test('shows the user to the hooks', async () => {
  const seen: unknown[] = [];
  const { connect } = pipeRig({
    auth,
    plaintextAuth: true,
    mailFrom: (_from, session) => void seen.push(session.user, session.clientName, session.secure),
  });
  const client = connect();
  await client.reply();
  expect(await client.command('EHLO c')).toContain('AUTH PLAIN LOGIN');
  expect(await client.command(PLAIN)).toMatch(/^235 /);
  expect(await client.command('MAIL FROM:<ann@example.net>')).toMatch(/^250 /);
  expect(seen).toEqual([{ name: 'ann' }, 'c', false]);
});

test('takes LOGIN in three steps', async () => {
  const { connect } = pipeRig({ auth, plaintextAuth: true });
  const client = connect();
  await client.greet();
  expect(await client.command('AUTH LOGIN')).toMatch(/^334 /);
  expect(await client.command(base64('ann'))).toMatch(/^334 /);
  expect(await client.command(base64('secret'))).toMatch(/^235 /);
});

test('refuses wrong credentials, and ends the session that goes on guessing', async () => {
  const { connect, reactor } = pipeRig({ auth, plaintextAuth: true, maxErrors: 3 });
  const client = connect();
  await client.greet();
  const guess = `AUTH PLAIN ${base64('\0ann\0guess')}`;
  expect(await client.command(guess)).toMatch(/^535 5\.7\.8 /);
  client.send(`${guess}\r\n`.repeat(9));
  const replies = (await client.rest()).trimEnd().split('\r\n');
  expect(replies.map((line) => line.slice(0, 3))).toEqual(['535', '535', '421']);
  expect(reactor.reports.problems).toEqual([]);
});

test('answers what the hook says, and 451 when it fails', async () => {
  const answers = [new SmtpError(454, 'Later', { enhanced: '4.7.0' }), new Error('no database')];
  const { connect, reactor } = pipeRig({
    auth: () => Promise.reject(answers.shift()),
    plaintextAuth: true,
  });
  const client = connect();
  await client.greet();
  expect(await client.command(PLAIN)).toBe('454 4.7.0 Later');
  expect(await client.command(PLAIN)).toMatch(/^451 4\.3\.0 /);
  expect(reactor.reports.problems).toHaveLength(1);
});

test('with authRequired false mail comes in without a password as well', async () => {
  const { connect } = pipeRig({ auth, authRequired: false });
  const client = connect();
  await client.greet();
  expect(await client.beginData()).toMatch(/^354 /);
});
