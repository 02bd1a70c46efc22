import { describe, expect, test } from 'vitest';
import { StoreError, usageError } from '../../../src/errors.ts';
import { Class, Rcode, Type } from '../../../src/numbers.ts';
import type { UpdatesOptions } from '../../../src/update/message/updates.ts';
import { createRRset } from '../../../src/zone/rrset.ts';
import { opt } from '../../build.ts';
import { change, nameOf, origin, prerequisite, type Sent, scene } from './update-scene.ts';

const content = [
  'www 300 A 192.0.2.1',
  'www 300 A 192.0.2.2',
  'www 300 TXT "hello"',
  'mail 300 MX 10 Www',
  'alias 300 CNAME www',
  'deep.ent 300 A 192.0.2.3',
  '*.wild 300 A 192.0.2.4',
];

describe('rule 1: the zone section', () => {
  test('names the zone itself: a name in it, or another zone, is for the next handler, which says NOTAUTH', async () => {
    const { send, zone } = scene(content);
    for (const name of ['www.example.net', 'example.org', 'net', '.']) {
      expect(await send({ zone: { name }, changes: ['add x 60 A 192.0.2.9'] })).toBe(Rcode.NotAuth);
    }
    expect(zone.commits).toEqual([]);
  });

  test('ZTYPE other than SOA is FORMERR', async () => {
    expect(await scene().send({ zone: { type: Type.A }, changes: ['add x 60 A 192.0.2.9'] })).toBe(
      Rcode.FormErr,
    );
  });

  test.each([Class.CH, Class.ANY, Class.NONE])('ZCLASS %i is NOTAUTH', async (klass) => {
    expect(await scene().send({ zone: { class: klass }, changes: ['add x 60 A 192.0.2.9'] })).toBe(
      Rcode.NotAuth,
    );
  });

  test('the name of the zone in another case is the zone', async () => {
    const { send, zone } = scene();
    expect(await send({ zone: { name: 'EXAMPLE.Net' }, changes: ['add x 60 A 192.0.2.9'] })).toBe(
      Rcode.NoError,
    );
    expect(zone.lines('x')).toEqual(['x 60 A 192.0.2.9']);
  });

  test('updates of one zone are made one after the other, each on what the one before left', async () => {
    const { send, zone } = scene();
    const claim = { prerequisites: ['nxdomain new'], changes: ['add new 60 A 192.0.2.9'] };
    const codes = await Promise.all([send(claim), send(claim), send(claim)]);
    expect(codes).toEqual([Rcode.NoError, Rcode.YXDomain, Rcode.YXDomain]);
    expect(zone.commits).toHaveLength(1);
  });
});

describe('rule 2: prerequisites', () => {
  const held = Rcode.NoError;
  test.each<[string, string[], number]>([
    ['ANY ANY, name in use: it is', ['yxdomain www'], held],
    ['ANY ANY, name in use: it is not', ['yxdomain nobody'], Rcode.NXDomain],
    ['ANY ANY: an empty non-terminal is not in use', ['yxdomain ent'], Rcode.NXDomain],
    ['ANY ANY: what a wildcard covers is not in use', ['yxdomain x.wild'], Rcode.NXDomain],
    ['ANY ANY: the wildcard itself is', ['yxdomain *.wild'], held],
    ['ANY ANY: the apex is', ['yxdomain @'], held],
    ['ANY ANY: in another case', ['yxdomain WWW'], held],
    ['ANY type, RRset exists: it does', ['yxrrset www A'], held],
    ['ANY type, RRset exists: another type', ['yxrrset www AAAA'], Rcode.NXRRSet],
    ['ANY type, RRset exists: no such name', ['yxrrset nobody A'], Rcode.NXRRSet],
    ['ANY type: what a wildcard covers does not exist', ['yxrrset x.wild A'], Rcode.NXRRSet],
    ['ANY type: an alias is not followed', ['yxrrset alias A'], Rcode.NXRRSet],
    ['NONE ANY, name not in use: it is not', ['nxdomain nobody'], held],
    ['NONE ANY, name not in use: it is', ['nxdomain www'], Rcode.YXDomain],
    ['NONE ANY: an empty non-terminal is not in use', ['nxdomain ent'], held],
    ['NONE ANY: what a wildcard covers is not in use', ['nxdomain x.wild'], held],
    ['NONE type, RRset does not exist: it does not', ['nxrrset www AAAA'], held],
    ['NONE type, RRset does not exist: no such name', ['nxrrset nobody A'], held],
    ['NONE type, RRset does not exist: it does', ['nxrrset www A'], Rcode.YXRRSet],
    ['values: the whole RRset', ['yxrrset www A 192.0.2.1', 'yxrrset www A 192.0.2.2'], held],
    ['values: in another order', ['yxrrset www A 192.0.2.2', 'yxrrset www A 192.0.2.1'], held],
    ['values: the same twice', ['yxrrset www TXT "hello"', 'yxrrset www TXT "hello"'], held],
    ['values: one is missing', ['yxrrset www A 192.0.2.1'], Rcode.NXRRSet],
    ['values: one too many', ['yxrrset www TXT "hello"', 'yxrrset www TXT "more"'], Rcode.NXRRSet],
    ['values: another value', ['yxrrset www TXT "Hello"'], Rcode.NXRRSet],
    ['values: no such RRset', ['yxrrset nobody A 192.0.2.1'], Rcode.NXRRSet],
    ['values: names in them are compared without case', ['yxrrset mail MX 10 wWW'], held],
    ['values: of two RRsets at once', ['yxrrset mail MX 10 www', 'yxrrset www TXT "hello"'], held],
    [
      'values: of two RRsets, one of which differs',
      ['yxrrset mail MX 20 www', 'yxrrset www TXT "hello"'],
      Rcode.NXRRSet,
    ],
    [
      'all must hold: the first that does not decides',
      ['yxdomain www', 'nxdomain www', 'yxrrset www AAAA'],
      Rcode.YXDomain,
    ],
  ])('%s', async (_, prerequisites, rcode) => {
    const { send, zone } = scene(content);
    expect(await send({ prerequisites, changes: ['add new 60 A 192.0.2.9'] })).toBe(rcode);
    expect(zone.lines('new')).toEqual(rcode === held ? ['new 60 A 192.0.2.9'] : []);
  });

  const bad: [string, Sent['prerequisites'] & object, number][] = [
    ['a TTL is FORMERR', [{ ...prerequisite('yxdomain www'), ttl: 1 }], Rcode.FormErr],
    [
      'a TTL of a value is FORMERR',
      [{ ...prerequisite('yxrrset www TXT "hello"'), ttl: 300 }],
      Rcode.FormErr,
    ],
    ['an owner outside of the zone is NOTZONE', ['yxdomain example.org.'], Rcode.NotZone],
    [
      'outside of the zone in a class that is none is NOTZONE',
      [{ ...prerequisite('yxdomain example.org.'), class: Class.CH }],
      Rcode.NotZone,
    ],
    [
      'outside of the zone with a TTL is FORMERR',
      [{ ...prerequisite('yxdomain example.org.'), ttl: 1 }],
      Rcode.FormErr,
    ],
    ['a value outside of the zone is NOTZONE', ['yxrrset example.org. A 192.0.2.1'], Rcode.NotZone],
    [
      'class ANY with data is FORMERR',
      [{ ...prerequisite('yxrrset www A'), rdata: Buffer.alloc(4) }],
      Rcode.FormErr,
    ],
    [
      'class NONE with data is FORMERR',
      [{ ...prerequisite('nxrrset www A'), rdata: Buffer.alloc(4) }],
      Rcode.FormErr,
    ],
    [
      'another class is FORMERR',
      [{ ...prerequisite('yxdomain www'), class: Class.CH }],
      Rcode.FormErr,
    ],
    ['a meta type is FORMERR', [prerequisite('yxrrset www AXFR')], Rcode.FormErr],
    [
      'a value of type ANY is FORMERR',
      [{ name: nameOf('www').wire, type: Type.ANY, rdata: Buffer.alloc(4) }],
      Rcode.FormErr,
    ],
    [
      'a malformed value is FORMERR',
      [{ name: nameOf('www').wire, type: Type.A, rdata: Buffer.alloc(3) }],
      Rcode.FormErr,
    ],
    [
      'a value without data is FORMERR',
      [{ name: nameOf('www').wire, type: Type.A, rdata: Buffer.alloc(0) }],
      Rcode.FormErr,
    ],
  ];
  test.each(bad)('%s, and nothing is changed', async (_, prerequisites, rcode) => {
    const { send, zone } = scene(content);
    expect(await send({ prerequisites, changes: ['add new 60 A 192.0.2.9'] })).toBe(rcode);
    expect(zone.commits).toEqual([]);
  });
});

describe('rule 3: the policy is asked about every record before any change', () => {
  const policy = [{ key: 'tester', names: 'www.example.net', types: ['A'] }];

  test('one record that is not allowed refuses all of them', async () => {
    const { send, zone } = scene(content, { policy });
    expect(await send(['add www 60 A 192.0.2.9', 'add other 60 A 192.0.2.9'])).toBe(Rcode.Refused);
    expect(await send(['add www 60 A 192.0.2.9', 'delete www TXT'])).toBe(Rcode.Refused);
    expect(zone.commits).toEqual([]);
    expect(await send(['add www 60 A 192.0.2.9'])).toBe(Rcode.NoError);
  });

  test('it is asked before prerequisites are looked at', async () => {
    const { send } = scene(content, { policy });
    const sent = { prerequisites: ['nxdomain www'], changes: ['add other 60 A 192.0.2.9'] };
    expect(await send(sent)).toBe(Rcode.Refused);
  });

  test('a key without any rule is refused whatever it sends, even what is malformed', async () => {
    const { send } = scene(content, { policy });
    expect(await send({ key: 'stranger', changes: [{ type: 1, rdata: Buffer.alloc(3) }] })).toBe(
      Rcode.Refused,
    );
    expect(await send({ key: 'stranger' })).toBe(Rcode.Refused);
  });

  test('REFUSED says that it is prohibited, and the report says what', async () => {
    const { ask, reports } = scene(content, { policy });
    const answer = await ask({ changes: ['add other 60 A 192.0.2.9'] });
    expect(answer.errors).toEqual([{ code: 18 }]);
    expect(reports).toMatchObject([
      {
        key: 'tester',
        rcode: Rcode.Refused,
        reason: 'no right to add A at "other.example.net"',
        changed: 0,
      },
    ]);
  });

  test('to delete a whole name takes the right to delete each type it has', async () => {
    const { send, zone } = scene(content, { policy });
    expect(await send('delete www')).toBe(Rcode.Refused);
    expect(zone.lines('www')).toHaveLength(3);
    const both = [{ key: 'tester', names: 'www.example.net', types: ['A', 'TXT'] }];
    const able = scene(content, { policy: both });
    expect(await able.send('delete www')).toBe(Rcode.NoError);
    expect(able.zone.lines('www')).toEqual([]);
    // Not even for a name that has nothing.
    expect(await able.send('delete nobody')).toBe(Rcode.Refused);
  });
});

describe('rule 4: the prescan', () => {
  const raw = (line: string, more: object) => [{ ...change(line), ...more }];
  test.each<[string, Sent['changes'] & object, number]>([
    ['an owner outside of the zone is NOTZONE', ['add example.org. 60 A 192.0.2.9'], Rcode.NotZone],
    [
      'outside of the zone with data that is none is NOTZONE',
      raw('add example.org. 60 A 192.0.2.9', { rdata: Buffer.alloc(3) }),
      Rcode.NotZone,
    ],
    [
      'outside of the zone of a meta type is NOTZONE',
      raw('add example.org. 60 A 192.0.2.9', { type: Type.ANY }),
      Rcode.NotZone,
    ],
    [
      'outside of the zone in a class that is none is NOTZONE',
      raw('delete example.org. A', { class: Class.CH }),
      Rcode.NotZone,
    ],
    [
      'outside of the zone with a TTL is NOTZONE',
      raw('delete example.org. A', { ttl: 1 }),
      Rcode.NotZone,
    ],
    ['a deleted name outside of the zone is NOTZONE', ['delete example.org.'], Rcode.NotZone],
    [
      'a deleted record outside of the zone is NOTZONE',
      ['delete www.example.com. A 192.0.2.9'],
      Rcode.NotZone,
    ],
    [
      'a name that only ends like the zone is NOTZONE',
      ['add notexample.net. 60 A 192.0.2.9'],
      Rcode.NotZone,
    ],
    ...[Type.ANY, Type.AXFR, Type.MAILA, Type.MAILB, Type.IXFR, Type.OPT + 200, 0].map(
      (type): [string, Sent['changes'] & object, number] => [
        `class of the zone with meta type ${type} is FORMERR`,
        raw('add x 60 A 192.0.2.9', { type }),
        Rcode.FormErr,
      ],
    ),
    ['class ANY with a TTL is FORMERR', raw('delete www A', { ttl: 1 }), Rcode.FormErr],
    [
      'class ANY with data is FORMERR',
      raw('delete www A', { rdata: Buffer.alloc(4) }),
      Rcode.FormErr,
    ],
    ['class ANY with AXFR is FORMERR', raw('delete www A', { type: Type.AXFR }), Rcode.FormErr],
    ['class ANY with MAILA is FORMERR', raw('delete www A', { type: Type.MAILA }), Rcode.FormErr],
    ['class ANY with MAILB is FORMERR', raw('delete www A', { type: Type.MAILB }), Rcode.FormErr],
    [
      'class NONE with a TTL is FORMERR',
      raw('delete www A 192.0.2.1', { ttl: 300 }),
      Rcode.FormErr,
    ],
    [
      'class NONE with ANY is FORMERR',
      raw('delete www A 192.0.2.1', { type: Type.ANY }),
      Rcode.FormErr,
    ],
    [
      'class NONE with AXFR is FORMERR',
      raw('delete www A 192.0.2.1', { type: Type.AXFR }),
      Rcode.FormErr,
    ],
    [
      'class NONE with malformed data is FORMERR',
      raw('delete www A 192.0.2.1', { rdata: Buffer.alloc(5) }),
      Rcode.FormErr,
    ],
    [
      'class NONE without data is FORMERR',
      raw('delete www A 192.0.2.1', { rdata: Buffer.alloc(0) }),
      Rcode.FormErr,
    ],
    ['another class is FORMERR', raw('add x 60 A 192.0.2.9', { class: Class.CH }), Rcode.FormErr],
    [
      'malformed data is FORMERR',
      raw('add x 60 A 192.0.2.9', { rdata: Buffer.alloc(3) }),
      Rcode.FormErr,
    ],
    ['no data is FORMERR', raw('add x 60 A 192.0.2.9', { rdata: Buffer.alloc(0) }), Rcode.FormErr],
  ])('%s', async (_, bad, rcode) => {
    const { send, zone } = scene(content);
    expect(await send({ changes: bad })).toBe(rcode);
    // Whatever stands before it is not made either.
    expect(await send({ changes: ['add new 60 A 192.0.2.9', ...bad] })).toBe(rcode);
    expect(zone.commits).toEqual([]);
  });

  test('a prerequisite that does not hold is said first', async () => {
    const { send } = scene(content);
    const changes = ['add example.org. 60 A 192.0.2.9'];
    expect(await send({ prerequisites: ['nxdomain www'], changes })).toBe(Rcode.YXDomain);
    expect(await send({ prerequisites: ['yxdomain www'], changes })).toBe(Rcode.NotZone);
  });
});

describe('rule 5: changes are made in their order', () => {
  test.each<[string, string[], string, string[]]>([
    ['an addition makes a name', ['add new 60 A 192.0.2.9'], 'new', ['new 60 A 192.0.2.9']],
    [
      'an addition joins the RRset, and its TTL is that of all',
      ['add www 60 A 192.0.2.9'],
      'www',
      ['www 300 TXT "hello"', 'www 60 A 192.0.2.1', 'www 60 A 192.0.2.2', 'www 60 A 192.0.2.9'],
    ],
    [
      'a duplicate changes only the TTL',
      ['add www 60 TXT "hello"'],
      'www',
      ['www 300 A 192.0.2.1', 'www 300 A 192.0.2.2', 'www 60 TXT "hello"'],
    ],
    [
      'a duplicate whose names differ in case takes its place',
      ['add mail 300 MX 10 WWW'],
      'mail',
      ['mail 300 MX 10 WWW'],
    ],
    [
      'a CNAME beside other data is ignored',
      ['add www 60 CNAME alias'],
      'www',
      ['www 300 A 192.0.2.1', 'www 300 A 192.0.2.2', 'www 300 TXT "hello"'],
    ],
    [
      'other data beside a CNAME is ignored',
      ['add alias 60 A 192.0.2.9'],
      'alias',
      ['alias 300 CNAME www'],
    ],
    [
      'a CNAME takes the place of a CNAME',
      ['add alias 60 CNAME mail'],
      'alias',
      ['alias 60 CNAME mail'],
    ],
    [
      'a CNAME after the deletion of the rest is made',
      ['delete www', 'add www 60 CNAME mail'],
      'www',
      ['www 60 CNAME mail'],
    ],
    [
      'data after the deletion of a CNAME is made',
      ['delete alias CNAME', 'add alias 60 A 192.0.2.9'],
      'alias',
      ['alias 60 A 192.0.2.9'],
    ],
    [
      'a CNAME below the first of the same update is ignored',
      ['add new 60 A 192.0.2.9', 'add new 60 CNAME www'],
      'new',
      ['new 60 A 192.0.2.9'],
    ],
    [
      'a record without data can be deleted where its type allows that',
      ['add new 60 TYPE65280 \\# 0', 'add new 60 APL', 'delete new TYPE65280 \\# 0'],
      'new',
      ['new 60 APL \\# 0'],
    ],
    [
      'a WKS takes the place of one of the same address and protocol',
      [
        'add new 60 WKS 192.0.2.1 TCP 22',
        'add new 60 WKS 192.0.2.1 UDP 53',
        'add new 60 WKS 192.0.2.1 TCP 25',
      ],
      'new',
      ['new 60 WKS 192.0.2.1 6 25', 'new 60 WKS 192.0.2.1 17 53'],
    ],
    [
      'a DNAME takes the place of a DNAME',
      ['add new 60 DNAME a.example.org.', 'add new 60 DNAME b.example.org.'],
      'new',
      ['new 60 DNAME b.example.org.'],
    ],
    ['ANY ANY deletes all of a name', ['delete www'], 'www', []],
    [
      'ANY ANY at the apex spares SOA and NS',
      ['add @ 60 TXT "x"', 'delete @'],
      '@',
      ['@ 3600 NS ns1', '@ 3600 NS ns2.example.org.'],
    ],
    ['ANY type deletes an RRset', ['delete www A'], 'www', ['www 300 TXT "hello"']],
    ['ANY type in another case', ['delete WWW A'], 'www', ['www 300 TXT "hello"']],
    [
      'ANY NS at the apex is ignored',
      ['delete @ NS'],
      '@',
      ['@ 3600 NS ns1', '@ 3600 NS ns2.example.org.'],
    ],
    [
      'NONE deletes one record',
      ['delete www A 192.0.2.1'],
      'www',
      ['www 300 A 192.0.2.2', 'www 300 TXT "hello"'],
    ],
    ['NONE: names are compared without case', ['delete mail MX 10 wWw'], 'mail', []],
    [
      'NONE: another value is ignored',
      ['delete www A 192.0.2.9'],
      'www',
      ['www 300 A 192.0.2.1', 'www 300 A 192.0.2.2', 'www 300 TXT "hello"'],
    ],
    ['NONE NS at the apex', ['delete @ NS ns1'], '@', ['@ 3600 NS ns2.example.org.']],
    [
      'NONE NS at the apex: never the last one, one after the other',
      ['delete @ NS ns1', 'delete @ NS ns2.example.org.'],
      '@',
      ['@ 3600 NS ns2.example.org.'],
    ],
    [
      'NONE NS at the apex after an addition',
      ['add @ 3600 NS ns3', 'delete @ NS ns1', 'delete @ NS ns2.example.org.'],
      '@',
      ['@ 3600 NS ns3'],
    ],
    ['the last NS elsewhere may go', ['add sub 60 NS ns1', 'delete sub NS ns1'], 'sub', []],
    [
      'delete then add is a replacement',
      ['delete www A', 'add www 60 A 192.0.2.9'],
      'www',
      ['www 300 TXT "hello"', 'www 60 A 192.0.2.9'],
    ],
    ['add then delete leaves nothing', ['add new 60 A 192.0.2.9', 'delete new'], 'new', []],
    [
      'a wildcard is a name like any other',
      ['delete *.wild', 'add *.wild 60 TXT "x"'],
      '*.wild',
      ['*.wild 60 TXT "x"'],
    ],
    [
      'a TTL above 2^31-1 is zero',
      ['add new 2147483648 A 192.0.2.9'],
      'new',
      ['new 0 A 192.0.2.9'],
    ],
    [
      'a type without a name',
      ['add new 60 TYPE65280 \\# 2 0102'],
      'new',
      ['new 60 TYPE65280 \\# 2 0102'],
    ],
  ])('%s', async (_, changes, name, lines) => {
    const { send, zone } = scene(content);
    expect(await send(changes)).toBe(Rcode.NoError);
    expect(zone.lines(name)).toEqual(lines.sort());
  });

  const soa = (serial: number) => `add @ 60 SOA ns9 hostmaster ${serial} 7200 900 1209600 60`;
  test.each<[string, string, number, boolean]>([
    ['a later serial is taken', soa(20), 20, true],
    ['the same serial is ignored', soa(10), 10, false],
    ['an earlier serial is ignored', soa(9), 10, false],
    ['a serial exactly half the circle away is ignored', soa(10 + 0x8000_0000), 10, false],
    ['at another name it is ignored', soa(20).replace('@', 'www'), 10, false],
    ['ANY SOA is ignored', 'delete @ SOA', 10, false],
    ['NONE SOA is ignored', 'delete @ SOA ns1 hostmaster 10 7200 900 1209600 60', 10, false],
  ])('SOA: %s', async (_, line, serial, taken) => {
    const { send, zone } = scene(content);
    expect(await send(line)).toBe(Rcode.NoError);
    expect([zone.snapshot.serial, zone.snapshot.soa.ttl]).toEqual([serial, taken ? 60 : 3600]);
  });

  test('an update may raise the serial and change other data with it', async () => {
    const { send, zone } = scene(content);
    await send([soa(20), 'add new 60 A 192.0.2.9']);
    expect([zone.snapshot.serial, zone.commits.length]).toEqual([20, 1]);
  });

  test('integrity: more records than an RRset may have is REFUSED', async () => {
    const { send, zone } = scene(content, { maxRecords: 2000 });
    const many = Array.from(
      { length: 1001 },
      (_, index) => `add new 60 A 192.0.${index >> 8}.${index & 255}`,
    );
    expect(await send(many)).toBe(Rcode.Refused);
    expect(zone.commits).toEqual([]);
    expect(await send(many.slice(1))).toBe(Rcode.NoError);
  });

  test('integrity: an RRset that fits into no message is REFUSED', async () => {
    const { send } = scene();
    const text = Array.from({ length: 100 }, () => `"${'x'.repeat(255)}"`).join(' ');
    const add = (name: string, index: number) => `add ${name} 60 TXT "${index}" ${text}`;
    expect(await send([add('a', 1), add('a', 2)])).toBe(Rcode.NoError);
    expect(await send(add('a', 3))).toBe(Rcode.Refused);
  });

  test('integrity: what the zone does not take is REFUSED, and no fault of ours', async () => {
    const { send, zone, reports } = scene(content);
    zone.failure = usageError('HAWSER_DNS_ZONE', 'Cannot grow "example.net" beyond 5 names');
    expect(await send('add new 60 A 192.0.2.9')).toBe(Rcode.Refused);
    expect(reports.at(-1)?.reason).toBe('Cannot grow "example.net" beyond 5 names');
  });

  /** A zone with so many names, each with an RRset of 1,000 records. */
  async function sceneOfLarge(count: number) {
    const { send, zone } = scene(content);
    const values = Array.from({ length: 1000 }, (_, at) => `10.0.${at >> 8}.${at & 255}`);
    const large = createRRset(origin, Type.A, { ttl: 60, values });
    const names = Array.from({ length: count }, (_, at) => `n${at}`);
    const edits = names.map((each) => {
      const name = nameOf(each);
      return { name, type: Type.A, rrset: { ...large, name } };
    });
    await zone.transact(() => ({ edits, result: undefined }));
    return { send, names };
  }

  test('integrity: an update of RRsets with more than 25,000 records together is REFUSED', async () => {
    const { send, names } = await sceneOfLarge(26);
    const changes = names.map((name) => `delete ${name} A 10.0.0.1`);
    expect(await send(changes)).toBe(Rcode.Refused);
    expect(await send(changes.slice(1))).toBe(Rcode.NoError);
    // Deleting all of them looks at none.
    expect(await send(names.map((name) => `delete ${name} A`))).toBe(Rcode.NoError);
  });

  test('integrity: an update that deletes more than 100,000 records with their RRsets is REFUSED', async () => {
    const { send, names } = await sceneOfLarge(101);
    expect(await send(names.map((name) => `delete ${name} A`))).toBe(Rcode.Refused);
    expect(await send(names.map((name) => `delete ${name}`))).toBe(Rcode.Refused);
    expect(await send(names.slice(1).map((name) => `delete ${name} A`))).toBe(Rcode.NoError);
  });

  test.each(['RRSIG', 'NSEC', 'NSEC3'])(
    '%s belongs to who signs the zone: REFUSED',
    async (type) => {
      const { send } = scene(content);
      expect(await send(`delete www ${type}`)).toBe(Rcode.Refused);
    },
  );

  test('signatures stay when their name is deleted, and do not keep an alias away', async () => {
    const signed = [...content, 'www 300 NSEC deep.ent.example.net. A TXT NSEC'];
    const { send, zone } = scene(signed);
    expect(await send('delete www')).toBe(Rcode.NoError);
    expect(zone.lines('www')).toEqual(['www 300 NSEC deep.ent A TXT NSEC']);
  });
});

describe('rule 6: commit', () => {
  test.each<[string, string | string[]]>([
    ['an update without changes', []],
    ['an addition of what is there', 'add www 300 A 192.0.2.1'],
    [
      'a deletion of what is not there',
      ['delete nobody', 'delete www AAAA', 'delete www A 192.0.2.9'],
    ],
    ['a change and its undoing', ['delete www TXT', 'add www 300 TXT "hello"']],
  ])('%s is NOERROR, and neither a commit nor a new serial', async (_, changes) => {
    const { send, zone } = scene(content);
    expect(await send(changes)).toBe(Rcode.NoError);
    expect([zone.commits.length, zone.snapshot.serial]).toEqual([0, 10]);
  });

  test('any change is one commit with the next serial', async () => {
    const { send, zone } = scene(content);
    await send(['add a 60 A 192.0.2.9', 'add b 60 A 192.0.2.9', 'delete www']);
    expect([zone.commits.length, zone.snapshot.serial]).toEqual([1, 11]);
  });

  test('the reply comes after the commit', async () => {
    const { ask, zone } = scene(content);
    let release = (): void => undefined;
    zone.held = new Promise((resolve) => (release = resolve));
    let replied = false;
    const reply = ask({ changes: ['add new 60 A 192.0.2.9'] }).then(() => (replied = true));
    await Promise.resolve();
    await Promise.resolve();
    expect(replied).toBe(false);
    release();
    await reply;
    expect(zone.lines('new')).toHaveLength(1);
  });

  test('a commit that fails is SERVFAIL, reported, and nothing is visible', async () => {
    const { send, zone, reactor } = scene(content);
    zone.failure = new StoreError('HAWSER_STORE_IO', 'disk full');
    expect(await send('add new 60 A 192.0.2.9')).toBe(Rcode.ServFail);
    expect(zone.lines('new')).toEqual([]);
    expect(reactor.reports.problems).toMatchObject([{ where: 'dns.update', error: zone.failure }]);
    reactor.reports.problems.length = 0;
    zone.failure = undefined;
    expect(await send('add new 60 A 192.0.2.9')).toBe(Rcode.NoError);
  });

  test('more updates than may wait are SERVFAIL', async () => {
    const { ask, zone } = scene(content, { maxWaiting: 2 });
    let release = (): void => undefined;
    zone.held = new Promise((resolve) => (release = resolve));
    const replies = ['a', 'b', 'c'].map((name) => ask({ changes: [`add ${name} 60 A 192.0.2.9`] }));
    release();
    expect((await Promise.all(replies)).map(({ rcode }) => rcode)).toEqual([
      Rcode.NoError,
      Rcode.NoError,
      Rcode.ServFail,
    ]);
    zone.held = undefined;
    expect((await ask({ changes: ['add c 60 A 192.0.2.9'] })).rcode).toBe(Rcode.NoError);
  });
});

describe('rule 7: the reply', () => {
  test('has AA not set and nothing in its sections', async () => {
    const answer = await scene(content).ask({
      changes: ['add new 60 A 192.0.2.9'],
      additionals: [opt()],
    });
    expect(answer).toMatchObject({
      rcode: Rcode.NoError,
      authoritative: false,
      answer: [],
      authority: [],
      additional: [],
    });
  });

  const unsigned: Partial<UpdatesOptions> = {
    policy: [{ unsigned: true, names: '*' }],
    allowUnsigned: ['127.0.0.0/8'],
  };
  const here: Sent = { transport: 'udp', key: undefined, client: '127.0.0.1' };

  test('is the same for the same datagram of the same client, which is made once', async () => {
    const { ask, zone } = scene(content, unsigned);
    const claim: Sent = {
      ...here,
      prerequisites: ['nxdomain new'],
      changes: ['add new 60 A 192.0.2.9'],
    };
    const [first, meanwhile] = await Promise.all([ask(claim), ask(claim)]);
    const later = await ask(claim);
    expect([first.rcode, meanwhile.rcode, later.rcode]).toEqual([0, 0, 0]);
    expect(zone.commits).toHaveLength(1);
    expect((await ask({ ...claim, id: 8 })).rcode).toBe(Rcode.YXDomain);
    expect((await ask({ ...claim, client: '127.0.0.2' })).rcode).toBe(Rcode.YXDomain);
    expect((await ask({ ...claim, transport: 'tcp' })).rcode).toBe(Rcode.YXDomain);
  });

  test('datagrams of those who may nothing take no place in memory', async () => {
    const { ask } = scene(content, unsigned);
    const claim: Sent = {
      ...here,
      prerequisites: ['nxdomain new'],
      changes: ['add new 60 A 192.0.2.9'],
    };
    await ask(claim);
    const stranger = { ...claim, client: '192.0.2.66' };
    const ids = Array.from({ length: 1100 }, (_, id) => id);
    const refusals = await Promise.all(ids.map((id) => ask({ ...stranger, id })));
    expect(refusals.every(({ rcode }) => rcode === Rcode.Refused)).toBe(true);
    expect((await ask(claim)).rcode).toBe(Rcode.NoError);
  });

  test('a datagram is forgotten after a thousand others', async () => {
    const { ask } = scene(content, unsigned);
    const claim: Sent = {
      ...here,
      prerequisites: ['nxdomain new'],
      changes: ['add new 60 A 192.0.2.9'],
    };
    await ask(claim);
    const fill = (count: number, from: number) =>
      Promise.all(Array.from({ length: count }, (_, at) => ask({ ...here, id: from + at })));
    await fill(999, 1000);
    expect((await ask(claim)).rcode).toBe(Rcode.NoError);
    await fill(2, 3000);
    expect((await ask(claim)).rcode).toBe(Rcode.YXDomain);
  });

  test('signed datagrams are for the server to know again', async () => {
    const { ask } = scene(content);
    const claim: Sent = {
      transport: 'udp',
      prerequisites: ['nxdomain new'],
      changes: ['add new 60 A 192.0.2.9'],
    };
    expect((await ask(claim)).rcode).toBe(Rcode.NoError);
    expect((await ask(claim)).rcode).toBe(Rcode.YXDomain);
  });

  test('a datagram is forgotten after half a minute', async () => {
    const { ask, reactor } = scene(content, unsigned);
    const claim: Sent = {
      ...here,
      prerequisites: ['nxdomain new'],
      changes: ['add new 60 A 192.0.2.9'],
    };
    await ask(claim);
    reactor.clock.advance(31_000);
    expect((await ask(claim)).rcode).toBe(Rcode.YXDomain);
  });

  test('a datagram that failed may come again', async () => {
    const { ask, zone, reactor } = scene(content, unsigned);
    zone.failure = new StoreError('HAWSER_STORE_IO', 'disk full');
    const sent: Sent = { ...here, changes: ['add new 60 A 192.0.2.9'] };
    expect((await ask(sent)).rcode).toBe(Rcode.ServFail);
    reactor.reports.problems.length = 0;
    zone.failure = undefined;
    expect((await ask(sent)).rcode).toBe(Rcode.NoError);
  });
});

describe('rule 8: leases', () => {
  const lease = (...seconds: number[]) => {
    const data = Buffer.alloc(4 + seconds.length * 4);
    data.writeUInt16BE(2, 0);
    data.writeUInt16BE(seconds.length * 4, 2);
    seconds.forEach((each, index) => data.writeUInt32BE(each, 4 + index * 4));
    return [opt({ rdata: data })];
  };
  const key = 'KEY 0 3 15 AAAA';

  test('what is added with one expires, and the client hears of it', async () => {
    const { ask, zone, reactor } = scene(content);
    const answer = await ask({
      changes: ['add new 60 A 192.0.2.9', 'delete www'],
      additionals: lease(3600),
    });
    expect(answer.options).toEqual([{ code: 2, data: Buffer.from('00000e10', 'hex') }]);
    expect(zone.leases).toEqual([
      {
        name: nameOf('new'),
        type: Type.A,
        rdata: Buffer.from([192, 0, 2, 9]),
        expires: reactor.clock.epoch() + 3_600_000,
      },
    ]);
  });

  test('KEY records have the second one', async () => {
    const { ask, zone, reactor } = scene(content);
    const answer = await ask({
      changes: ['add new 60 A 192.0.2.9', `add new 60 ${key}`],
      additionals: lease(3600, 7200),
    });
    expect(answer.options).toEqual([{ code: 2, data: Buffer.from('00000e1000001c20', 'hex') }]);
    const epoch = reactor.clock.epoch();
    expect(zone.leases.map(({ type, expires }) => [type, (expires ?? 0) - epoch])).toEqual([
      [Type.A, 3_600_000],
      [Type.KEY, 7_200_000],
    ]);
  });

  test('KEY records have the first one where there is no other', async () => {
    const { ask, zone, reactor } = scene(content);
    await ask({ changes: [`add new 60 ${key}`], additionals: lease(3600) });
    expect(zone.leases[0]?.expires).toBe(reactor.clock.epoch() + 3_600_000);
  });

  test('what is too short or too long becomes what is allowed', async () => {
    const { ask, zone, reactor } = scene(content, {
      leases: { minSeconds: 60, maxSeconds: 100, maxKeySeconds: 200 },
    });
    const answer = await ask({ changes: ['add new 60 A 192.0.2.9'], additionals: lease(1, 900) });
    expect(answer.options).toEqual([{ code: 2, data: Buffer.from('0000003c000000c8', 'hex') }]);
    expect(zone.leases[0]?.expires).toBe(reactor.clock.epoch() + 60_000);
  });

  test('the same again renews it', async () => {
    const { ask, zone, reactor } = scene(content);
    const sent = { changes: ['add new 60 A 192.0.2.9'], additionals: lease(3600) };
    await ask(sent);
    reactor.clock.advance(1000);
    await ask(sent);
    expect(zone.commits).toHaveLength(1);
    expect(zone.leases[1]?.expires).toBe((zone.leases[0]?.expires ?? 0) + 1000);
  });

  test('what is added without one stays for good', async () => {
    const { ask, zone } = scene(content);
    const answer = await ask({ changes: ['add new 60 A 192.0.2.9'], additionals: [opt()] });
    expect([answer.options, zone.leases[0]?.expires]).toEqual([undefined, undefined]);
  });

  test('what was not added has none', async () => {
    const { ask, zone } = scene(content);
    const changes = [
      'add alias 60 A 192.0.2.9',
      'add new 60 A 192.0.2.9',
      'delete new',
      'add @ 60 SOA a b 99 1 1 1 1',
    ];
    await ask({ changes, additionals: lease(3600) });
    expect(zone.leases).toEqual([]);
  });

  test('an option of another length is FORMERR', async () => {
    const { send, zone } = scene(content);
    expect(await send({ changes: ['add new 60 A 192.0.2.9'], additionals: lease(1, 2, 3) })).toBe(
      Rcode.FormErr,
    );
    expect(zone.commits).toEqual([]);
  });

  test('ignored where they are not wanted', async () => {
    const { ask, zone } = scene(content, { leases: 'ignored' });
    const answer = await ask({ changes: ['add new 60 A 192.0.2.9'], additionals: lease(3600) });
    expect([answer.rcode, answer.options, zone.leases]).toEqual([0, undefined, []]);
  });
});

describe('limits', () => {
  test('more records than allowed are REFUSED, prerequisites counted', async () => {
    const { send } = scene(content, { maxRecords: 3 });
    const changes = ['add a 60 A 192.0.2.9', 'add b 60 A 192.0.2.9'];
    expect(await send({ prerequisites: ['yxdomain www'], changes })).toBe(Rcode.NoError);
    expect(await send({ prerequisites: ['yxdomain www', 'yxdomain mail'], changes })).toBe(
      Rcode.Refused,
    );
  });
});
