import { createSimReactor, delay, type SimHost } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import { DnsClient } from '../../src/client/dns-client.ts';
import type { TransferOptions, ZoneTransfer } from '../../src/client/zone-transfer.ts';
import type { DnsMessage } from '../../src/message/parse-message.ts';
import type { DnsRecord } from '../../src/message/record.ts';
import { Rcode, Type } from '../../src/numbers.ts';
import { decodeSoa } from '../../src/rdata/decode-rdata.ts';
import { tsigKey } from '../../src/tsig/key.ts';
import { Keyring } from '../../src/tsig/keyring.ts';
import { TsigStreamSigner } from '../../src/tsig/tsig-stream.ts';
import { verifyTsig } from '../../src/tsig/verify.ts';
import { FakeServer, reply, rr, type Says, type Script } from './fake-server.ts';

function soa(serial: number): DnsRecord {
  return rr('example.net 3600 SOA', {
    mname: 'ns.example.net',
    rname: 'admin.example.net',
    serial,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 1,
  });
}
const ns = rr('example.net 3600 NS ns.example.net');
const a = (name: string) => rr(`${name}.example.net 60 A 192.0.2.1`);

async function world(script: Script, options: TransferOptions = {}) {
  const sim = createSimReactor({ seed: 5 });
  const [serverHost, host] = sim.hosts('server', 'client');
  const server = await FakeServer.start(serverHost as SimHost, script);
  const client = new DnsClient({ reactor: host as SimHost });
  const transfer = client.transfer('example.net', serverHost?.addresses[0] ?? '', options);
  return { sim, server, client, transfer };
}

async function read(transfer: ZoneTransfer): Promise<string[]> {
  const lines: string[] = [];
  for await (const records of transfer) {
    for (const { name, type, rdata } of records)
      lines.push(
        type === Type.SOA
          ? `SOA ${decodeSoa(rdata?.wire as Buffer).serial}`
          : name.relativeTo(soa(1).name),
      );
  }
  return lines;
}

/** One message for each list. */
function messages(...answers: DnsRecord[][]): Says[] {
  return answers.map((answer) => ({ answer }));
}

test('AXFR is the zone from SOA to SOA, in however many messages', async () => {
  const { transfer, server } = await world(() =>
    messages([soa(7)], [ns, a('www')], [a('mail'), soa(7)]),
  );
  expect(await read(transfer)).toEqual(['SOA 7', '@', 'www', 'mail', 'SOA 7']);
  expect(transfer.style).toBe('zone');
  expect(transfer.serial).toBe(7);
  expect(server.queries[0]).toMatchObject({
    transport: 'tcp',
    query: { question: { type: Type.AXFR }, edns: undefined },
  });
});

test('IXFR sends the serial, and gives the changes', async () => {
  const script = () =>
    messages([soa(9), soa(7), a('old'), soa(8)], [a('new'), soa(8), soa(9), a('more'), soa(9)]);
  const { transfer, server } = await world(script, { serial: 7 });
  expect(await read(transfer)).toEqual([
    'SOA 9',
    'SOA 7',
    'old',
    'SOA 8',
    'new',
    'SOA 8',
    'SOA 9',
    'more',
    'SOA 9',
  ]);
  expect(transfer.style).toBe('changes');
  const [sent] = server.queries[0]?.query.authority ?? [];
  expect(decodeSoa(sent?.rdata?.wire as Buffer).serial).toBe(7);
});

test('IXFR may be answered with the zone', async () => {
  const { transfer } = await world(() => messages([soa(9), ns, a('www'), soa(9)]), { serial: 7 });
  expect(await read(transfer)).toEqual(['SOA 9', '@', 'www', 'SOA 9']);
  expect(transfer.style).toBe('zone');
});

test('IXFR is answered with one SOA if there is nothing newer', async () => {
  const { transfer } = await world(() => messages([soa(7)]), { serial: 7 });
  expect(await read(transfer)).toEqual(['SOA 7']);
  expect(transfer.style).toBe('current');
});

test('a newer SOA alone is the beginning of the zone', async () => {
  const { transfer } = await world(() => messages([soa(8)], [ns], [soa(8)]), { serial: 7 });
  expect(await read(transfer)).toEqual(['SOA 8', '@', 'SOA 8']);
});

test('what is not in the zone is left out', async () => {
  const foreign = rr('www.example.org 60 A 192.0.2.1');
  const { transfer } = await world(() => messages([soa(7), ns, foreign, soa(7)]));
  expect(await read(transfer)).toEqual(['SOA 7', '@', 'SOA 7']);
});

describe('what makes no sense is HAWSER_DNS_REPLY:', () => {
  const cases: readonly [string, DnsRecord[][], number | undefined][] = [
    ['no SOA at the beginning', [[ns, soa(7)]], undefined],
    ['an end with another serial', [[soa(7), ns, soa(8)]], undefined],
    ['records behind the end', [[soa(7), ns, soa(7), a('late')]], undefined],
    ['changes since another serial', [[soa(9), soa(6), a('x'), soa(9), soa(9)]], 7],
    ['a gap between changes', [[soa(9), soa(7), soa(8), soa(6), soa(9), soa(9)]], 7],
  ];
  test.each(cases)('%s', async (_, answers, serial) => {
    const { transfer } = await world(() => messages(...answers), { serial });
    await expect(read(transfer)).rejects.toMatchObject({ code: 'HAWSER_DNS_REPLY' });
  });
});

test('a refusal is HAWSER_DNS_SERVER with its code', async () => {
  const { transfer } = await world(() => ({ rcode: Rcode.Refused }));
  await expect(read(transfer)).rejects.toMatchObject({
    code: 'HAWSER_DNS_SERVER',
    rcode: Rcode.Refused,
  });
});

test('a connection that is lost in the middle is HAWSER_DNS_NETWORK', async () => {
  const { transfer, server, sim } = await world(() => {
    void delay(10, sim.clock).addCallback(() => {
      for (const each of server.live) each.transport.close();
    });
    return messages([soa(7), ns]);
  });
  await expect(read(transfer)).rejects.toMatchObject({ code: 'HAWSER_DNS_NETWORK' });
});

test('silence in the middle is HAWSER_DNS_TIMEOUT', async () => {
  const { transfer } = await world(() => messages([soa(7), ns]));
  await expect(read(transfer)).rejects.toMatchObject({ code: 'HAWSER_DNS_TIMEOUT' });
});

test('more records or octets than allowed are HAWSER_DNS_TOO_LARGE', async () => {
  const many = Array.from({ length: 50 }, (_, index) => a(`n${index}`));
  for (const limit of [{ maxRecords: 20 }, { maxBytes: 500 }]) {
    const { transfer } = await world(() => messages([soa(7), ...many, soa(7)]), limit);
    await expect(read(transfer)).rejects.toMatchObject({ code: 'HAWSER_DNS_TOO_LARGE' });
  }
});

test('a signal ends it', async () => {
  const controller = new AbortController();
  const { transfer, sim } = await world(() => messages([soa(7), ns]), {
    signal: controller.signal,
  });
  const reading = read(transfer);
  void delay(100, sim.clock).addCallback(() => controller.abort());
  await expect(reading).rejects.toMatchObject({ code: 'HAWSER_CANCELLED' });
});

test('leaving the loop closes the connection', async () => {
  const { transfer, server, sim } = await world(() => messages([soa(7), ns], [a('www')]));
  for await (const records of transfer) if (records.length > 0) break;
  await delay(100, sim.clock);
  expect(server.live.size).toBe(0);
});

test('closing the client ends it, also before it is connected', async () => {
  const { transfer, client, server, sim } = await world(() => messages([soa(7), ns]));
  const reading = read(transfer);
  await client.close();
  await expect(reading).rejects.toMatchObject({ code: 'HAWSER_DNS_CLOSED' });
  await delay(1_000, sim.clock);
  expect(server.live.size).toBe(0);
});

test('a SOA of another class is none of the zone', async () => {
  const chaos = { ...soa(7), class: 3 };
  const { transfer } = await world(() => messages([chaos, ns, a('www'), chaos]));
  await expect(read(transfer)).rejects.toThrow(/does not begin with the SOA/);
  const { transfer: other } = await world(() => messages([soa(7), ns, chaos, a('www'), soa(7)]));
  expect(await read(other)).toEqual(['SOA 7', '@', 'www', 'SOA 7']);
});

test.each([
  ['is a query', 2, 0x00],
  ['has another opcode', 2, 0xa4],
  ['is about another name', 13, 0x46],
])('a first message that %s is HAWSER_DNS_REPLY', async (_, at, octet) => {
  const { transfer } = await world((query) => {
    const whole = reply(query, { answer: [soa(7), ns, soa(7)] });
    whole[at] = octet;
    return whole;
  });
  await expect(read(transfer)).rejects.toMatchObject({ code: 'HAWSER_DNS_REPLY' });
});

test('its time is over even where every message comes in time', async () => {
  const script: Script = () =>
    messages([soa(7), ns], ...Array.from({ length: 50 }, () => [a('x')]));
  const { transfer, sim } = await world(script, { deadlineMs: 5_000 });
  const reading = (async () => {
    for await (const _ of transfer) await delay(1_000, sim.clock);
  })();
  await expect(reading).rejects.toMatchObject({ code: 'HAWSER_DNS_TIMEOUT' });
});

test('it is iterated once', async () => {
  const { transfer } = await world(() => messages([soa(7), ns, soa(7)]));
  await read(transfer);
  await expect(read(transfer)).rejects.toThrow(/twice/);
});

test('a slow reader stops the server, and loses nothing', async () => {
  const count = 200;
  const { transfer, sim } = await world(() =>
    messages([soa(7)], ...Array.from({ length: count }, (_, index) => [a(`n${index}`)]), [soa(7)]),
  );
  let seen = 0;
  for await (const records of transfer) {
    seen += records.length;
    await delay(5, sim.clock);
  }
  expect(seen).toBe(count + 2);
});

describe('signed', () => {
  const START_SECONDS = createSimReactor().clock.epoch() / 1000;
  const key = tsigKey('transfer-key', 'hmac-sha256', 'c2VjcmV0LXNlY3JldC1zZWNyZXQ=');
  const signing =
    (
      answers: DnsRecord[][],
      spoil: (message: Buffer, index: number) => Buffer = (message) => message,
    ): Script =>
    (query: DnsMessage) => {
      const outcome = verifyTsig(query, { keyring: new Keyring([key]), nowSeconds: START_SECONDS });
      if (outcome.kind !== 'verified') throw new Error(outcome.kind);
      const signer = new TsigStreamSigner(outcome);
      return answers.map((answer, index) =>
        spoil(signer.sign(reply(query, { answer }), { nowSeconds: START_SECONDS }), index),
      );
    };
  const answers = [[soa(7), ns], [a('www')], [soa(7)]];

  test('every message is verified', async () => {
    const { transfer } = await world(signing(answers), { key });
    expect(await read(transfer)).toEqual(['SOA 7', '@', 'www', 'SOA 7']);
  });

  test('a change in the middle is HAWSER_DNS_TSIG', async () => {
    const script = signing(answers, (message, index) => {
      if (index === 1) message[message.indexOf(Buffer.from([192, 0, 2, 1]))] = 203;
      return message;
    });
    const { transfer } = await world(script, { key });
    await expect(read(transfer)).rejects.toMatchObject({ code: 'HAWSER_DNS_TSIG' });
  });

  test('an end without a signature is none: what came since the last one may be forged', async () => {
    const { transfer } = await world(
      (query, how) => {
        const signed = signing(answers)(query, how) as Buffer[];
        return [...signed.slice(0, 2), reply(query, { answer: [a('forged'), soa(7)] })];
      },
      { key },
    );
    await expect(read(transfer)).rejects.toMatchObject({
      code: 'HAWSER_DNS_REPLY',
      message: expect.stringContaining('its end is not signed'),
    });
  });

  test('no signature is HAWSER_DNS_TSIG', async () => {
    const { transfer } = await world(() => messages(...answers), { key });
    await expect(read(transfer)).rejects.toMatchObject({ code: 'HAWSER_DNS_TSIG' });
  });
});
