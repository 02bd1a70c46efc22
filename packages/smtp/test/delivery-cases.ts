import type { Factory } from '@hawser/core';
import { acceptFor, keep, MemoryMailbox, SmtpError, type SmtpOptions, smtp } from '@hawser/smtp';
import { expect, test } from 'vitest';
import type { SmtpClient } from './smtp-client.ts';

/** Somewhere a factory serves, with clients that reach it and collected problems. */
export interface Rig extends AsyncDisposable {
  readonly problems: readonly { readonly where: string; readonly error: unknown }[];
  connect(): Promise<SmtpClient>;
  /** Until what was under way has happened. */
  settle(): Promise<void>;
  connections(): number;
  /** Asks every connection to finish; settles when none is left. */
  drain(): PromiseLike<unknown>;
}

const MAIL = 'MAIL FROM:<ann@example.org>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n';

/** What a server does, wherever it runs. */
export function deliveryCases(open: (factory: Factory) => Promise<Rig>): void {
  const serve = async (
    options: Partial<SmtpOptions> = {},
  ): Promise<Rig & { mailbox: MemoryMailbox }> => {
    const mailbox = new MemoryMailbox();
    const rig = await open(
      smtp({
        hostname: 'mx.example.net',
        rcptTo: acceptFor('example.net'),
        message: keep(mailbox),
        ...options,
      }),
    );
    return Object.assign(rig, { mailbox });
  };

  test('takes a whole delivery', async () => {
    await using rig = await serve();
    const client = await rig.connect();
    expect(await client.reply()).toBe('220 mx.example.net ESMTP');
    const features = (await client.command('EHLO client.example')).split('\n');
    expect(features[0]).toBe('250-mx.example.net');
    expect(features.join()).toContain('SIZE 26214400');
    expect(features.join()).not.toMatch(/STARTTLS|AUTH/);
    expect(await client.command('MAIL FROM:<ann@example.org>')).toBe('250 2.1.0 Accepted');
    expect(await client.command('RCPT TO:<bob@example.net>')).toBe('250 2.1.5 Accepted');
    expect(await client.command('DATA')).toMatch(/^354 /);
    expect(await client.command('Subject: hi\r\nFrom: Ann\r\n\r\nHello\r\n.')).toBe(
      '250 2.6.0 Message accepted',
    );
    expect(await client.command('QUIT')).toMatch(/^221 /);
    expect(await client.closed).toEqual({ kind: 'done' });
    const [summary] = rig.mailbox.list();
    expect(summary).toMatchObject({ subject: 'hi', from: 'Ann', to: undefined });
    const mail = rig.mailbox.get(1);
    expect(mail?.content.toString()).toBe('Subject: hi\r\nFrom: Ann\r\n\r\nHello\r\n');
    expect(mail?.envelope.from.address).toBe('ann@example.org');
    expect(mail?.envelope.to.map(({ address }) => address)).toEqual(['bob@example.net']);
    expect(rig.problems).toEqual([]);
  });

  test('takes a pipelined delivery in one segment', async () => {
    await using rig = await serve();
    const client = await rig.connect();
    await client.reply();
    client.send(`EHLO c\r\n${MAIL}one\r\n.\r\n${MAIL}two\r\n.\r\nQUIT\r\n`);
    const codes = (await client.rest()).split('\r\n').filter((line) => /^\d{3} /.test(line));
    expect(codes.map((line) => line.slice(0, 3)).join(' ')).toBe(
      '250 250 250 354 250 250 250 354 250 221',
    );
    expect(rig.mailbox.size).toBe(2);
    expect(rig.mailbox.get(2)?.content.toString()).toBe('two\r\n');
  });

  test('takes a delivery a byte at a time', async () => {
    await using rig = await serve();
    const client = await rig.connect();
    await client.reply();
    for (const byte of Buffer.from(`EHLO c\r\n${MAIL}..a\r\n.b\r\n...\r\n.\r\nQUIT\r\n`)) {
      client.send(Buffer.from([byte]));
      await rig.settle();
    }
    await client.closed;
    expect(rig.mailbox.get(1)?.content.toString()).toBe('.a\r\nb\r\n..\r\n');
  });

  test('takes two messages in one session and forgets the first envelope', async () => {
    await using rig = await serve();
    const client = await rig.connect();
    await client.greet();
    await client.beginData();
    await client.command('one\r\n.');
    await client.command('MAIL FROM:<>');
    await client.command('RCPT TO:<eve@example.net>');
    await client.command('DATA');
    expect(await client.command('.')).toMatch(/^250 /);
    expect(rig.mailbox.get(2)?.envelope.from.address).toBe('');
    expect(rig.mailbox.get(2)?.envelope.to.map((to) => to.address)).toEqual(['eve@example.net']);
    expect(rig.mailbox.get(2)?.bytes).toBe(0);
  });

  test('refuses a recipient and goes on', async () => {
    await using rig = await serve();
    const client = await rig.connect();
    await client.greet();
    await client.command('MAIL FROM:<ann@example.org>');
    expect(await client.command('RCPT TO:<x@elsewhere.example>')).toBe('550 5.7.1 Relaying denied');
    expect(await client.command('DATA')).toMatch(/^503 /);
    expect(await client.command('RCPT TO:<bob@example.net>')).toMatch(/^250 /);
  });

  test('answers 451 when the message hook fails, reports it, and goes on', async () => {
    let fail = true;
    const broken = new Error('disk on fire');
    await using rig = await serve({
      message: async (message) => {
        await message.bytes();
        if (fail) throw broken;
      },
    });
    const client = await rig.connect();
    await client.greet();
    await client.beginData();
    expect(await client.command('x\r\n.')).toMatch(/^451 4\.3\.0 /);
    expect(rig.problems).toEqual([{ where: 'smtp.message', error: broken }]);
    fail = false;
    await client.beginData();
    expect(await client.command('x\r\n.')).toMatch(/^250 /);
  });

  test('answers after the end of the data when the hook refuses before it', async () => {
    await using rig = await serve({
      message: () => new SmtpError(554, 'Not today', { enhanced: '5.7.1' }),
    });
    const client = await rig.connect();
    await client.greet();
    await client.beginData();
    client.send(Buffer.alloc(300_000, 'abcdefg\r\n'));
    await rig.settle();
    expect(client.said).not.toContain('554');
    expect(await client.command('\r\n.')).toBe('554 5.7.1 Not today');
    expect(await client.command('NOOP')).toMatch(/^250 /);
  });

  test('refuses a message over the size, and goes on', async () => {
    await using rig = await serve({ maxMessageBytes: 1_000 });
    const client = await rig.connect();
    await client.greet();
    await client.beginData();
    client.send(`${'x'.repeat(998)}\r\n`);
    expect(await client.command('.')).toMatch(/^250 /);
    await client.beginData();
    client.send(`${'x'.repeat(999)}\r\n`);
    expect(await client.command('.')).toBe('552 5.3.4 Message exceeds 1000 bytes');
    expect(await client.command('MAIL FROM:<a@example.org> SIZE=1001')).toMatch(/^552 5\.3\.4 /);
    expect(rig.mailbox.size).toBe(1);
    expect(rig.problems).toEqual([]);
  });

  test('cuts off a message of twice the size', async () => {
    await using rig = await serve({ maxMessageBytes: 1_000 });
    const client = await rig.connect();
    await client.greet();
    await client.beginData();
    client.send(`${'x'.repeat(2_001)}\r\n`);
    expect(await client.reply()).toBe('552 5.3.4 Message exceeds 1000 bytes');
    await client.closed;
    expect(rig.mailbox.size).toBe(0);
  });

  test('lives through a client that vanishes at any point', async () => {
    await using rig = await serve();
    const talk = `EHLO c\r\n${MAIL}one\r\n.\r\nQUIT\r\n`;
    for (let length = 0; length <= talk.length; length += 7) {
      const client = await rig.connect();
      await client.reply();
      client.send(talk.slice(0, length));
      if (length % 2 === 0) await rig.settle();
      client.transport.abort();
    }
    const well = await rig.connect();
    await well.greet();
    await well.beginData();
    expect(await well.command('fine\r\n.')).toMatch(/^250 /);
    await well.command('QUIT');
    await well.closed;
    await expect.poll(() => rig.connections()).toBe(0);
    expect(rig.problems).toEqual([]);
  });

  test('answers the end of input by ending as well', async () => {
    await using rig = await serve();
    const client = await rig.connect();
    await client.greet();
    await client.beginData();
    client.send('half a mess');
    client.transport.end();
    await client.closed;
    await expect.poll(() => rig.connections()).toBe(0);
    expect(rig.mailbox.size).toBe(0);
    expect(rig.problems).toEqual([]);
  });

  test('keeps parallel sessions apart', async () => {
    await using rig = await serve();
    const clients = await Promise.all(Array.from({ length: 10 }, () => rig.connect()));
    await Promise.all(
      clients.map(async (client, i) => {
        await client.greet();
        if (i % 3 === 0) {
          client.send('\u0000\u0001rubbish\n');
          return;
        }
        await client.command(`MAIL FROM:<sender${i}@example.org>`);
        await client.command('RCPT TO:<bob@example.net>');
        await client.command('DATA');
        expect(await client.command(`Subject: ${i}\r\n\r\n.`)).toMatch(/^250 /);
      }),
    );
    const seen = rig.mailbox.list().map(({ id, subject }) => {
      expect(rig.mailbox.get(id)?.envelope.from.address).toBe(`sender${subject}@example.org`);
      return Number(subject);
    });
    expect(seen.sort((a, b) => a - b)).toEqual([1, 2, 4, 5, 7, 8]);
  });

  test('says 421 on a drain, after the transaction that runs', async () => {
    await using rig = await serve();
    const [idle, busy] = [await rig.connect(), await rig.connect()];
    await idle.greet();
    await busy.greet();
    await busy.beginData();
    const drained = rig.drain();
    expect(await idle.rest()).toBe('421 4.3.2 Service shutting down\r\n');
    expect(await busy.command('fine\r\n.')).toMatch(/^250 /);
    expect(await busy.rest()).toBe('421 4.3.2 Service shutting down\r\n');
    expect(rig.mailbox.size).toBe(1);
    await drained;
  });
}
