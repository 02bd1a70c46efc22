import { type FactoryLike, sniff, stackWarnings } from '@hawser/core';
import { connectPipe, createTestReactor } from '@hawser/core/testing';
import { acceptFor, keep, MemoryMailbox, smtp } from '@hawser/smtp';
import { expect, test } from 'vitest';
import { SmtpClient } from './smtp-client.ts';

const other: FactoryLike = () => ({ dataReceived: () => undefined });
const match = { maxBytes: 1, test: (head: Buffer) => (head[0] === 0x47 ? 'yes' : 'no') } as const;

function shared() {
  const reactor = createTestReactor();
  const mailbox = new MemoryMailbox();
  const server = smtp({ rcptTo: acceptFor('example.net'), message: keep(mailbox) });
  const client = new SmtpClient();
  const factory = sniff({ http: { match, to: other }, smtp: server, silent: server });
  connectPipe(reactor, factory, () => client, { cut: 'bytes' });
  return { reactor, mailbox, client };
}

test('greets a client at once when its silence has told', async () => {
  const { reactor, client } = shared();
  await reactor.clock.elapse(299);
  expect(client.said).toBe('');
  await reactor.clock.elapse(1);
  expect(client.said).toMatch(/^220 /);
});

test('greets a client that speaks first, then answers it', async () => {
  const { reactor, client } = shared();
  client.send('ehlo hasty.example\r\nNOOP\r\n');
  await reactor.clock.settle();
  expect(await client.reply()).toMatch(/^220 /);
  expect(await client.reply()).toMatch(/^250-/);
  expect(await client.reply()).toMatch(/^250 /);
});

test('is warned about where nobody takes the clients that wait for its greeting', () => {
  const server = smtp({ rcptTo: acceptFor('example.net'), message: keep(new MemoryMailbox()) });
  expect(stackWarnings(sniff({ smtp: server }))).toEqual([expect.stringContaining('"smtp"')]);
  expect(stackWarnings(sniff({ smtp: server, silent: server }))).toEqual([]);
});
