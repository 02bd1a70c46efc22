import type { Factory, Transport } from '@hawser/core';
import { createTestAuthority, type TestCertificate } from '@hawser/core/testing';
import { acceptFor, keep, MemoryMailbox, smtp } from '@hawser/smtp';
import { expect, test } from 'vitest';
import type { Rig } from './delivery-cases.ts';
import { SmtpClient } from './smtp-client.ts';

const authority = createTestAuthority();

/** The certificate of the tests. */
export const certificate: TestCertificate = authority.server('localhost');

/** What STARTTLS does, wherever it runs. */
export function startTlsCases(open: (factory: Factory) => Promise<Rig>): void {
  const serve = async (): Promise<Rig & { mailbox: MemoryMailbox }> => {
    const mailbox = new MemoryMailbox();
    const rig = await open(
      smtp({
        startTls: certificate,
        auth: ({ username }) => username,
        rcptTo: acceptFor('example.net'),
        message: keep(mailbox),
      }),
    );
    return Object.assign(rig, { mailbox });
  };

  test('encrypts the session, forgets what was said before, and takes mail', async () => {
    await using rig = await serve();
    const plain = await rig.connect();
    await plain.reply();
    const features = await plain.command('EHLO before');
    expect(features).toContain('STARTTLS');
    expect(features).not.toContain('AUTH');
    expect(await plain.command('STARTTLS')).toMatch(/^220 /);
    const client = await upgrade(plain.transport);
    expect(await client.command('MAIL FROM:<a@example.org>')).toMatch(/^503 /);
    const encrypted = await client.command('EHLO after');
    expect(encrypted).toContain('AUTH PLAIN LOGIN');
    expect(encrypted).not.toContain('STARTTLS');
    const token = Buffer.from('\0ann\0x').toString('base64');
    expect(await client.command(`AUTH PLAIN ${token}`)).toMatch(/^235 /);
    await client.beginData();
    client.send(Buffer.alloc(500_000, 'abcdef\r\n'));
    expect(await client.command('.')).toMatch(/^250 /);
    expect(rig.mailbox.get(1)?.bytes).toBe(500_000);
    await client.command('QUIT');
    await client.closed;
    await expect.poll(() => rig.connections()).toBe(0);
    expect(rig.problems).toEqual([]);
  });

  test('drops commands that were sent in clear behind STARTTLS', async () => {
    await using rig = await serve();
    const plain = await rig.connect();
    await plain.greet();
    plain.send('STARTTLS\r\nNOOP\r\nNOOP\r\n');
    await rig.settle();
    expect(plain.said).not.toContain('250 2.0.0 OK');
  });

  test('a handshake that is garbage, or cut off, ends that connection alone', async () => {
    await using rig = await serve();
    for (const last of ['garbage\r\n'.repeat(100), '\u0016\u0003\u0001']) {
      const plain = await rig.connect();
      await plain.greet();
      await plain.command('STARTTLS');
      plain.send(last);
      await rig.settle();
      plain.transport.abort();
    }
    await expect.poll(() => rig.connections()).toBe(0);
    await (await rig.connect()).greet();
    expect(rig.problems).toEqual([]);
  });
}

function upgrade(transport: Transport): Promise<SmtpClient> {
  return new Promise((done) => {
    const client = new SmtpClient();
    client.connected = () => done(client);
    const upper = { name: 'client', buildProtocol: () => client };
    transport.handTo({
      dataReceived: () => undefined,
      connectionMade: (under) => {
        const { ca } = authority;
        under.reactor.tls.startClient(under, { ca, serverName: 'localhost' }, upper);
      },
    });
  });
}
