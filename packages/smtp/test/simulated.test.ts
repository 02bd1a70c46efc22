// smtp-server over a simulated link: a message comes in, then a client that falls silent is sent away.
import { type Simulation, serve, simulate } from '@hawser/core';
import { expect, test } from 'vitest';
import { acceptFor, keep, MemoryMailbox, smtp } from '../src/index.ts';
import { SmtpClient } from './smtp-client.ts';

async function conversation(sim: Simulation): Promise<string[]> {
  const [server, client] = sim.hosts('server', 'client');
  sim.link(server, client, { latencyMs: [10, 40] });
  const mailbox = new MemoryMailbox({ maxMessages: 10 });
  const inbox = smtp({
    rcptTo: acceptFor('example.net'),
    message: keep(mailbox),
    idleTimeoutMs: 60_000,
  });
  return sim.settled.until(async () => {
    const service = serve('tcp://:25', inbox);
    await service.start(server);
    const talk = new SmtpClient();
    await client.tcp.connect({ host: 'server', port: 25 }, () => talk);
    const codes = [await talk.reply()];
    for (const line of [
      'EHLO client',
      'MAIL FROM:<ann@example.org>',
      'RCPT TO:<bob@example.net>',
      'DATA',
      'Subject: hello\r\n\r\nover a slow line\r\n.',
    ]) {
      codes.push(await talk.command(line));
    }
    // Nothing more is said: the server loses its patience.
    codes.push(await talk.rest());
    await service.stop();
    return [...codes.map((reply) => reply.slice(0, 3)), mailbox.list()[0]?.subject ?? ''];
  });
}

test('a message and a minute of silence take the same virtual time on every run', async () => {
  const runs = [];
  for (let run = 0; run < 5; run++) {
    runs.push(await simulate(conversation, { seed: 6, drive: 'manual' }));
  }
  for (const { result } of runs) {
    expect(result).toEqual(['220', '250', '250', '250', '354', '250', '421', 'hello']);
  }
  expect(runs[0]?.durationMs).toBeGreaterThan(60_000);
  expect(new Set(runs.map(({ durationMs }) => durationMs)).size).toBe(1);
});
