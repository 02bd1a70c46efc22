import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { codeAnswer } from '../../src/contract/answer.ts';
import { type DynamicOptions, dynamic } from '../../src/handlers/dynamic.ts';
import { pass } from '../../src/handlers/function-asker.ts';
import type { Lookup } from '../../src/handlers/lookup.ts';
import { respond } from '../../src/handlers/respond.ts';
import { parseMessage } from '../../src/message/parse-message.ts';
import { parseType, Rcode, Type } from '../../src/numbers.ts';
import { Responder } from '../../src/server/responder.ts';
import { opt, query } from '../build.ts';
import { readReply } from '../read-reply.ts';
import { oneMessage } from '../server/one-message.ts';
import { asking } from './asking.ts';

function serve(options: DynamicOptions) {
  const reactor = createTestReactor();
  const zone = dynamic('example.net', { ns: ['ns1.example.net'], ...options });
  const responder = new Responder(zone);
  void responder.start(reactor);
  const ask = async (name: string, type = 'A', host = '192.0.2.99') => {
    const client = { kind: 'udp', host, port: 4000, family: 4 } as const;
    return readReply(
      oneMessage(
        await responder.respond(query(name, parseType(type)), { transport: 'udp', client }),
      ),
    );
  };
  return { reactor, responder, ask };
}

const soa = 'example.net 60 SOA ns1.example.net hostmaster.example.net 1 7200 900 1209600 60';

describe('a function zone', () => {
  test('asks with the name relative to the zone, in lower case', async () => {
    const asked: Partial<Lookup>[] = [];
    const { ask } = serve({
      resolve: ({ label, name, type, client }) => {
        asked.push({ label, name, type, client });
        return { A: '192.0.2.7' };
      },
    });
    await ask('A.Home.Example.NET', 'AAAA');
    await ask('example.net', 'TXT');
    const client = { kind: 'udp', host: '192.0.2.99', port: 4000, family: 4 };
    expect(asked).toEqual([
      { label: 'a.home', name: 'a.home.example.net', type: 'AAAA', client },
      { label: '@', name: 'example.net', type: 'TXT', client },
    ]);
  });

  test.each<[string, DynamicOptions['resolve'], object]>([
    [
      'an address',
      () => ({ A: '192.0.2.7', ttl: 30 }),
      { rcode: 0, aa: true, answer: ['x.example.net 30 A 192.0.2.7'] },
    ],
    [
      'several, later',
      async () => ({ A: ['192.0.2.7', '192.0.2.8'] }),
      { answer: ['x.example.net 60 A 192.0.2.7', 'x.example.net 60 A 192.0.2.8'] },
    ],
    [
      'undefined',
      () => undefined,
      { rcode: Rcode.NXDomain, aa: true, answer: [], authority: [soa] },
    ],
    [
      'undefined, later',
      async () => undefined,
      { rcode: Rcode.NXDomain, aa: true, authority: [soa] },
    ],
    ['{}', () => ({}), { rcode: 0, aa: true, answer: [], authority: [soa] }],
    [
      'another type only',
      () => ({ TXT: 'x' }),
      { rcode: 0, aa: true, answer: [], authority: [soa] },
    ],
    [
      'an alias within the zone',
      async ({ label }) => (label === 'x' ? { CNAME: 'y.example.net' } : { A: '192.0.2.7' }),
      { answer: ['x.example.net 60 CNAME y.example.net', 'y.example.net 60 A 192.0.2.7'] },
    ],
    [
      'an alias that leads nowhere',
      ({ label }) => (label === 'x' ? { CNAME: 'y.example.net' } : undefined),
      { rcode: Rcode.NXDomain, answer: ['x.example.net 60 CNAME y.example.net'], authority: [soa] },
    ],
    [
      'an alias to itself',
      () => ({ CNAME: 'x.example.net' }),
      { rcode: 0, answer: ['x.example.net 60 CNAME x.example.net'] },
    ],
    [
      'an alias elsewhere',
      () => ({ CNAME: 'example.org' }),
      { rcode: 0, answer: ['x.example.net 60 CNAME example.org'] },
    ],
    [
      'a delegation',
      () => ({ NS: 'ns.example.org' }),
      { aa: false, authority: ['x.example.net 60 NS ns.example.org'] },
    ],
  ])('%s', async (_, resolve, reply) => {
    const { ask, reactor } = serve({ resolve });
    expect(await ask('x.example.net')).toMatchObject(reply);
    expect(reactor.reports.problems).toEqual([]);
  });

  test.each<[string, DynamicOptions['resolve']]>([
    [
      'a throw',
      () => {
        throw new Error('mine');
      },
    ],
    ['a rejection', () => Promise.reject(new Error('mine'))],
    ['a bad address', () => ({ A: 'mine' })],
    ['a type there is not', () => ({ NONSENSE: 'mine' }) as never],
    ['something else', () => 'mine' as never],
    ['data beside an alias', () => ({ A: '192.0.2.1', CNAME: 'mine.example.net' })],
    ['a rejection with nothing', () => Promise.reject(undefined)],
    ['null', () => null as never],
    ['a function', () => (() => undefined) as never],
    ['an answer without sections', () => ({ kind: 'answer', rcode: 0 }) as never],
    [
      'records that throw',
      () => ({
        get A(): string {
          throw new Error('mine');
        },
      }),
    ],
    [
      'a then that throws',
      () => ({
        // oxlint-disable-next-line no-thenable -- one that is broken
        get then(): never {
          throw new Error('mine');
        },
      }),
    ],
  ])('%s is SERVFAIL and reported', async (_, resolve) => {
    const { ask, reactor } = serve({ resolve });
    expect(await ask('x.example.net')).toMatchObject({
      rcode: Rcode.ServFail,
      answer: [],
      authority: [],
    });
    expect(reactor.reports.problems).toHaveLength(1);
  });

  test('makes up SOA and NS without asking', async () => {
    const { ask } = serve({
      resolve: () => {
        throw new Error('asked');
      },
    });
    expect((await ask('example.net', 'NS')).answer).toEqual([
      'example.net 3600 NS ns1.example.net',
    ]);
    expect((await ask('example.net', 'SOA')).answer).toHaveLength(1);
  });

  test('a lookup that takes 2 seconds is SERVFAIL, and its signal is aborted', async () => {
    let signal: AbortSignal | undefined;
    const { ask, reactor } = serve({
      resolve: (lookup) => {
        signal = lookup.signal;
        return new Promise(() => {});
      },
    });
    const reply = ask('x.example.net');
    await reactor.clock.elapse(1_999);
    expect(signal?.aborted).toBe(false);
    await reactor.clock.elapse(1);
    expect((await reply).rcode).toBe(Rcode.ServFail);
    expect(signal?.aborted).toBe(true);
    expect(reactor.reports.problems).toMatchObject([{ error: { code: 'HAWSER_TIMEOUT' } }]);
  });

  test('an answer in time leaves no timer behind', async () => {
    const { ask, reactor } = serve({ resolve: async () => ({ A: '192.0.2.7' }) });
    await ask('x.example.net');
    await reactor.clock.settle();
    expect(reactor.clock.timers).toBe(0);
  });

  test('thousands of lookups take one timer', async () => {
    const answers: (() => void)[] = [];
    const { ask, reactor } = serve({
      resolve: () => new Promise((done) => answers.push(() => done({ A: '192.0.2.7' }))),
    });
    const idle = reactor.clock.timers;
    const replies = Array.from({ length: 1000 }, (_, index) => ask(`x${index}.example.net`));
    expect(reactor.clock.timers).toBe(idle + 1);
    for (const answer of answers) answer();
    await Promise.all(replies);
    expect(reactor.clock.timers).toBe(idle);
  });

  test('lookups that never end count for a minute after they took too long', async () => {
    const { ask, reactor } = serve({
      maxConcurrent: 2,
      resolve: ({ label }) => (label === 'x' ? { A: '192.0.2.7' } : new Promise(() => {})),
    });
    const lost = [ask('a.example.net'), ask('b.example.net')];
    await reactor.clock.elapse(2000);
    await Promise.all(lost);
    await reactor.clock.elapse(59_999);
    expect((await ask('x.example.net')).rcode).toBe(Rcode.ServFail);
    await reactor.clock.elapse(1);
    expect((await ask('x.example.net')).rcode).toBe(Rcode.NoError);
  });

  test('a lookup that ends after it took too long counts no more', async () => {
    const answers: (() => void)[] = [];
    const { ask, reactor } = serve({
      maxConcurrent: 1,
      resolve: ({ label }) =>
        label === 'x'
          ? { A: '192.0.2.7' }
          : new Promise((done) => answers.push(() => done(undefined))),
    });
    const lost = ask('a.example.net');
    await reactor.clock.elapse(2000);
    expect((await lost).rcode).toBe(Rcode.ServFail);
    expect((await ask('x.example.net')).rcode).toBe(Rcode.ServFail);
    answers[0]?.();
    await reactor.clock.settle();
    expect((await ask('x.example.net')).rcode).toBe(Rcode.NoError);
  });

  test('the same question of the same client is asked once while it is answered', async () => {
    const answers: (() => void)[] = [];
    const resolve: DynamicOptions['resolve'] = () =>
      new Promise((done) => answers.push(() => done({ A: '192.0.2.7' })));
    const { ask } = serve({ resolve });
    const replies = [
      ask('x.example.net'),
      ask('X.example.net'),
      ask('x.example.net', 'A', '192.0.2.1'),
      ask('x.example.net', 'AAAA'),
    ];
    expect(answers).toHaveLength(3);
    for (const answer of answers) answer();
    await Promise.all(replies);
    const later = ask('x.example.net');
    expect(answers).toHaveLength(4);
    answers[3]?.();
    await later;
    const shared = serve({ resolve, perClient: false });
    void shared.ask('x.example.net');
    void shared.ask('x.example.net', 'A', '192.0.2.1');
    expect(answers).toHaveLength(5);
  });

  test('an alias is followed to the origin, and to a name above itself', async () => {
    const { ask } = serve({
      resolve: ({ label }) => {
        if (label === 'www') return { CNAME: 'example.net' };
        if (label === 'a.host') return { CNAME: 'host.example.net' };
        return { A: '192.0.2.7' };
      },
    });
    expect((await ask('www.example.net')).answer).toEqual([
      'www.example.net 60 CNAME example.net',
      'example.net 60 A 192.0.2.7',
    ]);
    expect((await ask('a.host.example.net')).answer).toEqual([
      'a.host.example.net 60 CNAME host.example.net',
      'host.example.net 60 A 192.0.2.7',
    ]);
  });

  test('a query builder, which runs with each then, runs once', async () => {
    let runs = 0;
    const builder: PromiseLike<{ A: string }> = {
      // oxlint-disable-next-line no-thenable -- that is what query builders are
      then: (...handlers) => {
        runs++;
        return Promise.resolve({ A: '192.0.2.7' }).then(...handlers);
      },
    };
    const { ask } = serve({ resolve: () => builder });
    expect((await ask('x.example.net')).answer).toEqual(['x.example.net 60 A 192.0.2.7']);
    expect(runs).toBe(1);
  });

  test('no more queries wait for a shared lookup than ten times as many as lookups', async () => {
    const answers: (() => void)[] = [];
    const { ask, reactor } = serve({
      resolve: () => new Promise((done) => answers.push(() => done({ A: '192.0.2.7' }))),
      maxConcurrent: 2,
    });
    const replies = Array.from({ length: 20 }, () => ask('x.example.net'));
    expect((await ask('x.example.net')).rcode).toBe(Rcode.ServFail);
    expect(answers).toHaveLength(1);
    answers[0]?.();
    expect(new Set((await Promise.all(replies)).map(({ rcode }) => rcode))).toEqual(new Set([0]));
    await reactor.clock.settle();
    const again = ask('x.example.net');
    answers[1]?.();
    expect((await again).rcode).toBe(Rcode.NoError);
  });

  test('more lookups than allowed are SERVFAIL, reported once', async () => {
    const answers: (() => void)[] = [];
    const { ask, reactor } = serve({
      resolve: () => new Promise((done) => answers.push(() => done(undefined))),
      maxConcurrent: 2,
    });
    const replies = ['a', 'b'].map((label) => ask(`${label}.example.net`));
    expect((await ask('c.example.net')).rcode).toBe(Rcode.ServFail);
    expect((await ask('d.example.net')).rcode).toBe(Rcode.ServFail);
    expect(reactor.reports.problems).toHaveLength(1);
    for (const answer of answers) answer();
    await Promise.all(replies);
    const again = ask('c.example.net');
    answers[2]?.();
    expect((await again).rcode).toBe(Rcode.NXDomain);
  });

  test.each([
    { timeoutMs: 0 },
    { maxConcurrent: 0 },
    { ns: ['a..b'] },
    { ttl: -1 },
    { ttl: 0.5 },
    { ttl: 2 ** 31 },
    { apexTtl: -1 },
    { serveStale: { maxSeconds: 0 } },
    { serveStale: { maxEntries: 0 } },
  ])('does not take %j', (options) => {
    expect(() => serve({ resolve: () => undefined, ...options })).toThrow(
      expect.objectContaining({ name: 'UsageError' }),
    );
  });
});

describe('what a function is told', () => {
  test('how a query came, and for whom', async () => {
    const asked: unknown[] = [];
    const { ask } = await asking(
      dynamic('example.net', {
        resolve: ({ transport, tsigKey, subnet, signal }) => {
          asked.push({ transport, tsigKey, subnet, aborted: signal.aborted });
          return { A: '192.0.2.7' };
        },
      }),
    );
    await ask('a.example.net', { transport: 'tcp' });
    const reply = await ask('b.example.net', { subnet: Buffer.of(0, 1, 24, 0, 198, 51, 100) });
    expect(reply.answer).toEqual(['b.example.net 60 A 192.0.2.7']);
    expect(asked).toEqual([
      { transport: 'tcp', tsigKey: undefined, subnet: undefined, aborted: false },
      {
        transport: 'udp',
        tsigKey: undefined,
        subnet: { address: '198.51.100.0', sourcePrefix: 24, scopePrefix: 0 },
        aborted: false,
      },
    ]);
  });

  test.each([
    ['says so if it was looked at', true],
    ['says nothing if it was not', false],
  ])('a reply for a subnet %s', async (_, looks) => {
    const { send } = await asking(
      dynamic('example.net', {
        resolve: (lookup) => ({ TXT: looks ? (lookup.subnet?.address ?? '') : 'all' }),
      }),
    );
    const rdata = Buffer.of(0, 8, 0, 7, 0, 1, 24, 0, 198, 51, 100);
    const bytes = await send(query('x.example.net', Type.TXT, { additionals: [opt({ rdata })] }));
    const echoed = Buffer.of(0, 8, 0, 7, 0, 1, 24, 24, 198, 51, 100);
    expect(bytes?.includes(echoed)).toBe(looks);
  });

  test('an answer instead of records says for which subnet it is as well', async () => {
    const { send } = await asking(
      dynamic('example.net', {
        resolve: ({ subnet }) => codeAnswer(subnet ? Rcode.Refused : Rcode.NotImp),
      }),
    );
    const rdata = Buffer.of(0, 8, 0, 7, 0, 1, 24, 0, 198, 51, 100);
    const bytes = await send(query('x.example.net', Type.TXT, { additionals: [opt({ rdata })] }));
    expect(bytes?.includes(Buffer.of(0, 8, 0, 7, 0, 1, 24, 24, 198, 51, 100))).toBe(true);
  });

  test('clients that share an answer hear of their own subnet, not of another', async () => {
    const { send } = await asking(
      dynamic('example.net', {
        perClient: false,
        resolve: async ({ subnet }) => ({ TXT: subnet?.address ?? 'none' }),
      }),
    );
    const option = (host: number): Buffer => Buffer.of(0, 8, 0, 7, 0, 1, 24, 0, 198, 51, host);
    const asked = [option(100), option(101), undefined].map((rdata) =>
      send(query('x.example.net', Type.TXT, { additionals: [opt(rdata && { rdata })] })),
    );
    const replies = await Promise.all(asked);
    const subnets = replies.map((reply) => {
      const at = reply?.lastIndexOf(Buffer.of(0, 8, 0, 7, 0, 1, 24)) ?? -1;
      return at < 0 ? undefined : [reply?.[at + 7], reply?.[at + 10]];
    });
    expect(subnets).toEqual([[24, 100], [24, 101], undefined]);
  });

  test('clients that share an address but no transport do not share an answer', async () => {
    const { ask } = await asking(
      dynamic('example.net', { resolve: async ({ transport }) => ({ TXT: transport }) }),
    );
    const replies = await Promise.all(
      (['udp', 'tcp'] as const).map((transport) => ask('x.example.net TXT', { transport })),
    );
    expect(replies.map(({ answer }) => answer[0]?.split(' ').at(-1))).toEqual(['udp', 'tcp']);
  });

  test('clients of two subnets of one resolver do not share an answer', async () => {
    let calls = 0;
    const { ask } = await asking(
      dynamic('example.net', {
        resolve: async ({ subnet }) => {
          calls++;
          return { TXT: subnet?.address ?? 'none' };
        },
      }),
    );
    const subnets = [
      Buffer.of(0, 1, 8, 0, 10),
      Buffer.of(0, 1, 8, 0, 11),
      Buffer.of(0, 1, 8, 0, 10),
    ];
    const replies = await Promise.all(
      subnets.map((subnet) => ask('x.example.net TXT', { subnet })),
    );
    expect(replies.map(({ answer }) => answer[0]?.split(' ').at(-1))).toEqual([
      '10.0.0.0',
      '11.0.0.0',
      '10.0.0.0',
    ]);
    expect(calls).toBe(2);
  });
});

describe('a function may', () => {
  const zone = (resolve: DynamicOptions['resolve']) =>
    asking([dynamic('example.net', { resolve }), respond(Rcode.NotImp)]);

  test.each<[string, DynamicOptions['resolve'], number]>([
    ['refuse', () => codeAnswer(Rcode.Refused), Rcode.Refused],
    ['refuse later', async () => codeAnswer(Rcode.Refused), Rcode.Refused],
    ['let the next handler answer', () => pass, Rcode.NotImp],
    ['let the next handler answer later', async () => pass, Rcode.NotImp],
  ])('%s', async (_, resolve, rcode) => {
    const { ask } = await zone(resolve);
    expect(await ask('x.example.net')).toMatchObject({ rcode, answer: [], authority: [] });
  });

  test.each<[string, ReturnType<DynamicOptions['resolve']>]>([
    ['pass on', pass],
    ['refuse', codeAnswer(Rcode.Refused)],
  ])('%s what an alias leads to: the chain ends there', async (_, instead) => {
    const { ask } = await zone(({ label }) =>
      label === 'x' ? { CNAME: 'y.example.net' } : instead,
    );
    expect(await ask('x.example.net')).toMatchObject({
      rcode: Rcode.NoError,
      aa: true,
      answer: ['x.example.net 60 CNAME y.example.net'],
      authority: [],
    });
  });
});

describe('a lookup without an answer', () => {
  /** Extended errors of a reply, as they stand in it. */
  async function errorsOf(options: DynamicOptions, elapseMs = 0): Promise<[number, string][]> {
    const { send, reactor } = await asking(dynamic('example.net', options));
    const reply = send(query('x.example.net', 1, { additionals: [opt()] }));
    await reactor.clock.elapse(elapseMs);
    const message = parseMessage((await reply) ?? Buffer.alloc(0));
    const found = 'edns' in message ? (message.edns?.options ?? []) : [];
    return found
      .filter(({ code }) => code === 15)
      .map(({ data }) => [data.readUInt16BE(0), data.toString('utf8', 2)]);
  }

  test('tells why in an extended error, and nothing of what is within', async () => {
    const failing = () => Promise.reject(new Error('password is 1234'));
    expect(await errorsOf({ resolve: failing })).toEqual([[0, 'lookup failed']]);
    expect(await errorsOf({ resolve: () => new Promise(() => {}) }, 2000)).toEqual([
      [23, 'lookup timed out'],
    ]);
  });

  test('is reported once, however many wait for it', async () => {
    const { ask, reports } = await asking(
      dynamic('example.net', {
        resolve: async () => {
          throw new Error('mine');
        },
      }),
    );
    const replies = await Promise.all(Array.from({ length: 50 }, () => ask('x.example.net')));
    expect(new Set(replies.map(({ rcode }) => rcode))).toEqual(new Set([Rcode.ServFail]));
    expect(reports.problems).toHaveLength(1);
  });

  test('gets the last good one, if it may be stale', async () => {
    let works = true;
    const { ask, reactor, reports } = await asking(
      dynamic('example.net', {
        serveStale: { maxSeconds: 60 },
        resolve: async ({ label }) => {
          if (!works) throw new Error('mine');
          return label === 'x' ? { A: '192.0.2.7', ttl: 300 } : undefined;
        },
      }),
    );
    await ask('x.example.net');
    await ask('gone.example.net');
    works = false;
    expect(await ask('x.example.net')).toMatchObject({
      rcode: Rcode.NoError,
      answer: ['x.example.net 30 A 192.0.2.7'],
    });
    expect((await ask('gone.example.net')).rcode).toBe(Rcode.NXDomain);
    expect((await ask('other.example.net')).rcode).toBe(Rcode.ServFail);
    expect((await ask('x.example.net', { from: '192.0.2.1' })).rcode).toBe(Rcode.ServFail);
    expect(reports.problems).toHaveLength(4);
    await reactor.clock.elapse(60_001);
    expect((await ask('x.example.net')).rcode).toBe(Rcode.ServFail);
    works = true;
    expect((await ask('x.example.net')).answer).toEqual(['x.example.net 300 A 192.0.2.7']);
  });

  test('keeps no more stale ones than it may', async () => {
    let works = true;
    const { ask } = await asking(
      dynamic('example.net', {
        serveStale: { maxEntries: 2 },
        resolve: () => {
          if (!works) throw new Error('mine');
          return { A: '192.0.2.7' };
        },
      }),
    );
    for (const label of ['a', 'b', 'a', 'c']) await ask(`${label}.example.net`);
    works = false;
    const codes: number[] = [];
    for (const label of ['a', 'b', 'c']) codes.push((await ask(`${label}.example.net`)).rcode);
    expect(codes).toEqual([Rcode.NoError, Rcode.ServFail, Rcode.NoError]);
  });

  test('a signal read after the end is aborted', async () => {
    let late: Lookup | undefined;
    const { ask, reactor } = await asking(
      dynamic('example.net', {
        resolve: (lookup) => {
          late = lookup;
          return new Promise(() => {});
        },
      }),
    );
    const reply = ask('x.example.net');
    await reactor.clock.elapse(2000);
    await reply;
    expect(late?.signal.aborted).toBe(true);
  });
});
