import { describe, expect, test, vi } from 'vitest';
import { Rcode } from '../../../src/numbers.ts';
import type {
  RequestedChange,
  UpdatePolicy,
  UpdateRequester,
} from '../../../src/update/message/update-rule.ts';
import { type Sent, scene } from './update-scene.ts';

const content = ['www 300 A 192.0.2.1', 'www 300 TXT "hello"', 'www 300 MX 10 www'];
const ok = Rcode.NoError;
const no = Rcode.Refused;

describe('a policy', () => {
  const acme: UpdatePolicy = [
    { key: 'tester', names: '_acme-challenge.*', types: ['TXT'], maxRecords: 2, ttl: { max: 120 } },
  ];
  const router: UpdatePolicy = [{ key: 'tester', names: ['www.example.net', '*.lab.example.net'] }];
  const zoneKey: UpdatePolicy = [{ key: ['other', 'tester'], names: '*', types: ['*'] }];
  const addOnly: UpdatePolicy = [{ key: 'tester', names: '*', operations: ['add'] }];
  const spared: UpdatePolicy = [
    { key: '*', names: '*' },
    { key: '*', names: 'www.example.net', types: ['MX'], action: 'deny' },
    { key: 'tester', names: '*.secret.example.net', action: 'deny' },
  ];
  const own: UpdatePolicy = [{ key: '*', names: ['self', '_acme-challenge.self'] }];
  const tightAndLoose: UpdatePolicy = [
    { key: '*', names: '*', types: ['TXT'], maxRecords: 1 },
    { key: 'tester', names: '*', types: ['TXT'], maxRecords: 2 },
  ];

  test.each<[string, UpdatePolicy, Sent['changes'] & object, number, (string | undefined)?]>([
    ['a challenge', acme, ['add _acme-challenge.www 60 TXT "a"'], ok],
    [
      'two challenges',
      acme,
      ['add _acme-challenge.www 60 TXT "a"', 'add _acme-challenge.www 60 TXT "b"'],
      ok,
    ],
    [
      'three challenges',
      acme,
      ['a', 'b', 'c'].map((each) => `add _acme-challenge.www 60 TXT "${each}"`),
      no,
    ],
    [
      'three challenges of which one goes',
      acme,
      [
        ...['a', 'b', 'c'].map((each) => `add _acme-challenge.www 60 TXT "${each}"`),
        'delete _acme-challenge.www TXT "a"',
      ],
      ok,
    ],
    [
      'two challenges at two names each',
      acme,
      ['a', 'b'].flatMap((each) => [
        `add _acme-challenge.x 60 TXT "${each}"`,
        `add _acme-challenge.y 60 TXT "${each}"`,
      ]),
      ok,
    ],
    ['a challenge with a long TTL', acme, ['add _acme-challenge.www 121 TXT "a"'], no],
    ['the end of a challenge', acme, ['delete _acme-challenge.www TXT'], ok],
    ['the end of a name', acme, ['delete _acme-challenge.www'], ok],
    ['another type', acme, ['add _acme-challenge.www 60 A 192.0.2.9'], no],
    ['another name', acme, ['add www 60 TXT "a"'], no],
    ['another key', acme, ['add _acme-challenge.www 60 TXT "a"'], no, 'stranger'],
    [
      'the name of the key in another case',
      acme,
      ['add _acme-challenge.www 60 TXT "a"'],
      ok,
      'TESTER.',
    ],
    ['a label with a dot in it', acme, ['add _acme-challenge\\.www 60 TXT "a"'], no],
    ['an address', router, ['add www 60 A 192.0.2.9', 'add a.b.lab 60 AAAA 2001:db8::7'], ok],
    ['the top of a tree', router, ['add lab 60 A 192.0.2.9'], no],
    ...[
      'NS ns1',
      `DS 1 13 1 ${'00'.repeat(20)}`,
      'DNAME www',
      'DNSKEY 256 3 13 AAAA',
      `CDS 1 13 1 ${'00'.repeat(20)}`,
      'CDNSKEY 256 3 13 AAAA',
    ].map((data): [string, UpdatePolicy, string[], number] => [
      `what rules a name is not meant unless it is named: ${data}`,
      router,
      [`add www 60 ${data}`],
      no,
    ]),
    ['"*" is every type', zoneKey, ['add sub 60 NS ns1', 'add @ 60 SOA a b 99 1 1 1 1'], ok],
    ['"*" is not what belongs to the signer', zoneKey, ['delete www NSEC'], no],
    ['an addition', addOnly, ['add www 60 A 192.0.2.9'], ok],
    ['a deletion', addOnly, ['delete www A 192.0.2.1'], no],
    ['a deletion of all of a type', addOnly, ['delete www A'], no],
    ['a deletion of a name', addOnly, ['delete www'], no],
    ['what no rule denies', spared, ['delete www TXT', 'add www 60 A 192.0.2.9'], ok],
    ['what a rule denies', spared, ['delete www MX'], no],
    ['a whole name with something that a rule denies', spared, ['delete www'], no],
    ['a whole name without it any more', spared.slice(0, 1), ['delete www MX', 'delete www'], ok],
    ['a name that a rule denies', spared, ['delete a.secret'], no],
    ['a name that a rule denies to another key', spared, ['delete a.secret'], ok, 'other'],
    ['its own name', own, ['add www 60 A 192.0.2.9'], ok, 'www.example.net'],
    [
      'in front of its own name',
      own,
      ['add _acme-challenge.www 60 TXT "a"'],
      ok,
      'www.example.net',
    ],
    ['the name of another key', own, ['add www 60 A 192.0.2.9'], no, 'mail.example.net'],
    ['the more generous rule counts', tightAndLoose, ['add www 60 TXT "b"'], ok],
    ['but not for others', tightAndLoose, ['add www 60 TXT "b"'], no, 'other'],
  ])('%s', async (_, policy, changes, rcode, key = 'tester') => {
    const { send, zone } = scene(content, { policy });
    const before = zone.snapshot;
    expect(await send({ changes, key })).toBe(rcode);
    const left = rcode === no ? zone.snapshot : before;
    expect(left).toBe(before);
  });

  test.each([
    ['first', [2, 1]],
    ['last', [1, 2]],
  ])('the rule that allows most counts where it is the %s', async (_, counts) => {
    const policy = counts.map((maxRecords) => ({ key: '*', names: '*', maxRecords }));
    const { send } = scene([], { policy });
    expect(await send(['add a 60 A 192.0.2.1', 'add a 60 A 192.0.2.2'])).toBe(ok);
    expect(await send('add a 60 A 192.0.2.3')).toBe(no);
  });

  test('of records that different rules allow, the fewest count', async () => {
    const policy: UpdatePolicy = [
      { key: '*', names: '*', maxRecords: 1, ttl: { max: 59 } },
      { key: '*', names: '*', maxRecords: 2, ttl: { min: 60 } },
    ];
    for (const ttls of [
      [30, 60],
      [60, 30],
    ]) {
      const { send } = scene([], { policy });
      const changes = ttls.map((ttl, at) => `add a ${ttl} A 192.0.2.${at}`);
      // oxlint-disable-next-line no-await-in-loop -- two scenes
      expect(await send(changes)).toBe(no);
    }
  });

  test('without a signature nobody may do anything, whatever the rules say', async () => {
    const policy: UpdatePolicy = [{ unsigned: true, key: '*', names: '*' }];
    const { send } = scene(content, { policy });
    expect(await send({ key: undefined, changes: ['delete www TXT'] })).toBe(no);
  });

  test('without a signature from a network that is let in: what unsigned rules say', async () => {
    const policy: UpdatePolicy = [
      { unsigned: true, names: 'www.example.net', types: ['A'] },
      { key: '*', names: '*' },
    ];
    const { send } = scene(content, { policy, allowUnsigned: ['192.0.2.0/24', '2001:db8::/32'] });
    const changes = ['add www 60 A 192.0.2.9'];
    expect(await send({ key: undefined, client: '192.0.2.7', changes })).toBe(ok);
    expect(await send({ key: undefined, client: '2001:db8::7', changes })).toBe(ok);
    expect(await send({ key: undefined, client: '198.51.100.7', changes })).toBe(no);
    expect(await send({ key: undefined, client: '192.0.2.7', changes: ['delete www TXT'] })).toBe(
      no,
    );
    // A key is not less than no key, but it is not more either.
    expect(await send({ key: 'tester', client: '192.0.2.7', changes: ['delete www TXT'] })).toBe(
      ok,
    );
  });

  test('without a signature in a datagram: from this machine, with a cookie, or where senders are believed', async () => {
    const policy: UpdatePolicy = [{ unsigned: true, names: '*' }];
    const allowUnsigned = ['192.0.2.0/24', '127.0.0.0/8', '::1'];
    const changes = ['add www 60 A 192.0.2.9'];
    const sent: Sent = { key: undefined, transport: 'udp', client: '192.0.2.7', changes };
    const { send, reports } = scene(content, { policy, allowUnsigned });
    expect(await send(sent)).toBe(no);
    expect(reports[0]?.reason).toBe('anybody can send a datagram with this sender');
    expect(await send({ ...sent, addressProven: true })).toBe(ok);
    expect(await send({ ...sent, client: '127.0.0.1' })).toBe(ok);
    expect(await send({ ...sent, client: '::1' })).toBe(ok);
    const trusting = scene(content, { policy, allowUnsigned, trustDatagrams: true });
    expect(await trusting.send(sent)).toBe(ok);
    expect(await trusting.send({ ...sent, client: '198.51.100.7' })).toBe(no);
  });

  test('a signed update does not fall back on what is allowed without a signature', async () => {
    const policy: UpdatePolicy = [{ unsigned: true, names: '*' }];
    const { send } = scene(content, { policy, allowUnsigned: ['192.0.2.0/24'] });
    expect(await send({ client: '192.0.2.7', changes: ['delete www TXT'] })).toBe(no);
  });
});

describe('checks of a policy', () => {
  test('see every change with its value, and who asks', async () => {
    const seen: [RequestedChange, UpdateRequester][] = [];
    const check = (change: RequestedChange, requester: UpdateRequester): boolean => {
      seen.push([{ ...change }, requester]);
      return true;
    };
    const { send, zone } = scene(content, { policy: [check, { key: 'tester', names: '*' }] });
    const before = zone.snapshot;
    await send(['add new 60 A 192.0.2.9', 'delete www MX', 'delete www TXT "hello"', 'delete www']);
    expect(
      seen.map(([{ operation, name, type, ttl, value }]) => [
        operation,
        String(name),
        type,
        ttl,
        value,
      ]),
    ).toEqual([
      ['add', 'new.example.net', 'A', 60, '192.0.2.9'],
      ['delete', 'www.example.net', 'MX', undefined, undefined],
      ['delete', 'www.example.net', 'TXT', undefined, 'hello'],
      // Of the whole name, what was left.
      ['delete', 'www.example.net', 'A', undefined, undefined],
    ]);
    expect(seen[0]?.[1]).toEqual({
      key: expect.objectContaining({ key: '\x06tester\x00' }),
      client: '192.0.2.99',
      zone: before,
    });
  });

  test('must all say true, and rules must allow it as well', async () => {
    const changes = ['add new 60 A 192.0.2.9'];
    const rule = { key: 'tester', names: 'new.example.net' };
    const answers = async (policy: UpdatePolicy) => scene(content, { policy }).send({ changes });
    expect(await answers([() => true, () => true])).toBe(ok);
    expect(await answers([() => true, () => false])).toBe(no);
    expect(await answers([rule, () => false])).toBe(no);
    expect(await answers([{ ...rule, names: 'other.example.net' }, () => true])).toBe(no);
    expect(await answers([() => 1 as unknown as boolean])).toBe(no);
  });

  test('do not stand in for a signature', async () => {
    const check = vi.fn<() => boolean>(() => true);
    const { send } = scene(content, { policy: [check] });
    expect(await send({ key: undefined, changes: ['delete www'] })).toBe(no);
    expect(check).not.toHaveBeenCalled();
  });

  test('that throw are reported, and the answer is SERVFAIL', async () => {
    const fault = new Error('no database');
    const { send, zone, reactor } = scene(content, {
      policy: [
        () => {
          throw fault;
        },
      ],
    });
    expect(await send({ changes: ['add new 60 A 192.0.2.9'] })).toBe(Rcode.ServFail);
    expect(reactor.reports.problems).toMatchObject([{ where: 'dns.update', error: fault }]);
    reactor.reports.problems.length = 0;
    expect(zone.commits).toEqual([]);
  });
});

describe('a policy that cannot be meant so is refused at once', () => {
  const rule = { key: 'k', names: '*' };
  test.each<[string, unknown, string]>([
    ['no rule', [], 'no rule'],
    ['no list', undefined, 'no rule'],
    ['no rule that allows', [{ ...rule, action: 'deny' }], 'no rule allows anything'],
    ['something else', ['tester'], 'rule 1 of policy as it is neither an object nor a function'],
    ['no key', [{ names: '*' }], 'rule 1 of policy as it has neither key nor unsigned'],
    ['no names', [rule, { key: 'k' }], 'rule 2 of policy as it has no names'],
    ['a misspelt part', [{ ...rule, type: ['TXT'] }], '"type" is not a part of a rule'],
    ['another action', [{ ...rule, action: 'grant' }], 'action must be "allow" or "deny": "grant"'],
    [
      'another operation',
      [{ ...rule, operations: ['update'] }],
      'operations must be "add" or "delete": "update"',
    ],
    ['no operation', [{ ...rule, operations: [] }], 'operations must be'],
    ['no type', [{ ...rule, types: [] }], 'types is empty'],
    [
      'a type that is none',
      [{ ...rule, types: ['TEXT'] }],
      'rule 1 of policy: Cannot use "TEXT" as a DNS type',
    ],
    ['type ANY', [{ ...rule, types: ['ANY'] }], 'ANY is no type of data'],
    [
      'a pattern that is none',
      [{ ...rule, names: ['a..b'] }],
      'rule 1 of policy: Cannot use "a..b"',
    ],
    [
      'a key that is no name',
      [{ ...rule, key: 'a..b' }],
      'rule 1 of policy: Cannot use "a..b" as a name',
    ],
    ['two stars', [{ ...rule, names: '*.*' }], 'more than one "*"'],
    ['no record', [{ ...rule, maxRecords: 0 }], 'maxRecords must be 1 or more: 0'],
    ['a TTL that cannot be', [{ ...rule, ttl: { min: 60, max: 30 } }], 'ttl must be'],
    [
      'limits of what is denied',
      [{ ...rule, action: 'deny', maxRecords: 3 }],
      'only for rules that allow',
    ],
  ])('%s', (_, policy, message) => {
    expect(() => scene([], { policy: policy as UpdatePolicy })).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message),
        code: expect.stringMatching(/^HAWSER_DNS_/),
      }),
    );
  });

  test.each<[string, object, string]>([
    ['a network that is none', { allowUnsigned: ['home'] }, 'allowUnsigned'],
    ['no records', { maxRecords: 0 }, 'maxRecords'],
    ['leases that cannot be', { leases: { minSeconds: 100, maxSeconds: 10 } }, 'leases'],
  ])('%s', (_, options, message) => {
    expect(() => scene([], options)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message) }),
    );
  });
});
