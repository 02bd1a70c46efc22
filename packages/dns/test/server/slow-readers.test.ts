// Clients that take what they asked for slowly, on a simulated network and virtual time.
import { type CloseReason, createSimReactor, type Transport } from '@hawser/core';
import { expect, test } from 'vitest';
import { answerWith } from '../../src/contract/answer.ts';
import type { DnsHandler } from '../../src/contract/handler.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { type DnsServiceOptions, dnsService } from '../../src/server.ts';
import { transfers } from '../../src/transfer/transfers.ts';
import { createRRset, type RRset } from '../../src/zone/rrset.ts';
import { framed, query } from '../build.ts';
import { JournaledZone } from '../transfer/journaled-zone.ts';

const text = createRRset(Name.parse('t.example.net'), Type.TXT, {
  ttl: 60,
  values: Array.from({ length: 100 }, (_, index) => ['x'.repeat(200) + index]),
});

function* endless(): Generator<RRset, void, undefined> {
  for (;;) yield text;
}

/** How long a client stays connected that sends `message` and takes a chunk now and then. */
async function lasts(
  message: Buffer,
  { everyMs, forMs, ...options }: DnsServiceOptions & { everyMs: number; forMs: number },
) {
  const sim = createSimReactor({ seed: 1 });
  const server = sim.host('server');
  const client = sim.host('client');
  const host = server.addresses[0] ?? '';
  const ends: (Error | undefined)[] = [];
  const handler: DnsHandler = (asked) =>
    asked.type === Type.AXFR
      ? { kind: 'stream', rrsets: endless(), ended: (failure) => void ends.push(failure) }
      : answerWith(0, { answer: [{ rrset: text }] });
  const service = dnsService(`${host}:53`, handler, options);
  await service.start(server);
  let connection: Transport | undefined;
  let lost: { atMs: number; reason: CloseReason } | undefined;
  let octets = 0;
  await client.tcp.connect({ host, port: 53 }, () => ({
    connectionMade(transport) {
      connection = transport;
      transport.write(message);
    },
    dataReceived(data) {
      octets += data.length;
      connection?.pauseReading();
    },
    connectionLost: (reason) => void (lost = { atMs: client.clock.now(), reason }),
  }));
  const start = client.clock.now();
  while (lost === undefined && client.clock.now() - start < forMs) {
    // oxlint-disable-next-line no-await-in-loop
    await new Promise<void>((resolve) => void client.clock.callLater(everyMs, resolve));
    connection?.resumeReading();
  }
  const seconds = lost && Math.round((lost.atMs - start) / 1000);
  await service.stop();
  return { seconds, octets, ends };
}

const copy = framed(query('example.net', Type.AXFR));

test('a transfer is over after two hours, however much of it is still to come', async () => {
  const { seconds, ends } = await lasts(copy, { everyMs: 9000, forMs: 10_000_000 });
  expect(seconds).toBeGreaterThanOrEqual(7200);
  expect(seconds).toBeLessThan(7220);
  expect(ends).toHaveLength(1);
  expect(ends[0]).toBeInstanceOf(Error);
});

test('how long a transfer may take is an option', async () => {
  const options = { transferTimeoutMs: 60_000, everyMs: 1000, forMs: 1_000_000 };
  const { seconds } = await lasts(copy, options);
  expect(seconds).toBeGreaterThanOrEqual(60);
  expect(seconds).toBeLessThan(63);
});

test('a client that takes nothing of a transfer for an hour is given up, one that only takes its time is not', async () => {
  const busy = await lasts(copy, { everyMs: 20_000, forMs: 4_000_000 });
  expect(busy.seconds).toBeUndefined();
  const dead = await lasts(copy, { everyMs: 7_000_000, forMs: 7_000_000 });
  expect(dead.seconds).toBe(3600);
  expect(dead.ends[0]).toBeInstanceOf(Error);
  const silent = { transferIdleMs: 30_000, everyMs: 100_000, forMs: 100_000 };
  expect((await lasts(copy, silent)).seconds).toBe(30);
});

test('answers are taken within a minute, whoever takes a little of them now and then', async () => {
  const many = Buffer.concat(Array(40).fill(framed(query('t.example.net', Type.TXT))));
  const { seconds, octets } = await lasts(many, { everyMs: 1000, forMs: 1_000_000 });
  expect(octets).toBeGreaterThan(50_000);
  expect(seconds).toBeGreaterThanOrEqual(60);
  expect(seconds).toBeLessThan(80);
});

test('a client that resets its connection in the middle of transfers makes room for others', async () => {
  const sim = createSimReactor({ seed: 2 });
  const [server, client] = [sim.host('server'), sim.host('client')];
  const host = server.addresses[0] ?? '';
  const zone = new JournaledZone().fill(8_000);
  const copies = transfers(zone, { allow: ['0.0.0.0/0', '::/0'], maxPerClient: 3 });
  const service = dnsService(`${host}:53`, [copies, zone]);
  await service.start(server);
  const ask = async (count: number): Promise<number> => {
    let octets = 0;
    let reset = (): void => {};
    await client.tcp.connect({ host, port: 53 }, () => ({
      connectionMade(transport) {
        reset = () => transport.abort();
        transport.write(Buffer.concat(Array.from({ length: count }, () => copy)));
      },
      dataReceived(data) {
        octets += data.length;
        if (octets > 50_000) reset();
      },
    }));
    await new Promise<void>((resolve) => void client.clock.callLater(5000, resolve));
    return octets;
  };
  for (let round = 1; round <= 3; round++) {
    // oxlint-disable-next-line no-await-in-loop
    expect(await ask(10)).toBeGreaterThan(50_000);
    const { axfr, failed, active } = copies.counters;
    expect(axfr).toBeGreaterThan(round);
    expect([failed, active]).toEqual([axfr, 0]);
  }
  await service.stop();
  expect(sim.leaks().filter(({ owner }) => owner === 'server')).toEqual([]);
});
