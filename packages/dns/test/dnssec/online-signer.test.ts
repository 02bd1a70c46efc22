import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { toRRsets } from '../../src/client/to-rrsets.ts';
import { answerWith } from '../../src/contract/answer.ts';
import { type OnlineSignerOptions, onlineSigner } from '../../src/dnssec/online-signer.ts';
import { generateKey } from '../../src/dnssec/signing-key.ts';
import { verifyRRset } from '../../src/dnssec/verify.ts';
import { dynamic } from '../../src/handlers/dynamic.ts';
import type { DnsMessage } from '../../src/message/parse-message.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import type { HostRecords } from '../../src/rdata/value.ts';
import { lookupZone } from '../../src/store/lookup-zone.ts';
import type { RRset } from '../../src/zone/rrset.ts';
import { asking, lines } from '../handlers/ask.ts';
import { Seeded } from '../seeded.ts';
import { zoneFrom } from '../zone/zone-text.ts';

const key = generateKey();
const signed = { edns: { udpSize: 1232, dnssecOk: true } };
const compact = { edns: { udpSize: 1232, dnssecOk: true, compactOk: true } };

const names: Readonly<Record<string, HostRecords | undefined>> = {
  www: { A: ['192.0.2.1', '192.0.2.2'], TXT: 'hello' },
  alias: { CNAME: 'www.example.net' },
  dangling: { CNAME: 'gone.example.net' },
  tree: { DNAME: 'example.org' },
  sub: { NS: 'ns.sub.example.net', A: '192.0.2.9' },
  safe: { NS: 'ns.example.org', DS: `1 13 2 ${'ab'.repeat(32)}` },
  empty: {},
};

async function setUp(options: Partial<OnlineSignerOptions> = {}) {
  const reactor = createTestReactor();
  const zone = dynamic('example.net', {
    resolve: ({ label }) => {
      if (label === 'broken') throw new Error('no idea');
      return label.endsWith('.wild') ? { A: '192.0.2.7' } : names[label];
    },
  });
  const online = onlineSigner(zone, { keys: [key], types: 'exact', ...options });
  const { ask, responder } = await asking(reactor, [online]);
  return { reactor, online, ask, responder };
}

/** Everything in `message` that is signed, checked; the types and owners of what is not. */
function unsignedIn(message: DnsMessage, reactor: { clock: { epoch(): number } }): string[] {
  const found: string[] = [];
  const atSeconds = Math.floor(reactor.clock.epoch() / 1000);
  for (const section of [message.answer, message.authority]) {
    const rrsets: RRset[] = toRRsets(section);
    const signatures = rrsets.filter(({ type }) => type === Type.RRSIG);
    for (const rrset of rrsets) {
      if (rrset.type === Type.RRSIG) continue;
      const over = signatures
        .filter(({ name }) => name.equals(rrset.name))
        .flatMap(({ records }) => records)
        .filter(({ wire }) => wire.readUInt16BE(0) === rrset.type);
      if (over.length === 0) found.push(`${rrset.name} ${rrset.type}`);
      for (const signature of over)
        expect(verifyRRset(rrset, { signature, key: key.rdata }, { atSeconds })).toBeUndefined();
    }
  }
  return found;
}

const nsecs = (message: DnsMessage) =>
  lines([...message.answer, ...message.authority].filter(({ type }) => type === Type.NSEC));

describe('answers signed when they are given', () => {
  test.each([
    ['www.example.net', Type.A],
    ['x.wild.example.net', Type.A],
    ['*.wild.example.net', Type.A],
    ['alias.example.net', Type.A],
    ['example.net', Type.SOA],
    ['example.net', Type.NS],
    ['example.net', Type.DNSKEY],
    ['example.net', Type.CDS],
    ['example.net', Type.CDNSKEY],
    ['www.example.net', Type.ANY],
    ['safe.example.net', Type.DS],
    ['www.example.net', Type.AAAA],
    ['gone.example.net', Type.A],
    ['dangling.example.net', Type.A],
    ['empty.example.net', Type.A],
    ['example.net', Type.MX],
    ['www.example.net', Type.NSEC],
  ] as const)('%s type %i is signed throughout', async (name, type) => {
    const { ask, reactor } = await setUp();
    const message = await ask(name, type, signed);
    expect(message.answer.length + message.authority.length).toBeGreaterThan(1);
    expect(unsignedIn(message, reactor)).toEqual([]);
  });

  test('RRSIG asked for by itself is one signature of the name', async () => {
    const { ask } = await setUp();
    const message = await ask('www.example.net', Type.RRSIG, signed);
    expect(message.answer.map(({ type }) => type)).toEqual([Type.RRSIG]);
    expect(message.authority).toEqual([]);
  });

  test('nobody who does not ask for signatures gets any', async () => {
    const { ask } = await setUp();
    const message = await ask('gone.example.net');
    expect(message.rcode).toBe(3);
    expect(lines(message.authority)).toHaveLength(1);
    expect((await ask('www.example.net')).answer).toHaveLength(2);
    expect((await ask('example.net', Type.DNSKEY)).answer).toHaveLength(1);
  });

  test('a DNAME is signed, and no alias it makes, however often it is used', async () => {
    const zone = zoneFrom('tree DNAME other\nx.other CNAME y.tree\ny.other A 192.0.2.1');
    const reactor = createTestReactor();
    const found = lookupZone('example.net', {
      find: async (asked) => asked.flatMap((name) => [...(zone.node(name.key)?.list ?? [])]),
      below: (name) => zone.node(name.key) !== undefined,
    });
    const { ask } = await asking(reactor, [onlineSigner(found, { keys: [key] })]);
    const message = await ask('x.tree.example.net', Type.A, signed);
    expect(message.answer.filter(({ type }) => type === Type.CNAME)).toHaveLength(3);
    expect(unsignedIn(message, reactor)).toEqual(['x.tree.example.net 5', 'y.tree.example.net 5']);
  });

  test('the servers of a delegation are not signed, and that there is no DS is', async () => {
    const { ask, reactor } = await setUp();
    const message = await ask('sub.example.net', Type.A, signed);
    expect(unsignedIn(message, reactor)).toEqual([`sub.example.net ${Type.NS}`]);
    expect(nsecs(message)).toEqual(['sub.example.net 60 NSEC sub\\000.example.net NS,RRSIG,NSEC']);
    const ds = await ask('sub.example.net', Type.DS, signed);
    expect(nsecs(ds)).toEqual(['sub.example.net 60 NSEC sub\\000.example.net NS,RRSIG,NSEC']);
  });

  test('a delegation with DS has it, signed', async () => {
    const { ask, reactor } = await setUp();
    const message = await ask('safe.example.net', Type.A, signed);
    expect(unsignedIn(message, reactor)).toEqual([`safe.example.net ${Type.NS}`]);
    expect(message.authority.map(({ type }) => type)).toEqual([Type.NS, Type.DS, Type.RRSIG]);
  });

  test('delegations above the name are found in zones that are looked up', async () => {
    const zone = zoneFrom(`sub NS ns.elsewhere.example.\nsub DS 1 13 2 ${'ab'.repeat(32)}`);
    const found = lookupZone('example.net', {
      find: async (asked) => asked.flatMap((name) => [...(zone.node(name.key)?.list ?? [])]),
      below: (name) => zone.node(name.key) !== undefined,
    });
    const reactor = createTestReactor();
    const { ask } = await asking(reactor, [onlineSigner(found, { keys: [key] })]);
    const message = await ask('a.b.sub.example.net', Type.A, signed);
    expect(unsignedIn(message, reactor)).toEqual([`sub.example.net ${Type.NS}`]);
    expect(message.authority.map(({ type }) => type)).toContain(Type.DS);
  });
});

describe('compact denial (RFC 9824)', () => {
  test('§3.1: a name that does not exist is there, with NXNAME and nothing else', async () => {
    const { ask } = await setUp();
    const message = await ask('gone.example.net', Type.A, signed);
    expect([message.rcode, message.edns?.compactOk]).toEqual([0, false]);
    expect(nsecs(message)).toEqual([
      'gone.example.net 60 NSEC \\000.gone.example.net RRSIG,NSEC,NXNAME',
    ]);
  });

  test('§3.2: a type that is missing is not among those there are', async () => {
    const { ask } = await setUp();
    expect(nsecs(await ask('www.example.net', Type.AAAA, signed))).toEqual([
      'www.example.net 60 NSEC \\000.www.example.net A,TXT,RRSIG,NSEC',
    ]);
  });

  test('§3.3: an empty non-terminal has nothing, not even NXNAME', async () => {
    const { ask } = await setUp();
    expect(nsecs(await ask('empty.example.net', Type.A, signed))).toEqual([
      'empty.example.net 60 NSEC \\000.empty.example.net RRSIG,NSEC',
    ]);
  });

  test('§3.5: NXNAME is not to be asked for', async () => {
    const { ask } = await setUp();
    expect((await ask('www.example.net', Type.NXNAME, signed)).rcode).toBe(1);
  });

  test('§5.1: who says that he understands it gets the code as well', async () => {
    const { ask } = await setUp();
    const message = await ask('gone.example.net', Type.A, compact);
    expect([message.rcode, message.edns?.compactOk]).toEqual([3, true]);
    const chain = await ask('dangling.example.net', Type.A, compact);
    expect([chain.rcode, chain.edns?.compactOk]).toEqual([3, true]);
    expect((await ask('dangling.example.net', Type.A, signed)).rcode).toBe(0);
  });

  test.each([
    ['www.example.net', Type.A],
    ['www.example.net', Type.AAAA],
    ['www.example.net', Type.NSEC],
    ['gone.example.net', Type.A],
    ['alias.example.net', Type.A],
    ['sub.example.net', Type.A],
    ['safe.example.net', Type.A],
    ['example.net', Type.DNSKEY],
    ['example.net', Type.MX],
    ['www.example.net', Type.RRSIG],
    ['x.tree.example.net', Type.A],
    ['broken.example.net', Type.A],
  ])('§5.1: every response to who says so says so too: %s type %i', async (name, type) => {
    const { ask, reactor } = await setUp();
    for (let times = 0; times < 2; times++) {
      expect((await ask(name, type, compact)).edns?.compactOk).toBe(true);
      expect((await ask(name, type, signed)).edns?.compactOk).toBe(false);
    }
    reactor.reports.problems.length = 0;
  });

  test('§5.1: who wants no signatures wants no compact proofs', async () => {
    const { ask } = await setUp();
    const message = await ask('gone.example.net', Type.A, {
      edns: { udpSize: 1232, compactOk: true },
    });
    expect([message.rcode, message.edns?.compactOk]).toEqual([3, false]);
  });

  test('a safe proof denies nothing but what was asked for', async () => {
    const { ask } = await setUp({ types: 'safe' });
    const [proof] = nsecs(await ask('www.example.net', Type.AAAA, signed));
    expect(proof).toContain('A,MX,TXT,LOC,SRV');
    expect(proof).not.toContain('AAAA');
  });

  test('names as long as names get are denied too', async () => {
    const label = 'x'.repeat(63);
    const long = `${label}.${label}.${label}.${'y'.repeat(49)}.example.net`;
    expect(Name.parse(long).wire).toHaveLength(255);
    const { ask, reactor } = await setUp();
    const message = await ask(long, Type.A, signed);
    expect(unsignedIn(message, reactor)).toEqual([]);
    expect(nsecs(message)[0]).toContain(`NSEC ${'x'.repeat(62)}y.`);
  });
});

describe('names after which there is hardly another', () => {
  const last = '\\255'.repeat(63);

  test.each([
    // Nothing that fits is between, and what is beside the name above is not denied.
    [`${'\\255'.repeat(45)}.${last}.${last}.${last}.abc`, 'abc\\000.example.net'],
    [`${'\\255'.repeat(49)}.${last}.${last}.${last}`, 'example.net'],
    [`@${'\\255'.repeat(48)}.${last}.${last}.${last}`, `[.${last}.`],
    [`${last}.${'\\255'.repeat(49)}.${last}.${last}`, `${'\\255'.repeat(49)}\\000.${last}.`],
  ])('%#: the proof denies no more than it has to', async (prefix, next) => {
    const { ask, reactor } = await setUp();
    const message = await ask(`${prefix}.example.net`, Type.A, signed);
    expect(unsignedIn(message, reactor)).toEqual([]);
    expect(nsecs(message)[0]).toContain(` NSEC ${next}`);
  });

  test('a delegation with a label of the last octets ends with the zone', async () => {
    const zone = zoneFrom(`${last} NS ns.elsewhere.example.`);
    const reactor = createTestReactor();
    const found = lookupZone('example.net', {
      find: async (asked) => asked.flatMap((name) => [...(zone.node(name.key)?.list ?? [])]),
      below: (name) => zone.node(name.key) !== undefined,
    });
    const { ask } = await asking(reactor, [onlineSigner(found, { keys: [key] })]);
    const message = await ask(`www.${last}.example.net`, Type.A, signed);
    expect(nsecs(message)[0]).toContain(' NSEC example.net NS,RRSIG,NSEC');
  });
});

describe('who asks for NSEC without asking for signatures', () => {
  test('gets it without one', async () => {
    const { ask } = await setUp();
    const message = await ask('www.example.net', Type.NSEC);
    expect(lines(message.answer)).toEqual([
      'www.example.net 60 NSEC \\000.www.example.net A,TXT,RRSIG,NSEC',
    ]);
    expect(message.authority).toEqual([]);
  });

  test('is told that a name does not exist as everybody is', async () => {
    const { ask } = await setUp();
    const message = await ask('gone.example.net', Type.NSEC);
    expect(message.rcode).toBe(3);
    expect(message.authority.map(({ type }) => type)).toEqual([Type.SOA]);
  });
});

test('signatures over the same data have the owner of what they are given with', async () => {
  const given = ['*', 'www'].map((name) =>
    [...zoneFrom(`${name} A 192.0.2.1`).rrsets()].find(({ type }) => type === Type.A),
  );
  const reactor = createTestReactor();
  const zone = {
    origin: Name.parse('example.net'),
    handle: () => {
      const [rrset] = given.splice(0, 1);
      const owner = rrset?.name.toString().startsWith('*') ? ('question' as const) : undefined;
      return answerWith(0, { answer: rrset === undefined ? [] : [{ rrset, owner }] });
    },
  };
  const { ask } = await asking(reactor, [onlineSigner(zone, { keys: [key] })]);
  for (let times = 0; times < 2; times++) {
    const { answer } = await ask('www.example.net', Type.A, signed);
    expect(answer.map(({ name }) => name.toString())).toEqual(Array(2).fill('www.example.net'));
  }
});

test('whatever is asked, all of the answer is signed or a referral', async () => {
  const { ask, reactor } = await setUp({ types: 'safe' });
  const random = new Seeded(3);
  const labels = [
    'www',
    'gone',
    'sub',
    'safe',
    'tree',
    'alias',
    'wild',
    '*',
    'empty',
    '\\255',
    '\\000',
    '@\\000',
  ];
  const types = [1, 2, 5, 6, 15, 16, 28, 39, 43, 46, 47, 48, 59, 60, 65, 255, 65280];
  for (let times = 0; times < 400; times++) {
    const prefix = Array.from({ length: random.below(4) }, () =>
      random.below(4) === 0 ? '\\255'.repeat(1 + random.below(60)) : random.pick(labels),
    );
    const type = random.pick(types);
    const message = await ask([...prefix, 'example.net'].join('.'), type, signed);
    expect([0, 3]).toContain(message.rcode);
    expect(message.answer.length + message.authority.length).toBeGreaterThan(0);
    for (const each of unsignedIn(message, reactor))
      expect(each).toMatch(/^(\S*\.)?(sub|safe)\.example\.net 2$|tree\.example\.net 5$/);
  }
  expect(reactor.reports.problems).toEqual([]);
});

describe('signatures of answers', () => {
  test('are used again until three quarters of their time are over', async () => {
    const { ask, reactor } = await setUp({ jitterSeconds: 0 });
    const signature = async () =>
      (await ask('www.example.net', Type.A, signed)).answer
        .find(({ type }) => type === Type.RRSIG)
        ?.rdata?.wire.toString('hex');
    const first = await signature();
    reactor.clock.advance(10 * 86_400_000);
    expect(await signature()).toBe(first);
    reactor.clock.advance(86_400_000);
    const second = await signature();
    expect(second).not.toBe(first);
    expect(unsignedIn(await ask('www.example.net', Type.A, signed), reactor)).toEqual([]);
  });

  test('made by a clock that was ahead are made anew', async () => {
    const { ask, reactor } = await setUp();
    const real = reactor.clock.epoch.bind(reactor.clock);
    reactor.clock.epoch = () => real() + 5 * 86_400_000;
    await ask('example.net', Type.DNSKEY, signed);
    await ask('www.example.net', Type.A, signed);
    reactor.clock.epoch = real;
    for (const type of [Type.A, Type.DNSKEY])
      for (const name of ['www.example.net', 'example.net'])
        expect(unsignedIn(await ask(name, type, signed), reactor)).toEqual([]);
  });

  test('replies to the same question are kept', async () => {
    const { ask, responder } = await setUp();
    for (let times = 0; times < 6; times++) await ask('example.net', Type.DNSKEY, signed);
    expect(responder.counters.snapshot().kept).toBe(5);
  });

  test('keys are replaced while they are in use', async () => {
    const { ask, online } = await setUp();
    const fresh = generateKey('ED25519');
    online.setKeys([key, { key: fresh, state: 'published' }]);
    const message = await ask('example.net', Type.DNSKEY, signed);
    expect(message.answer.map(({ type }) => type)).toEqual([
      Type.DNSKEY,
      Type.DNSKEY,
      Type.RRSIG,
      Type.RRSIG,
    ]);
    online.setKeys([fresh]);
    const [ds] = online.ds;
    expect(ds?.startsWith(`${fresh.tag} 15 2 `)).toBe(true);
    expect(() => online.setKeys([{ key, state: 'retired' }])).toThrow('Cannot sign a zone');
    expect(() => onlineSigner(online, { keys: [key], digests: [] })).toThrow(
      'Cannot make DS records as their digests must be 2 or 4: none',
    );
  });
});
