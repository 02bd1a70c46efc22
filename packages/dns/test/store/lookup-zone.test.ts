import { SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { fixedZone } from '../../src/handlers/fixed-zone.ts';
import { Name } from '../../src/name.ts';
import { parseType, Rcode } from '../../src/numbers.ts';
import type { LookupSource } from '../../src/store/lookup-source.ts';
import { type LookupZoneOptions, lookupZone } from '../../src/store/lookup-zone.ts';
import type { RRset } from '../../src/zone/rrset.ts';
import type { Zone } from '../../src/zone/zone.ts';
import { asking } from '../handlers/asking.ts';
import type { ReadReply } from '../read-reply.ts';
import { rrsetsFrom, zoneFrom } from '../zone/zone-text.ts';

const origin = Name.parse('example.net');

/** A source that has what `zone` has, and remembers what it was asked. */
function sourceOf(zone: Zone) {
  const finds: string[][] = [];
  const belows: string[] = [];
  const source: LookupSource = {
    async find(names) {
      finds.push(names.map((name) => name.relativeTo(origin)));
      const rrsets: RRset[] = [];
      for (const name of names) rrsets.push(...(zone.node(name.key)?.rrsets.values() ?? []));
      return rrsets;
    },
    async below(name) {
      belows.push(name.relativeTo(origin));
      for (const rrset of zone.rrsets())
        if (rrset.name.isSubdomainOf(name) && !rrset.name.equals(name)) return true;
      return false;
    },
  };
  return { source, finds, belows };
}

/** Of a source that has nothing below names without data, unless it says so itself. */
const serve = (
  source: Pick<LookupSource, 'find'> & Partial<LookupSource>,
  options?: LookupZoneOptions,
) => asking(lookupZone('example.net', { below: () => false, ...source }, options));

/** Without order, which is nobody's business. */
function contentOf(reply: ReadReply): unknown {
  const plain = JSON.parse(JSON.stringify(reply)) as Record<string, unknown>;
  delete plain['id'];
  delete plain['bytes'];
  for (const [key, value] of Object.entries(plain))
    if (Array.isArray(value)) plain[key] = value.map((each) => JSON.stringify(each)).toSorted();
  return plain;
}

const zoneText = `
@ MX 10 mail
@ MX 20 backup.example.org.
mail A 192.0.2.25
mail AAAA 2001:db8::25
www A 192.0.2.1
alias CNAME www
chain CNAME alias
out CNAME www.example.org.
dangling CNAME nothing
loop CNAME loop2
loop2 CNAME loop
*.wild A 192.0.2.7
*.wild MX 10 mail
deep.ent.wild A 192.0.2.8
*.star CNAME x.wild
a.b.c.ent TXT "below"
*.ent A 192.0.2.99
child NS ns.child
child NS ns.example.org.
ns.child A 192.0.2.53
ds DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000
ds NS ns.example.org.
old DNAME www
tree DNAME ent
`;

describe('a zone that is looked up', () => {
  test.each([
    'example.net SOA',
    'example.net NS',
    'example.net MX',
    'example.net ANY',
    'www.example.net A',
    'www.example.net AAAA',
    'WwW.example.net A',
    'alias.example.net A',
    'chain.example.net A',
    'chain.example.net CNAME',
    'out.example.net A',
    'dangling.example.net A',
    'loop.example.net A',
    'nothing.example.net A',
    'a.nothing.example.net A',
    'x.wild.example.net A',
    'x.wild.example.net AAAA',
    'x.wild.example.net MX',
    'y.x.wild.example.net A',
    'wild.example.net A',
    '*.wild.example.net A',
    'ent.wild.example.net A',
    'other.ent.wild.example.net A',
    'deep.ent.wild.example.net A',
    'z.star.example.net A',
    'ent.example.net A',
    'c.ent.example.net A',
    'b.c.ent.example.net TXT',
    'a.b.c.ent.example.net TXT',
    'x.c.ent.example.net A',
    'x.ent.example.net A',
    'child.example.net A',
    'child.example.net DS',
    'deep.child.example.net A',
    'ns.child.example.net A',
    'ds.example.net DS',
    'x.old.example.net A',
    'c.tree.example.net A',
    'q.tree.example.net A',
  ])('answers %s as one in memory does', async (question) => {
    const zone = zoneFrom(zoneText);
    const looked = await serve(sourceOf(zone).source);
    const whole = await asking(fixedZone(zone));
    expect(contentOf(await looked.ask(question))).toEqual(contentOf(await whole.ask(question)));
    expect(looked.reports.problems).toEqual([]);
  });

  test.each(Array.from({ length: 60 }, (_, seed) => seed))(
    'answers all questions as one in memory does: seed %d',
    async (seed) => {
      const random = new SeededRandom(seed);
      const pick = <T>(list: readonly T[]): T =>
        list[Math.floor(random.float() * list.length)] as T;
      const labels = ['a', 'b', '*'];
      const anyName = (depth: number): string =>
        Array.from({ length: 1 + Math.floor(random.float() * depth) }, () => pick(labels)).join(
          '.',
        );
      const text: string[] = [];
      const taken = new Set<string>();
      for (let count = 0; count < 12; count++) {
        const name = anyName(4);
        if (taken.has(name)) continue;
        taken.add(name);
        const data = pick(['A 192.0.2.1', 'TXT "x"', 'CNAME', 'DNAME', 'NS', 'MX 10']);
        const target = pick([anyName(4), anyName(2), 'www.example.org.']);
        text.push(
          `${name} ${/[0-9"]$/.test(data) && data !== 'MX 10' ? data : `${data} ${target}`}`,
        );
      }
      const zone = zoneFrom(text.join('\n'));
      const looked = await serve(sourceOf(zone).source);
      const whole = await asking(fixedZone(zone));
      for (let count = 0; count < 40; count++) {
        const question = `${anyName(5)}.example.net ${pick(['A', 'TXT', 'NS', 'CNAME', 'DS', 'MX'])}`;
        const [one, other] = [await looked.ask(question), await whole.ask(question)];
        expect([question, text, contentOf(one)]).toEqual([question, text, contentOf(other)]);
      }
      expect(looked.reports.problems).toEqual([]);
    },
  );

  test('asks once for a question: the name, its ancestors and their wildcards', async () => {
    const { source, finds, belows } = sourceOf(zoneFrom(zoneText));
    const { ask } = await serve(source);
    await ask('www.example.net A');
    expect(finds).toEqual([['www', '@', '*']]);
    finds.splice(0);
    await ask('a.b.c.ent.example.net TXT');
    expect(finds[0]?.toSorted()).toEqual(
      [
        'a.b.c.ent',
        'b.c.ent',
        '*.b.c.ent',
        'c.ent',
        '*.c.ent',
        'ent',
        '*.ent',
        '@',
        '*',
      ].toSorted(),
    );
    expect([finds.length, belows]).toEqual([1, []]);
    await ask('x.y.wild.example.net A');
    expect(belows).toEqual(['y.wild']);
    finds.splice(0);
    await ask('chain.example.net A');
    expect(finds.map(([first]) => first)).toEqual(['chain', 'alias', 'www']);
  });

  test.each([
    ['nothing', 'www A 192.0.2.1', Rcode.NXDomain],
    ['a wildcard above', '* A 192.0.2.1', Rcode.NoError],
    ['a name without data on the way', `y.${'x.'.repeat(60)}deep A 192.0.2.1`, Rcode.NXDomain],
  ])('asks little about a name of many labels where there is %s', async (_, text, rcode) => {
    const { source, belows } = sourceOf(zoneFrom(text));
    const { ask } = await serve(source);
    const reply = await ask(`${'x.'.repeat(110)}deep.example.net A`);
    expect(reply.rcode).toBe(rcode);
    expect(belows.length).toBeLessThanOrEqual(8);
  });

  test('addresses go along, in a second call', async () => {
    const { source, finds } = sourceOf(zoneFrom(zoneText));
    const { ask } = await serve(source);
    const reply = await ask('example.net MX');
    expect([reply.answer.length, reply.additional.length, finds.length]).toEqual([2, 2, 2]);
    expect((await ask('chain.example.net A')).answer).toHaveLength(3);
  });

  test('a source that knows exact names only has no wildcard stand for one between', async () => {
    const zone = zoneFrom('* A 192.0.2.99\na.b A 192.0.2.1');
    const { ask } = await serve(sourceOf(zone).source);
    expect(await ask('b.example.net A')).toMatchObject({ rcode: Rcode.NoError, answer: [] });
    expect(await ask('c.b.example.net A')).toMatchObject({ rcode: Rcode.NXDomain, answer: [] });
    expect((await ask('c.example.net A')).answer).toHaveLength(1);
  });

  test('a source that could not tell them is refused', () => {
    const exact = { find: () => [] } as unknown as LookupSource;
    expect(() => lookupZone('example.net', exact)).toThrow(
      expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
    );
  });

  test('SOA and NS are made up where the source has none', async () => {
    const www = rrsetsFrom('www A 192.0.2.1', origin);
    const { ask } = await serve(
      { find: (names) => www.filter(({ name }) => names.some((each) => each.equals(name))) },
      { ns: ['ns.example.org'], soa: { serial: 7 } },
    );
    expect(await ask('www.example.net A')).toMatchObject({ rcode: Rcode.NoError });
    expect((await ask('x.example.net A')).rcode).toBe(Rcode.NXDomain);
    expect((await ask('example.net NS')).answer).toHaveLength(1);
  });

  test('what was not asked for is not believed', async () => {
    const { ask } = await serve({
      find: () => rrsetsFrom('www A 192.0.2.1\nx.www A 192.0.2.2\nother.org. A 192.0.2.3', origin),
    });
    expect((await ask('www.example.net A')).rcode).toBe(Rcode.NoError);
    expect((await ask('none.example.net A')).rcode).toBe(Rcode.NXDomain);
  });
});

describe('a source that fails', () => {
  const good = () => rrsetsFrom('www A 192.0.2.1', origin);

  test('is answered with SERVFAIL, reported once for all that wait, and asked again', async () => {
    let calls = 0;
    let failing = true;
    const { ask, reports } = await serve({
      async find() {
        calls++;
        if (failing) throw new Error('database is gone');
        return good();
      },
    });
    const replies = await Promise.all([ask('www.example.net A'), ask('www.example.net A')]);
    expect(replies.map(({ rcode }) => rcode)).toEqual([Rcode.ServFail, Rcode.ServFail]);
    expect(calls).toBe(1);
    expect(reports.problems).toMatchObject([
      { where: 'dns.lookup', error: { message: 'database is gone' } },
    ]);
    failing = false;
    expect((await ask('www.example.net A')).rcode).toBe(Rcode.NoError);
  });

  test('that takes too long is SERVFAIL and told to stop', async () => {
    let signal: AbortSignal | undefined;
    const { ask, reactor } = await serve(
      {
        find: (_, context) => {
          signal = context.signal;
          return new Promise(() => undefined);
        },
      },
      { timeoutMs: 500 },
    );
    const reply = ask('www.example.net A');
    await Promise.resolve();
    reactor.clock.advance(501);
    expect((await reply).rcode).toBe(Rcode.ServFail);
    expect(signal?.aborted).toBe(true);
  });

  test('has its last good answer given where that is wanted', async () => {
    let failing = false;
    const { ask, reports } = await serve(
      {
        async find() {
          if (failing) throw new Error('database is gone');
          return good();
        },
      },
      { serveStale: true },
    );
    await ask('www.example.net A');
    failing = true;
    const reply = await ask('www.example.net A');
    expect(reply.answer).toEqual(['www.example.net 30 A 192.0.2.1']);
    expect((await ask('other.example.net A')).rcode).toBe(Rcode.ServFail);
    expect(reports.problems).toHaveLength(2);
  });

  test('gives data that no zone may have: SERVFAIL, and reported', async () => {
    const { ask, reports } = await serve({
      find: () => rrsetsFrom('www A 192.0.2.1\nwww CNAME x', origin),
    });
    expect((await ask('www.example.net A')).rcode).toBe(Rcode.ServFail);
    expect(reports.problems).toMatchObject([{ error: { code: 'HAWSER_DNS_ZONE' } }]);
  });

  test('is not asked more often at once than it may be', async () => {
    let running = 0;
    const waiting: (() => void)[] = [];
    const { ask } = await serve(
      {
        find: () => {
          running++;
          return new Promise((resolve) => waiting.push(() => resolve(good())));
        },
      },
      { maxConcurrent: 2 },
    );
    const asked = ['a', 'b', 'c', 'd'].map((label) => ask(`${label}.example.net A`));
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    expect(running).toBe(2);
    for (const go of waiting) go();
    expect((await Promise.all(asked)).map(({ rcode }) => rcode)).toEqual([
      Rcode.NXDomain,
      Rcode.NXDomain,
      Rcode.ServFail,
      Rcode.ServFail,
    ]);
  });

  test.each([{ timeoutMs: 0 }, { maxConcurrent: Number.NaN }])('%j is refused', (options) => {
    expect(() => lookupZone('example.net', { find: good, below: () => false }, options)).toThrow(
      expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
    );
  });

  test('updates and transfers are not for it', async () => {
    const { ask } = await serve({ find: good });
    expect((await ask('example.net AXFR')).rcode).not.toBe(Rcode.NoError);
    expect(parseType('AXFR')).toBe(252);
  });
});
