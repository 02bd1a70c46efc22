import { createSimReactor, delay, type Simulation } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import { type Answer, answerWith, codeAnswer, type Outcome } from '../../src/contract/answer.ts';
import type { DnsQuery } from '../../src/contract/query.ts';
import { cache } from '../../src/handlers/cache.ts';
import { type CacheOptions } from '../../src/handlers/cache-options.ts';
import { Name } from '../../src/name.ts';
import { Rcode, Type } from '../../src/numbers.ts';
import type { RecordValue } from '../../src/rdata/value.ts';
import { createRRset, type RRset } from '../../src/zone/rrset.ts';
import { asking, extendedErrors, lines } from './ask.ts';

type Behind = (query: DnsQuery) => Outcome | Promise<Outcome>;

async function world(behind: Behind, options: CacheOptions = {}) {
  const sim = createSimReactor({ seed: 6 });
  const host = sim.host('cache');
  const handler = cache(options);
  let asked = 0;
  const { ask } = await asking(host, [
    handler,
    (query) => {
      asked += 1;
      return behind(query);
    },
  ]);
  return { sim, host, handler, ask, asked: () => asked };
}

function rrset(name: string, type: number, ttl: number, value: RecordValue): RRset {
  return createRRset(Name.parse(name), type, { ttl, values: [value] });
}

function soa(ttl: number, minimum: number): RRset {
  const rest = { serial: 1, refresh: 1, retry: 1, expire: 1, minimum };
  return rrset('example.net', Type.SOA, ttl, {
    mname: 'ns.example.net',
    rname: 'x.example.net',
    ...rest,
  });
}

function address(ttl: number, value = '192.0.2.1', name = 'www.example.net'): Answer {
  return answerWith(Rcode.NoError, {
    answer: [{ rrset: rrset(name, Type.A, ttl, value) }],
    recursionAvailable: true,
  });
}

function negative(rcode: number, ttl: number, minimum: number): Answer {
  return answerWith(rcode, { authority: [{ rrset: soa(ttl, minimum) }] });
}

function after(sim: Simulation, ms: number, outcome: Outcome): Promise<Outcome> {
  return delay(ms, sim.clock).then(() => outcome);
}

describe('keeps', () => {
  test('an answer for its TTL, which counts down', async () => {
    const { ask, asked, sim } = await world(() => address(60));
    expect(lines((await ask('www.example.net')).answer)).toEqual([
      'www.example.net 60 A 192.0.2.1',
    ]);
    await delay(20_500, sim.clock);
    expect(lines((await ask('WWW.example.net')).answer)).toEqual([
      'WWW.example.net 40 A 192.0.2.1',
    ]);
    await delay(39_000, sim.clock);
    expect(lines((await ask('www.example.net')).answer)).toEqual(['www.example.net 1 A 192.0.2.1']);
    expect(asked()).toBe(1);
    await delay(600, sim.clock);
    await ask('www.example.net');
    expect(asked()).toBe(2);
  });

  test('all sections for the lowest TTL among them', async () => {
    const { ask, asked, sim } = await world(() =>
      answerWith(Rcode.NoError, {
        answer: [{ rrset: rrset('www.example.net', Type.A, 60, '192.0.2.1') }],
        authority: [{ rrset: rrset('example.net', Type.NS, 10, 'ns.example.net') }],
        additional: [{ rrset: rrset('ns.example.net', Type.A, 20, '192.0.2.2') }],
      }),
    );
    await ask('www.example.net');
    await delay(9_000, sim.clock);
    const { authority, additional } = await ask('www.example.net');
    expect(lines([...authority, ...additional])).toEqual([
      'example.net 1 NS ns.example.net',
      'ns.example.net 11 A 192.0.2.2',
    ]);
    await delay(1_000, sim.clock);
    await ask('www.example.net');
    expect(asked()).toBe(2);
  });

  test.each([
    ['NXDOMAIN', Rcode.NXDomain],
    ['no data', Rcode.NoError],
  ])('%s for the smaller of TTL and minimum of the SOA', async (_, rcode) => {
    for (const [ttl, minimum] of [
      [100, 30],
      [30, 100],
    ] as const) {
      const { ask, asked, sim } = await world(() => negative(rcode, ttl, minimum));
      await ask('none.example.net');
      await delay(29_000, sim.clock);
      const reply = await ask('none.example.net');
      expect(reply.rcode).toBe(rcode);
      expect(reply.authority[0]?.ttl).toBe(1);
      expect(asked()).toBe(1);
      await delay(1_000, sim.clock);
      await ask('none.example.net');
      expect(asked()).toBe(2);
    }
  });

  test('SERVFAIL for a moment (RFC 9520), and says so', async () => {
    const { ask, asked, sim } = await world(() => codeAnswer(Rcode.ServFail));
    expect(extendedErrors(await ask('www.example.net'))).toEqual([]);
    const second = await ask('www.example.net');
    expect(second.rcode).toBe(Rcode.ServFail);
    expect(extendedErrors(second)).toEqual([13]);
    expect(asked()).toBe(1);
    await delay(5_000, sim.clock);
    await ask('www.example.net');
    expect(asked()).toBe(2);
  });

  test('an alias to nothing as long as the absence', async () => {
    const { ask, asked, sim } = await world(() =>
      answerWith(Rcode.NXDomain, {
        answer: [{ rrset: rrset('www.example.net', Type.CNAME, 600, 'gone.example.net') }],
        authority: [{ rrset: soa(600, 10) }],
      }),
    );
    await ask('www.example.net');
    await delay(10_000, sim.clock);
    await ask('www.example.net');
    expect(asked()).toBe(2);
  });

  test('no longer than allowed', async () => {
    const bounds = { maxTtl: 20, negativeTtl: 10 };
    const positive = await world(() => address(1_000), bounds);
    expect((await positive.ask('www.example.net')).answer[0]?.ttl).toBe(20);
    await delay(20_000, positive.sim.clock);
    await positive.ask('www.example.net');
    expect(positive.asked()).toBe(2);
    const absent = await world(() => negative(Rcode.NXDomain, 1_000, 1_000), bounds);
    expect((await absent.ask('none.example.net')).authority[0]?.ttl).toBe(10);
    await delay(10_000, absent.sim.clock);
    await absent.ask('none.example.net');
    expect(absent.asked()).toBe(2);
  });

  test('at least as long as wanted', async () => {
    const { ask, asked, sim } = await world(() => address(1), { minTtl: 30 });
    await ask('www.example.net');
    await delay(20_000, sim.clock);
    expect((await ask('www.example.net')).answer[0]?.ttl).toBe(10);
    expect(asked()).toBe(1);
  });
});

describe('does not keep', () => {
  const cases: readonly [string, Answer][] = [
    ['TTL 0', address(0)],
    ['answers of own zones', { ...address(60), authoritative: true }],
    ['absence without SOA', answerWith(Rcode.NXDomain, {})],
    [
      'referrals',
      answerWith(Rcode.NoError, {
        authority: [{ rrset: rrset('example.net', Type.NS, 60, 'ns.example.net') }],
      }),
    ],
    ['REFUSED', codeAnswer(Rcode.Refused)],
    ['SERVFAIL of who is too busy', answerWith(Rcode.ServFail, { errors: [{ code: 14 }] })],
    ['NOTIMP', codeAnswer(Rcode.NotImp)],
  ];
  test.each(cases)('%s', async (_, answer) => {
    const { ask, asked, handler } = await world(() => answer);
    const first = await ask('www.example.net');
    expect(
      await ask('www.example.net').then(({ rcode, answer: records }) => [rcode, lines(records)]),
    ).toEqual([first.rcode, lines(first.answer)]);
    expect(asked()).toBe(2);
    expect(handler.size).toBe(0);
  });

  test('what is asked with a client subnet', async () => {
    const { ask, asked } = await world(() => address(60));
    const options = [{ code: 8, data: Buffer.from([0, 1, 24, 0, 192, 0, 2]) }];
    for (let count = 0; count < 2; count++)
      await ask('www.example.net', 1, { edns: { udpSize: 1232, options } });
    expect(asked()).toBe(2);
  });

  test.each([
    ['NOTIFY', 4],
    ['UPDATE', 5],
  ])('%s', async (_, opcode) => {
    const { ask, asked } = await world(() => codeAnswer(Rcode.NoError));
    for (let count = 0; count < 2; count++)
      await ask('example.net', Type.SOA, { opcode, flags: 0 });
    expect(asked()).toBe(2);
  });
});

test('answers of own zones are kept where that is wanted, without AA', async () => {
  const { ask, asked } = await world(() => ({ ...address(60), authoritative: true }), {
    authoritative: true,
  });
  await ask('www.example.net');
  expect((await ask('www.example.net')).flags & 0x0400).toBe(0);
  expect(asked()).toBe(1);
});

test('DO, CD, AD, RD and the type make different questions', async () => {
  const { ask, asked } = await world(() => address(60));
  const variants = [
    {},
    { edns: { udpSize: 1232, dnssecOk: true } },
    { flags: 0x0110 },
    { flags: 0x0120 },
    { flags: 0 },
  ];
  for (let round = 0; round < 2; round++) {
    for (const variant of variants) await ask('www.example.net', 1, variant);
    await ask('www.example.net', 28);
  }
  expect(asked()).toBe(6 + 1);
});

describe('the same question at the same time', () => {
  test('is asked once', async () => {
    const { ask, asked, sim } = await world(() => after(sim, 100, address(60)));
    const replies = await Promise.all(Array.from({ length: 20 }, () => ask('www.example.net')));
    expect(replies.every(({ answer }) => answer.length === 1)).toBe(true);
    expect(asked()).toBe(1);
  });

  test('is asked by each if the answer is for one only', async () => {
    let count = 0;
    const { ask } = await world(() => {
      count += 1;
      return after(sim, 100, { ...address(60, `192.0.2.${count}`), authoritative: true });
    });
    const sim = createSimReactor();
    const replies = await Promise.all([ask('www.example.net'), ask('www.example.net')]);
    expect(new Set(replies.flatMap(({ answer }) => lines(answer))).size).toBe(2);
  });

  test('fails for all if it fails, and is asked again by the next', async () => {
    let fails = true;
    const { ask, asked, sim, host } = await world(async () => {
      await delay(100, sim.clock);
      if (fails) throw new Error('broken');
      return address(60);
    });
    const replies = await Promise.all([ask('www.example.net'), ask('www.example.net')]);
    expect(replies.map(({ rcode }) => rcode)).toEqual([Rcode.ServFail, Rcode.ServFail]);
    // Once, however many wait.
    expect(host.reports.problems).toHaveLength(1);
    host.reports.problems.length = 0;
    fails = false;
    expect((await ask('www.example.net')).rcode).toBe(Rcode.NoError);
    expect(asked()).toBe(2);
  });
});

describe('no more queries than allowed wait', () => {
  test('for what is being asked: others get SERVFAIL, which is not kept', async () => {
    const { ask, asked, sim } = await world(() => after(sim, 100, address(60)), { maxWaiting: 2 });
    const replies = await Promise.all([0, 1, 2, 3, 4].map(() => ask('www.example.net')));
    expect(replies.map(({ rcode }) => rcode)).toEqual([0, 0, 0, 2, 2]);
    expect(replies.map(extendedErrors)).toEqual([[], [], [], [14], [14]]);
    expect((await ask('www.example.net')).rcode).toBe(0);
    expect(asked()).toBe(1);
    // Those who waited do not count any more.
    const later = await Promise.all([0, 1, 2].map(() => ask('other.example.net')));
    expect(later.map(({ rcode }) => rcode)).toEqual([0, 0, 0]);
  });

  test('for something fresh: others are shown what has ended, and there is one timer', async () => {
    let ttl = 10;
    const { ask, sim, host } = await world(() => after(sim, 1_000, address(ttl)), {
      serveStale: true,
      maxWaiting: 20,
    });
    await ask('www.example.net');
    await delay(10_000, sim.clock);
    ttl = 77;
    const timers = host.clock.callLater.bind(host.clock);
    let armed = 0;
    Object.defineProperty(host.clock, 'callLater', {
      configurable: true,
      value: (...call: Parameters<typeof timers>) => {
        armed += 1;
        return timers(...call);
      },
    });
    const replies = await Promise.all(Array.from({ length: 30 }, () => ask('www.example.net')));
    expect(replies.map(({ answer }) => answer[0]?.ttl)).toEqual([
      ...Array.from({ length: 20 }, () => 77),
      ...Array.from({ length: 10 }, () => 30),
    ]);
    expect(armed).toBe(1);
  });
});

describe('stale answers (RFC 8767)', () => {
  test.each([
    ['REFUSED', Rcode.Refused],
    ['FORMERR', Rcode.FormErr],
    ['NOTIMP', Rcode.NotImp],
  ])('outlive %s, which says nothing about the name', async (_, rcode) => {
    const says: Outcome[] = [address(10)];
    const { ask, sim } = await world(() => says.shift() ?? codeAnswer(rcode), { serveStale: true });
    await ask('www.example.net');
    for (let times = 0; times < 3; times++) {
      await delay(31_000, sim.clock);
      expect(extendedErrors(await ask('www.example.net'))).toEqual([3]);
    }
  });

  test('are shown to all who wait when the handler throws, which is reported once', async () => {
    let fails = false;
    const { ask, sim, host } = await world(
      async () => {
        await delay(100, sim.clock);
        if (fails) throw new Error('broken');
        return address(10);
      },
      { serveStale: true },
    );
    await ask('www.example.net');
    await delay(10_000, sim.clock);
    fails = true;
    const replies = await Promise.all(Array.from({ length: 10 }, () => ask('www.example.net')));
    expect(new Set(replies.flatMap(extendedErrors))).toEqual(new Set([3]));
    expect(host.reports.problems).toHaveLength(1);
    host.reports.problems.length = 0;
  });

  test('are not shown unless wanted', async () => {
    let fails = false;
    const { ask, sim } = await world(() => (fails ? codeAnswer(Rcode.ServFail) : address(10)));
    await ask('www.example.net');
    await delay(10_000, sim.clock);
    fails = true;
    expect((await ask('www.example.net')).rcode).toBe(Rcode.ServFail);
  });

  test('are shown on failure, with a TTL of 30 and the extended error 3', async () => {
    let fails = false;
    const { ask, asked, sim } = await world(
      () => (fails ? codeAnswer(Rcode.ServFail) : address(10)),
      { serveStale: true },
    );
    await ask('www.example.net');
    await delay(10_000, sim.clock);
    fails = true;
    const reply = await ask('www.example.net');
    expect(lines(reply.answer)).toEqual(['www.example.net 30 A 192.0.2.1']);
    expect(extendedErrors(reply)).toEqual([3]);
    // For a while nobody is bothered with it.
    await ask('www.example.net');
    expect(asked()).toBe(2);
    await delay(30_000, sim.clock);
    fails = false;
    expect((await ask('www.example.net')).answer[0]?.ttl).toBe(10);
    expect(asked()).toBe(3);
  });

  test('are not said to be validated', async () => {
    const says: Outcome[] = [{ ...address(10), authenticData: true }];
    const { ask, sim } = await world(() => says.shift() ?? codeAnswer(Rcode.ServFail), {
      serveStale: true,
    });
    const AD = 0x20;
    expect((await ask('www.example.net')).flags & AD).toBe(AD);
    await delay(10_000, sim.clock);
    const stale = await ask('www.example.net');
    expect(extendedErrors(stale)).toEqual([3]);
    expect(stale.flags & AD).toBe(0);
  });

  test('of NXDOMAIN have the extended error 19', async () => {
    let fails = false;
    const { ask, sim } = await world(
      () => (fails ? codeAnswer(Rcode.ServFail) : negative(Rcode.NXDomain, 10, 10)),
      { serveStale: true },
    );
    await ask('www.example.net');
    await delay(10_000, sim.clock);
    fails = true;
    const reply = await ask('www.example.net');
    expect(reply.rcode).toBe(Rcode.NXDomain);
    expect(extendedErrors(reply)).toEqual([19]);
  });

  test('are shown to who has waited 1.8 seconds, and the fresh one to who asks later', async () => {
    let slow = false;
    const { ask, sim } = await world(
      () => (slow ? after(sim, 3_000, address(10, '192.0.2.2')) : address(10)),
      { serveStale: true },
    );
    await ask('www.example.net');
    await delay(10_000, sim.clock);
    slow = true;
    const began = sim.now();
    expect(lines((await ask('www.example.net')).answer)).toEqual([
      'www.example.net 30 A 192.0.2.1',
    ]);
    expect(sim.now() - began).toBe(1_800);
    await delay(2_000, sim.clock);
    expect(lines((await ask('www.example.net')).answer)[0]).toMatch(/192\.0\.2\.2$/);
  });

  test('are not shown if a fresh one comes in time', async () => {
    let ttl = 10;
    const { ask, sim } = await world(() => after(sim, 1_000, address(ttl)), { serveStale: true });
    await ask('www.example.net');
    await delay(10_000, sim.clock);
    ttl = 77;
    const reply = await ask('www.example.net');
    expect(reply.answer[0]?.ttl).toBe(77);
    expect(extendedErrors(reply)).toEqual([]);
  });

  test('are shown when the handler throws', async () => {
    let fails = false;
    const { ask, sim, host } = await world(
      () => {
        if (fails) throw new Error('broken');
        return address(10);
      },
      { serveStale: true },
    );
    await ask('www.example.net');
    await delay(10_000, sim.clock);
    fails = true;
    expect((await ask('www.example.net')).answer).toHaveLength(1);
    expect(host.reports.problems).toHaveLength(1);
    host.reports.problems.length = 0;
  });

  test('are gone when there is a newer one, even if that is not kept', async () => {
    const says: Outcome[] = [address(60), address(0, '192.0.2.2'), codeAnswer(Rcode.ServFail)];
    const { ask, sim } = await world(() => says.shift() ?? codeAnswer(Rcode.ServFail), {
      serveStale: true,
    });
    await ask('www.example.net');
    await delay(61_000, sim.clock);
    expect(lines((await ask('www.example.net')).answer)).toEqual(['www.example.net 0 A 192.0.2.2']);
    const { rcode, answer } = await ask('www.example.net');
    expect({ rcode, answer }).toEqual({ rcode: Rcode.ServFail, answer: [] });
  });

  test('end some time', async () => {
    let fails = false;
    const { ask, sim } = await world(() => (fails ? codeAnswer(Rcode.ServFail) : address(10)), {
      serveStale: { maxSeconds: 100 },
    });
    await ask('www.example.net');
    fails = true;
    await delay(110_000, sim.clock);
    expect((await ask('www.example.net')).rcode).toBe(Rcode.ServFail);
  });
});

describe('prefetch', () => {
  test('asks again in the last tenth, in the background', async () => {
    let last = 0;
    const { ask, asked, sim, handler } = await world(
      () => after(sim, 50, address(100, `192.0.2.${++last}`)),
      { prefetch: true },
    );
    await ask('www.example.net');
    await delay(89_000, sim.clock);
    await ask('www.example.net');
    expect(asked()).toBe(1);
    await delay(2_000, sim.clock);
    for (let count = 0; count < 3; count++)
      expect(lines((await ask('www.example.net')).answer)[0]).toMatch(/192\.0\.2\.1$/);
    expect(handler.counters.prefetched).toBe(1);
    await delay(100, sim.clock);
    expect(lines((await ask('www.example.net')).answer)).toEqual([
      'www.example.net 100 A 192.0.2.2',
    ]);
    expect(asked()).toBe(2);
  });

  test('that fails leaves what there is', async () => {
    let fails = false;
    const { ask, asked, sim } = await world(
      () => after(sim, 50, fails ? codeAnswer(Rcode.ServFail) : address(100)),
      { prefetch: true },
    );
    await ask('www.example.net');
    fails = true;
    await delay(95_000, sim.clock);
    await ask('www.example.net');
    await delay(100, sim.clock);
    expect((await ask('www.example.net')).answer).toHaveLength(1);
    await delay(100, sim.clock);
    expect(asked()).toBe(2);
  });
});

describe('purge', () => {
  test('forgets a name, or all below it', async () => {
    const { ask, handler } = await world((query) =>
      address(60, '192.0.2.1', query.name.toString()),
    );
    // The octets of the last one end like those of the name, but in the middle of a label.
    const apart = ['badexample.net', 'x\\007example.net'];
    for (const name of ['example.net', 'a.example.net', 'b.a.example.net', ...apart])
      await ask(name);
    expect(handler.purge('A.example.net')).toBe(1);
    expect(handler.purge('example.net', { below: true })).toBe(2);
    expect(handler.size).toBe(2);
    expect(handler.purge('.', { below: true })).toBe(2);
    handler.clear();
    expect(handler.size).toBe(0);
    expect(handler.bytes).toBe(0);
  });

  test('what is on its way is not kept', async () => {
    const { ask, asked, sim, handler } = await world(() => after(sim, 100, address(60)));
    const asking = ask('www.example.net');
    await delay(50, sim.clock);
    handler.purge('www.example.net');
    await asking;
    await ask('www.example.net');
    expect(asked()).toBe(2);
  });
});

test('it stays within its memory, and keeps what is asked for', async () => {
  const { ask, handler } = await world((query) => address(60, '192.0.2.1', query.name.toString()), {
    maxBytes: 50_000,
  });
  for (let count = 0; count < 500; count++) {
    await ask(`n${count}.example.net`);
    await ask('favourite.example.net');
    expect(handler.bytes).toBeLessThanOrEqual(50_000);
  }
  expect(handler.evicted).toBeGreaterThan(400);
  expect(handler.counters.hits).toBe(499);
});

test('texts of extended errors are counted', async () => {
  const text = 'x'.repeat(5_000);
  const explained = { ...address(60), errors: [{ code: 0, text }] };
  const { ask, handler } = await world(() => explained);
  await ask('www.example.net');
  expect(handler.bytes).toBeGreaterThan(text.length);
});

test('one answer that takes more than an eighth of it is not kept', async () => {
  const { ask, handler } = await world(() => address(60), { maxBytes: 10_000 });
  await ask('www.example.net');
  expect(handler.size).toBe(0);
  const { ask: askMore, handler: larger } = await world(() => address(60), { maxBytes: 50_000 });
  await askMore('www.example.net');
  expect(larger.size).toBe(1);
});

test('names in the data are counted, as they take more memory than their octets', async () => {
  const measured = async (type: number, values: readonly RecordValue[]) => {
    const name = Name.parse('www.example.net');
    const { ask, handler } = await world(() =>
      answerWith(Rcode.NoError, {
        answer: [{ rrset: createRRset(name, type, { ttl: 60, values }) }],
      }),
    );
    await ask('www.example.net', type);
    return handler.bytes;
  };
  const ten = Array.from({ length: 10 }, (_, index) => index);
  const texts = await measured(
    Type.TXT,
    ten.map((index) => `${index}${'x'.repeat(20)}`),
  );
  const exchangers = await measured(
    Type.MX,
    ten.map((index) => ({ preference: index, exchange: `mx${index}.example.net` })),
  );
  expect(exchangers).toBeGreaterThan(texts + 4_000);
});

test('signed queries are not answered from it', async () => {
  const handler = cache();
  let asked = 0;
  const query = {
    opcode: 0,
    class: 1,
    type: 1,
    tsigKey: Name.parse('k'),
    edns: undefined,
  } as DnsQuery;
  for (let count = 0; count < 2; count++) {
    await handler.handle(query, () => {
      asked += 1;
      return address(60);
    });
  }
  expect(asked).toBe(2);
});

test('bad options are mistakes', () => {
  expect(() => cache({ maxTtl: -1 })).toThrow(/maxTtl/);
  expect(() => cache({ maxWaiting: Number.POSITIVE_INFINITY })).toThrow(/maxWaiting/);
  expect(() => cache({ failureTtl: 301 })).toThrow(/failureTtl must be 0 to 300: 301/);
  expect(() => cache({ serveStale: { clientTimeoutMs: Number.NaN } })).toThrow(/clientTimeoutMs/);
});

test('whatever happens: no TTL above the original, and nothing after its end', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const truth = new Map<string, { ttl: number; at: number; value: string }>();
    const { ask, sim, host } = await world(
      (query) => {
        const name = query.name.toString();
        const ttl = host.random.bytes(1)[0] ?? 0;
        const value = `192.0.2.${host.random.bytes(1)[0]}`;
        const wait = (host.random.bytes(1)[0] ?? 0) * 10;
        const fails = ttl > 240;
        return delay(wait, sim.clock).then(() => {
          if (fails) return codeAnswer(Rcode.ServFail);
          truth.set(name, { ttl, at: sim.now(), value });
          return address(ttl, value, name);
        });
      },
      { prefetch: seed % 2 === 0, maxBytes: seed % 3 === 0 ? 20_000 : 1_000_000 },
    );
    for (let step = 0; step < 100; step++) {
      const bytes = host.random.bytes(3);
      await delay((bytes[0] ?? 0) * (bytes[1] ?? 0), sim.clock);
      const name = `n${(bytes[2] ?? 0) % 12}.example.net`;
      const reply = await ask(name);
      if (reply.rcode === Rcode.ServFail) continue;
      const known = truth.get(name);
      const age = (sim.now() - (known?.at ?? 0)) / 1000;
      const shown = reply.answer[0]?.ttl ?? 0;
      expect(lines(reply.answer)).toEqual([`${name} ${shown} A ${known?.value}`]);
      expect(shown).toBe((known?.ttl ?? 0) - Math.floor(age));
      expect(shown).toBeGreaterThanOrEqual(0);
    }
  }
});
