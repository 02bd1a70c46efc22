import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { type DynamicOptions, dynamic, type Lookup } from '../../src/handlers/dynamic.ts';
import { parseType, Rcode } from '../../src/numbers.ts';
import { Responder } from '../../src/server/responder.ts';
import { query } from '../build.ts';
import { readReply } from '../read-reply.ts';

function serve(options: DynamicOptions) {
  const reactor = createTestReactor();
  const zone = dynamic('example.net', { ns: ['ns1.example.net'], ...options });
  const responder = new Responder(zone);
  void responder.start(reactor);
  const ask = async (name: string, type = 'A', host = '192.0.2.99') => {
    const client = { kind: 'udp', host, port: 4000, family: 4 } as const;
    return readReply(
      (await responder.respond(query(name, parseType(type)), { transport: 'udp', client })) ??
        undefined,
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

  test.each([{ timeoutMs: 0 }, { maxConcurrent: 0 }, { ns: ['a..b'] }])(
    'does not take %j',
    (options) => {
      expect(() => serve({ resolve: () => undefined, ...options })).toThrow(
        expect.objectContaining({ name: 'UsageError' }),
      );
    },
  );
});
