import { createSimReactor, delay, type SimHost } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import { codeAnswer } from '../../src/contract/answer.ts';
import type { DnsMessage } from '../../src/message/parse-message.ts';
import { Opcode, Rcode, Type } from '../../src/numbers.ts';
import { decodeSoa } from '../../src/rdata/decode-rdata.ts';
import { type NotifierOptions, notifier } from '../../src/transfer/notifier.ts';
import { propagated } from '../../src/transfer/propagated.ts';
import { tsigKey } from '../../src/tsig/key.ts';
import { FakeServer, type Script } from '../client/fake-server.ts';
import { JournaledZone, putting, rrset } from './journaled-zone.ts';
import { primaryScript } from './primary-script.ts';
import { toQuery } from './to-query.ts';

const answers: Script = () => ({});
const key = tsigKey('copy.example.net', 'hmac-sha256', Buffer.alloc(32, 7));

interface World {
  readonly primary: SimHost;
  readonly server: FakeServer;
  readonly secondary: SimHost;
  readonly zone: JournaledZone;
}

/** A primary, and a secondary at 10.0.0.2 or so that the zone knows as ns2. */
async function world(script: Script = answers): Promise<World & AsyncDisposable> {
  const sim = createSimReactor({ seed: 3 });
  const [primary, secondary] = sim.hosts('primary', 'secondary');
  const server = await FakeServer.start(secondary, script);
  const zone = new JournaledZone('example.net', { ns: ['ns1.example.net', 'ns2.example.net'] });
  zone.change(
    ...putting(
      rrset('ns1.example.net', 'A', primary.addresses[0] ?? ''),
      rrset('ns2.example.net', 'A', secondary.addresses[0] ?? ''),
    ),
  );
  return {
    primary,
    server,
    secondary,
    zone,
    [Symbol.asyncDispose]: () => sim[Symbol.asyncDispose](),
  };
}

function serials({ queries }: FakeServer): (number | undefined)[] {
  return queries.map(({ query }) => serialOf(query));
}

function serialOf({ answer }: DnsMessage): number | undefined {
  const wire = answer[0]?.rdata?.wire;
  return wire && decodeSoa(wire).serial;
}

async function started(
  { zone, primary }: World,
  options: NotifierOptions = {},
): Promise<ReturnType<typeof notifier>> {
  const made = notifier(zone, options);
  await made.started?.(primary);
  return made;
}

describe('NOTIFY out', () => {
  test('goes to the name servers but the primary when the server starts', async () => {
    await using it = await world();
    const made = await started(it);
    await delay(1_000, it.primary.clock);
    expect(it.server.queries).toHaveLength(1);
    const [{ query, transport } = {}] = it.server.queries;
    expect(transport).toBe('udp');
    expect(query).toMatchObject({
      opcode: Opcode.Notify,
      flags: 0x0400,
      question: { name: it.zone.origin, type: Type.SOA, class: 1 },
      answer: [{ type: Type.SOA, name: it.zone.origin }],
    });
    expect(serials(it.server)).toEqual([2]);
    expect(made.counters).toEqual({ sent: 1, delivered: 1, failed: 0 });
    await made.stopped?.();
  });

  test('goes out once for changes that are made together', async () => {
    await using it = await world();
    const made = await started(it, { debounceMs: 300 });
    await delay(1_000, it.primary.clock);
    for (let index = 0; index < 5; index++) {
      it.zone.change(...putting(rrset('a.example.net', 'TXT', String(index))));
      // oxlint-disable-next-line no-await-in-loop
      await delay(50, it.primary.clock);
    }
    expect(serials(it.server)).toEqual([2]);
    await delay(1_000, it.primary.clock);
    expect(serials(it.server)).toEqual([2, 7]);
    await made.stopped?.();
  });

  test('of a zone that never rests is not put off for ever', async () => {
    await using it = await world();
    const made = await started(it, { debounceMs: 300 });
    for (let index = 0; index < 40; index++) {
      it.zone.change(...putting(rrset('a.example.net', 'TXT', String(index))));
      // oxlint-disable-next-line no-await-in-loop
      await delay(100, it.primary.clock);
    }
    expect(it.server.queries.length).toBeGreaterThan(5);
    await made.stopped?.();
  });

  test.each(['REFUSED', 'NOTAUTH', 'NOTIMP', 'SERVFAIL'])(
    'any answer means that it has arrived: %s',
    async (name) => {
      const rcode = { REFUSED: 5, NOTAUTH: 9, NOTIMP: 4, SERVFAIL: 2 }[name];
      await using it = await world(() => ({ rcode }));
      const made = await started(it);
      await delay(100_000, it.primary.clock);
      expect(serials(it.server)).not.toHaveLength(0);
      expect(made.counters).toEqual({ sent: 1, delivered: 1, failed: 0 });
      await made.stopped?.();
    },
  );

  test('is repeated after 1, 2, 4, 8 and 16 seconds, and then no more', async () => {
    await using it = await world(() => undefined);
    const times: number[] = [];
    it.server.script = () => {
      times.push(it.primary.clock.now());
      return undefined;
    };
    const made = await started(it, { timeoutMs: 1_000 });
    await delay(400_000, it.primary.clock);
    const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0) - 1_000);
    expect(waits).toHaveLength(5);
    for (const [index, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(1_000 * 2 ** index);
      expect(wait).toBeLessThanOrEqual(1_250 * 2 ** index + 10);
    }
    expect(made.counters).toEqual({ sent: 6, delivered: 0, failed: 1 });
    // The next change is told again.
    it.server.script = answers;
    it.zone.change(...putting(rrset('a.example.net', 'TXT', 'x')));
    await delay(2_000, it.primary.clock);
    expect(made.counters).toMatchObject({ delivered: 1 });
    await made.stopped?.();
  });

  test('of a newer version takes the place of one that was not answered', async () => {
    await using it = await world(() => undefined);
    const made = await started(it, { timeoutMs: 1_000 });
    await delay(1_000, it.primary.clock);
    it.zone.change(...putting(rrset('a.example.net', 'TXT', 'x')));
    await delay(20_000, it.primary.clock);
    const seen = serials(it.server);
    expect(seen.indexOf(3)).toBeGreaterThan(0);
    expect(seen.slice(seen.indexOf(3))).not.toContain(2);
    await made.stopped?.();
  });

  test('goes to others as well, signed where there is a key', async () => {
    await using it = await world();
    const host = it.secondary.addresses[0] ?? '';
    const made = await started(it, {
      nameServers: false,
      also: [{ server: { host, port: 53 }, key }],
      retries: 0,
    });
    await delay(8_000, it.primary.clock);
    expect(it.server.queries[0]?.query.signatureOffset).toBeGreaterThan(0);
    // What is not signed in return may be from anybody.
    expect(made.counters).toMatchObject({ sent: 1, delivered: 0, failed: 1 });
    await made.stopped?.();
  });

  test('goes to addresses that the resolver knows, and asks it again for those it does not', async () => {
    await using it = await world();
    it.zone.change(
      ...putting(rrset('example.net', 'NS', 'ns1.example.net', 'elsewhere', 'nowhere')),
    );
    let asked = 0;
    const { resolver } = it.primary;
    const reactor: SimHost = Object.create(it.primary, {
      resolver: {
        value: {
          lookup: (name: string) => {
            if (name === 'nowhere') asked += 1;
            return resolver.lookup(name === 'elsewhere' ? 'secondary' : name);
          },
        },
      },
    });
    const made = notifier(it.zone, { retries: 2 });
    await made.started?.(reactor);
    await delay(60_000, it.primary.clock);
    expect(serials(it.server)).toEqual([3]);
    expect(asked).toBe(3);
    await made.stopped?.();
  });

  test('ends with the server, and begins with the next', async () => {
    await using it = await world(() => undefined);
    const made = await started(it);
    await delay(1_000, it.primary.clock);
    await made.stopped?.();
    it.zone.change(...putting(rrset('a.example.net', 'TXT', 'x')));
    const before = it.server.queries.length;
    await delay(60_000, it.primary.clock);
    expect(it.server.queries).toHaveLength(before);
    await made.started?.(it.primary);
    await delay(1_000, it.primary.clock);
    expect(serials(it.server).at(-1)).toBe(3);
    await made.stopped?.();
  });

  test('of a server that is none of the zone any more is not repeated', async () => {
    await using it = await world(() => undefined);
    const made = await started(it, { timeoutMs: 1_000 });
    await delay(2_000, it.primary.clock);
    it.zone.change(...putting(rrset('example.net', 'NS', 'ns1.example.net')));
    await delay(1_500, it.primary.clock);
    const before = it.server.queries.length;
    expect(before).toBeGreaterThan(0);
    await delay(120_000, it.primary.clock);
    expect(it.server.queries).toHaveLength(before);
    await made.stopped?.();
  });

  test('goes out once where two servers share it, until both have ended', async () => {
    await using it = await world();
    const made = await started(it);
    await made.started?.(it.primary);
    await delay(1_000, it.primary.clock);
    expect(serials(it.server)).toEqual([2]);
    await made.stopped?.();
    it.zone.change(...putting(rrset('a.example.net', 'TXT', 'x')));
    await delay(1_000, it.primary.clock);
    expect(serials(it.server)).toEqual([2, 3]);
    await made.stopped?.();
    it.zone.change(...putting(rrset('a.example.net', 'TXT', 'y')));
    await delay(1_000, it.primary.clock);
    expect(serials(it.server)).toEqual([2, 3]);
  });

  test('says nothing of a zone without content, and lets queries pass', async () => {
    await using it = await world();
    it.zone.snapshot = undefined;
    const made = await started(it);
    await delay(5_000, it.primary.clock);
    expect(it.server.queries).toEqual([]);
    const passed = codeAnswer(99);
    expect(made.handle(toQuery(Type.SOA), () => passed)).toBe(passed);
    await made.stopped?.();
  });

  test('of bad options is a mistake', () => {
    const zone = new JournaledZone();
    for (const options of [
      { debounceMs: -1 },
      { retries: -1 },
      { timeoutMs: 0 },
      { also: ['a b'] },
    ])
      expect(() => notifier(zone, options)).toThrow(
        expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
      );
  });
});

describe('propagated', () => {
  test('waits until every secondary has the serial', async () => {
    await using it = await world();
    const copy = new JournaledZone();
    copy.snapshot = it.zone.zone;
    it.server.script = primaryScript(copy);
    it.zone.change(...putting(rrset('a.example.net', 'TXT', 'x')));
    let done = false;
    const waiting = propagated(it.zone, { reactor: it.primary }).then(() => {
      done = true;
    });
    await delay(5_000, it.primary.clock);
    expect(done).toBe(false);
    copy.snapshot = it.zone.zone;
    await waiting;
    expect(done).toBe(true);
  });

  test('a later serial is good as well, an earlier one was there before', async () => {
    await using it = await world();
    it.server.script = primaryScript(it.zone);
    it.zone.change(...putting(rrset('a.example.net', 'TXT', 'x')));
    const { primary: reactor } = it;
    await expect(propagated(it.zone, { reactor, serial: 2 })).resolves.toBeUndefined();
    await expect(propagated(it.zone, { reactor, serial: 1 })).resolves.toBeUndefined();
  });

  test('names those that do not have it in time', async () => {
    await using it = await world(() => ({ rcode: Rcode.Refused }));
    const host = it.secondary.addresses[0] ?? '';
    const wait = propagated(it.zone, { reactor: it.primary, timeoutMs: 10_000 });
    await expect(wait).rejects.toMatchObject({
      name: 'TimeoutError',
      message: `Cannot find serial 2 of "example.net" within 10000 ms at udp://${host}:53`,
    });
    expect(it.server.queries.length).toBeGreaterThan(10);
  });

  test('of a zone without content, or with a bad server, is a mistake', async () => {
    await using it = await world();
    const bad = propagated(it.zone, { reactor: it.primary, servers: ['a b'] });
    await expect(bad).rejects.toMatchObject({ code: 'HAWSER_DNS_OPTIONS' });
    it.zone.snapshot = undefined;
    const empty = propagated(it.zone, { reactor: it.primary });
    await expect(empty).rejects.toMatchObject({ code: 'HAWSER_DNS_OPTIONS' });
  });
});
