import { TimeoutError } from '@hawser/core';
import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { StoreError, usageError } from '../../../src/errors.ts';
import { Type } from '../../../src/numbers.ts';
import { hashToken } from '../../../src/update/http/token.ts';
import { type RecordApiOptions, recordApi } from '../../../src/update/record-api/record-api.ts';
import { createRRset } from '../../../src/zone/rrset.ts';
import { nameOf, TestZone } from '../message/update-scene.ts';

const content = [
  'www 300 A 192.0.2.1',
  'www 300 A 192.0.2.2',
  'www 300 TXT "hello world"',
  'mail 300 MX 10 www',
  'alias 300 CNAME www',
  'a.lab 300 A 192.0.2.3',
];

interface Listed {
  readonly name: string;
  readonly type: string;
}

/** Whatever an answer may have; undefined for those without a body. */
type Body = Listed & {
  readonly records: readonly (Listed & { readonly values: readonly string[] })[];
  readonly next: string | undefined;
  readonly detail: string;
  readonly ttl: number;
  readonly values: readonly string[];
};

interface Init {
  readonly method?: string;
  readonly body?: unknown;
  readonly token?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly from?: string;
}

function setUp(options: Partial<RecordApiOptions> = {}) {
  const zone = new TestZone(content);
  const reactor = createTestReactor();
  const handler = recordApi(zone, {
    prefix: '/api',
    tokens: [
      { name: 'all', token: 'all' },
      { name: 'reader', token: hashToken('reader'), access: 'read' },
      { name: 'lab', token: 'lab', names: ['*.lab.example.net'], types: ['A', 'AAAA'] },
      { name: 'elsewhere', token: 'elsewhere', zones: ['example.org'] },
    ],
    ...options,
  });
  const ask = async (path: string, init: Init = {}) => {
    const {
      method = init.body === undefined ? 'GET' : 'POST',
      body,
      headers = {},
      from = '198.51.100.4',
    } = init;
    const token = 'token' in init ? init.token : 'all';
    const response = await handler(
      new Request(`http://localhost/api${path}`, {
        method,
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
      { reactor, peer: { kind: 'tcp', host: from, port: 9, family: 4 } },
    );
    const text = await response.text();
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      etag: response.headers.get('etag'),
      headers: response.headers,
      body: (text === '' ? undefined : JSON.parse(text)) as Body,
    };
  };
  return { zone, reactor, ask };
}

const www = '/zones/example.net/records/www/A';

describe('reading', () => {
  test('GET /zones lists the zones of the token', async () => {
    const { ask } = setUp();
    expect((await ask('/zones')).body).toEqual({
      zones: [{ name: 'example.net', serial: 10, names: 6 }],
    });
    expect((await ask('/zones', { token: 'elsewhere' })).body).toEqual({ zones: [] });
  });

  test('GET /zones/{zone} shows one, whose serial is its tag', async () => {
    const { ask } = setUp();
    const shown = await ask('/zones/EXAMPLE.net.');
    expect(shown).toMatchObject({
      status: 200,
      type: 'application/json',
      etag: '"10"',
      body: { serial: 10 },
    });
    expect(
      (await ask('/zones/example.net', { headers: { 'if-none-match': '"9", W/"10"' } })).status,
    ).toBe(304);
    expect((await ask('/zones/example.net', { headers: { 'if-none-match': '"9"' } })).status).toBe(
      200,
    );
  });

  test('GET records lists them in canonical order, values as in zone files', async () => {
    const { ask } = setUp();
    const { body } = await ask('/zones/example.net/records');
    expect(body.next).toBeUndefined();
    expect(body.records.map(({ name, type }: Listed) => `${name} ${type}`)).toEqual([
      'example.net NS',
      'example.net SOA',
      'alias.example.net CNAME',
      'a.lab.example.net A',
      'mail.example.net MX',
      'www.example.net A',
      'www.example.net TXT',
    ]);
    expect(body.records[4]).toEqual({
      name: 'mail.example.net',
      type: 'MX',
      ttl: 300,
      values: ['10 www.example.net.'],
    });
    expect(body.records[6]?.values).toEqual(['"hello world"']);
  });

  test.each([1, 2, 3, 6, 7])('page by page of %i they are all there once', async (limit) => {
    const { ask } = setUp();
    const all = (await ask('/zones/example.net/records')).body.records;
    const paged: unknown[] = [];
    let next: string | undefined;
    do {
      const after: string = next === undefined ? '' : `&after=${encodeURIComponent(next)}`;
      // oxlint-disable-next-line no-await-in-loop -- page by page
      const { body } = await ask(`/zones/example.net/records?limit=${limit}${after}`);
      paged.push(...body.records);
      next = body.next;
    } while (next !== undefined);
    expect(paged).toEqual(all);
  });

  test('a page goes on after what is gone meanwhile', async () => {
    const { ask } = setUp();
    const { body } = await ask('/zones/example.net/records?limit=4');
    await ask('/zones/example.net/records/a.lab', { method: 'DELETE' });
    const after = await ask(`/zones/example.net/records?after=${body.next}`);
    expect(after.body.records.map(({ name }: Listed) => name)).toEqual([
      'mail.example.net',
      'www.example.net',
      'www.example.net',
    ]);
  });

  test.each<[string, string[]]>([
    ['name=www', ['www A', 'www TXT']],
    ['type=a', ['a.lab A', 'www A']],
    ['name=www.example.net&type=TXT', ['www TXT']],
    ['name=nobody', []],
  ])('?%s filters', async (query, expected) => {
    const { body } = await setUp().ask(`/zones/example.net/records?${query}`);
    expect(
      body.records.map(({ name, type }: Listed) => `${name.replace('.example.net', '')} ${type}`),
    ).toEqual(expected);
  });

  test('a token sees what it is for', async () => {
    const { ask } = setUp();
    const { body } = await ask('/zones/example.net/records', { token: 'lab' });
    expect(body.records.map(({ name }: Listed) => name)).toEqual(['a.lab.example.net']);
    expect((await ask(www, { token: 'lab' })).status).toBe(403);
    expect((await ask('/zones/example.net', { token: 'elsewhere' })).status).toBe(404);
    expect((await ask(www, { token: 'reader' })).status).toBe(200);
  });

  test('GET of an RRset; HEAD is the same without a body', async () => {
    const { ask } = setUp();
    const shown = await ask(www);
    expect(shown.body).toEqual({
      name: 'www.example.net',
      type: 'A',
      ttl: 300,
      values: ['192.0.2.1', '192.0.2.2'],
    });
    const head = await ask(www, { method: 'HEAD' });
    expect([head.status, head.body, head.etag]).toEqual([200, undefined, '"10"']);
    expect(head.headers.get('content-length')).toBe(shown.headers.get('content-length'));
    expect((await ask('/zones/example.net/records/www/AAAA')).status).toBe(404);
    expect((await ask('/zones/example.net/records/@/NS')).body.values).toHaveLength(2);
    expect((await ask('/zones/example.net/records/www.example.net/TYPE1')).body).toEqual(
      shown.body,
    );
  });
});

describe('PUT', () => {
  test('creates an RRset, and replaces it', async () => {
    const { ask, zone } = setUp();
    const path = '/zones/example.net/records/new/A';
    const made = await ask(path, { method: 'PUT', body: { values: ['192.0.2.9'] } });
    expect(made).toMatchObject({
      status: 201,
      etag: '"11"',
      body: { name: 'new.example.net', type: 'A', ttl: 60, values: ['192.0.2.9'] },
    });
    const again = await ask(path, {
      method: 'PUT',
      body: { ttl: 30, values: ['192.0.2.8', '192.0.2.7'] },
    });
    expect(again).toMatchObject({ status: 200, etag: '"12"' });
    expect(zone.lines('new')).toEqual(['new 30 A 192.0.2.7', 'new 30 A 192.0.2.8']);
  });

  test('the same again changes no serial', async () => {
    const { ask } = setUp();
    const body = { ttl: 300, values: ['192.0.2.2', '192.0.2.1', '192.0.2.1'] };
    expect(await ask(www, { method: 'PUT', body })).toMatchObject({ status: 200, etag: '"10"' });
  });

  test('takes values as objects and lists as well', async () => {
    const { ask, zone } = setUp();
    await ask('/zones/example.net/records/new/MX', {
      method: 'PUT',
      body: { values: [{ preference: 10, exchange: 'mail.example.net' }] },
    });
    await ask('/zones/example.net/records/new/TXT', {
      method: 'PUT',
      body: { values: [['a b', 'c']] },
    });
    expect(zone.lines('new')).toEqual(['new 60 MX 10 mail', 'new 60 TXT "a b" "c"']);
  });

  test('with a lease it goes by itself', async () => {
    const { ask, zone, reactor } = setUp();
    await ask('/zones/example.net/records/new/A', {
      method: 'PUT',
      body: { values: ['192.0.2.9'], leaseSeconds: 60 },
    });
    expect(zone.leases.map(({ expires }) => (expires ?? 0) - reactor.clock.epoch())).toEqual([
      60_000,
    ]);
  });

  test.each<[string, string, unknown, number, RegExp]>([
    ['no values', www, {}, 422, /values must be a list/],
    ['an empty list', www, { values: [] }, 422, /values must be a list/],
    ['a bad value', www, { values: ['192.0.2.256'] }, 422, /192\.0\.2\.256/],
    ['a value of another kind', www, { values: [7] }, 422, /neither text nor an object/],
    ['a bad TTL', www, { ttl: -1, values: ['192.0.2.1'] }, 422, /ttl as it must be 0 to/],
    ['a bad lease', www, { leaseSeconds: 0, values: ['192.0.2.1'] }, 422, /leaseSeconds/],
    ['an unknown part', www, { value: ['192.0.2.1'] }, 422, /"value" as it is not a part/],
    ['a name in the body', www, { name: 'x', values: ['192.0.2.1'] }, 422, /"name" here/],
    ['a type that is none', '/zones/example.net/records/www/AA', { values: ['x'] }, 422, /"AA"/],
    [
      'a meta type',
      '/zones/example.net/records/www/ANY',
      { values: ['x'] },
      422,
      /no type of data/,
    ],
    [
      'what belongs to the signer',
      '/zones/example.net/records/www/NSEC',
      { values: ['x'] },
      422,
      /signs the zone/,
    ],
    ['a bad name', '/zones/example.net/records/a..b/A', { values: ['192.0.2.1'] }, 422, /a\.\.b/],
    [
      'a name outside of the zone',
      '/zones/example.net/records/example.org./A',
      { values: ['192.0.2.1'] },
      422,
      /outside of zone/,
    ],
    [
      'data beside an alias',
      '/zones/example.net/records/alias/A',
      { values: ['192.0.2.1'] },
      409,
      /alias/,
    ],
    [
      'an alias beside data',
      '/zones/example.net/records/www/CNAME',
      { values: ['mail.example.net'] },
      409,
      /alias/,
    ],
    ['no JSON', www, '{', 400, /no JSON object/],
    ['no object', www, '[]', 400, /no JSON object/],
    [
      'a zone that is not there',
      '/zones/example.org/records/www/A',
      { values: ['192.0.2.1'] },
      404,
      /zone "example.org"/,
    ],
  ])('%s', async (_, path, body, status, detail) => {
    const { ask, zone } = setUp();
    const refused = await ask(path, { method: 'PUT', body });
    expect(refused).toMatchObject({
      status,
      type: 'application/problem+json',
      body: { status, type: 'about:blank' },
    });
    expect(refused.body.detail).toMatch(detail);
    expect(zone.commits).toEqual([]);
  });
});

describe('PATCH', () => {
  test('adds and removes single values', async () => {
    const { ask, zone } = setUp();
    const body = { add: ['192.0.2.9'], remove: ['192.0.2.1', '192.0.2.77'] };
    expect(await ask(www, { method: 'PATCH', body })).toMatchObject({
      status: 200,
      body: { values: ['192.0.2.2', '192.0.2.9'] },
    });
    expect(zone.lines('www')).toContain('www 300 A 192.0.2.9');
    expect(
      (await ask(www, { method: 'PATCH', body: { ttl: 60, add: ['192.0.2.9'] } })).body.ttl,
    ).toBe(60);
  });

  test('the last value takes the RRset with it: 204', async () => {
    const { ask, zone } = setUp();
    const body = { remove: ['192.0.2.1', '192.0.2.2'] };
    expect((await ask(www, { method: 'PATCH', body })).status).toBe(204);
    expect(zone.lines('www')).toEqual(['www 300 TXT "hello world"']);
  });

  test('an alias is moved in one change', async () => {
    const { ask, zone } = setUp();
    const body = { remove: ['www.example.net.'], add: ['mail.example.net.'] };
    expect(
      (await ask('/zones/example.net/records/alias/CNAME', { method: 'PATCH', body })).status,
    ).toBe(200);
    expect(zone.lines('alias')).toEqual(['alias 300 CNAME mail']);
  });

  test('the only value is moved with the TTL it has, unless another is given', async () => {
    const { ask, zone } = setUp();
    const mail = '/zones/example.net/records/mail/MX';
    const body = { remove: ['10 www.example.net.'], add: ['20 www.example.net.'] };
    expect((await ask(mail, { method: 'PATCH', body })).body.ttl).toBe(300);
    const back = { remove: body.add, add: body.remove, ttl: 90 };
    expect((await ask(mail, { method: 'PATCH', body: back })).body.ttl).toBe(90);
    expect(zone.lines('mail')).toEqual(['mail 90 MX 10 www']);
  });

  test.each([[{}], [{ values: ['192.0.2.1'] }], [{ add: 'x' }], [{ add: ['x'] }]])(
    '%j is 422',
    async (body) => {
      expect((await setUp().ask(www, { method: 'PATCH', body })).status).toBe(422);
    },
  );
});

test('what is deleted as a whole and added again in a batch has the TTL of the API', async () => {
  const { ask, zone } = setUp();
  const changes = [
    { operation: 'delete', name: 'mail', type: 'MX' },
    { operation: 'add', name: 'mail', type: 'MX', values: ['20 www.example.net.'] },
  ];
  const { status } = await ask('/zones/example.net/records', { method: 'POST', body: { changes } });
  expect(status).toBe(200);
  expect(zone.lines('mail')).toEqual(['mail 60 MX 20 www']);
});

describe('DELETE', () => {
  test('of a type, and of a whole name', async () => {
    const { ask, zone } = setUp();
    expect(await ask(www, { method: 'DELETE' })).toMatchObject({
      status: 204,
      etag: '"11"',
      body: undefined,
    });
    expect((await ask(www, { method: 'DELETE' })).status).toBe(404);
    expect((await ask('/zones/example.net/records/www', { method: 'DELETE' })).status).toBe(204);
    expect(zone.lines('www')).toEqual([]);
    expect((await ask('/zones/example.net/records/www', { method: 'DELETE' })).status).toBe(404);
  });

  test('of all at the apex spares SOA and NS', async () => {
    const { ask, zone } = setUp();
    await ask('/zones/example.net/records/@/TXT', { method: 'PUT', body: { values: ['x'] } });
    expect((await ask('/zones/example.net/records/@', { method: 'DELETE' })).status).toBe(204);
    expect(zone.lines('@')).toHaveLength(2);
  });

  test('of the servers of the zone is 409', async () => {
    expect(
      (await setUp().ask('/zones/example.net/records/@/NS', { method: 'DELETE' })).status,
    ).toBe(409);
  });

  test('of a whole name with something that the token is not for is 403', async () => {
    const { ask, zone } = setUp();
    await ask('/zones/example.net/records/a.lab/TXT', { method: 'PUT', body: { values: ['x'] } });
    expect(
      (await ask('/zones/example.net/records/a.lab', { method: 'DELETE', token: 'lab' })).status,
    ).toBe(403);
    expect(zone.lines('a.lab')).toHaveLength(2);
  });
});

describe('POST of a batch', () => {
  const path = '/zones/example.net/records';

  test('makes all changes in their order, as one', async () => {
    const { ask, zone } = setUp();
    const changes = [
      { operation: 'delete', name: 'www' },
      { operation: 'set', name: 'www', type: 'CNAME', values: ['mail.example.net.'] },
      {
        operation: 'add',
        name: 'new.example.net',
        type: 'A',
        ttl: 60,
        values: ['192.0.2.8', '192.0.2.9'],
      },
      { operation: 'remove', name: 'new', type: 'A', values: ['192.0.2.8'] },
      { operation: 'delete', name: 'a.lab', type: 'A' },
    ];
    expect(await ask(path, { body: { changes } })).toMatchObject({
      status: 200,
      etag: '"11"',
      body: { serial: 11, changed: 5 },
    });
    expect(zone.commits).toHaveLength(1);
    expect(zone.lines().slice(2)).toEqual([
      'alias 300 CNAME www',
      'mail 300 MX 10 www',
      'new 60 A 192.0.2.9',
      'www 60 CNAME mail',
    ]);
  });

  test('one that cannot be made leaves all, and is named', async () => {
    const { ask, zone } = setUp();
    const good = { operation: 'add', name: 'new', type: 'A', values: ['192.0.2.9'] };
    const bad = { operation: 'add', name: 'new', type: 'A', values: ['x'] };
    expect(await ask(path, { body: { changes: [good, bad] } })).toMatchObject({
      status: 422,
      body: { index: 1 },
    });
    const alien = { operation: 'add', name: 'www', type: 'A', values: ['192.0.2.9'] };
    const own = { operation: 'add', name: 'b.lab', type: 'A', values: ['192.0.2.9'] };
    expect(await ask(path, { token: 'lab', body: { changes: [own, alien] } })).toMatchObject({
      status: 403,
      body: { index: 1 },
    });
    expect(zone.commits).toEqual([]);
  });

  test.each<[string, unknown, number]>([
    ['no changes', {}, 422],
    ['none', { changes: [] }, 422],
    ['no object', { changes: [7] }, 422],
    ['no operation', { changes: [{ name: 'x', type: 'A', values: ['192.0.2.1'] }] }, 422],
    ['no name', { changes: [{ operation: 'delete' }] }, 422],
    ['no type', { changes: [{ operation: 'set', name: 'x', values: ['x'] }] }, 422],
    [
      'values to delete',
      { changes: [{ operation: 'delete', name: 'www', type: 'A', values: ['192.0.2.1'] }] },
      422,
    ],
    [
      'too many',
      { changes: Array.from({ length: 501 }, () => ({ operation: 'delete', name: 'x' })) },
      413,
    ],
    ['too long', { changes: [], x: 'x'.repeat(300_000) }, 413],
    [
      'too many records of one type',
      {
        changes: [
          {
            operation: 'add',
            name: 'x',
            type: 'A',
            values: Array.from({ length: 600 }, (_, index) => `10.0.${index >> 8}.${index & 255}`),
          },
          {
            operation: 'add',
            name: 'x',
            type: 'A',
            values: Array.from({ length: 600 }, (_, index) => `10.1.${index >> 8}.${index & 255}`),
          },
        ],
      },
      422,
    ],
  ])('%s', async (_, body, status) => {
    const { ask, zone } = setUp();
    expect((await ask(path, { body })).status).toBe(status);
    expect(zone.commits).toEqual([]);
  });
});

describe('what must not be taken for something else', () => {
  test('an empty name in a path is not the zone', async () => {
    const { ask, zone } = setUp();
    const path = '/zones/example.net/records/';
    const values = ['192.0.2.9'];
    expect((await ask(`${path}/A`, { method: 'PUT', body: { values } })).status).toBe(404);
    expect((await ask(`${path}/`, { method: 'DELETE' })).status).toBe(404);
    expect(zone.commits).toEqual([]);
  });

  test('two SOA records are none', async () => {
    const { ask, zone } = setUp();
    const values = ['a. b. 11 1 1 1 1', 'a. b. 12 1 1 1 1'];
    const put = { method: 'PUT', body: { values } };
    expect((await ask('/zones/example.net/records/@/SOA', put)).status).toBe(422);
    expect(zone.commits).toEqual([]);
  });

  test('lists in lists, 50,000 deep, are the fault of the client', async () => {
    const { ask, reactor } = setUp();
    const body = `{"values":[${'['.repeat(50_000)}${']'.repeat(50_000)}]}`;
    expect((await ask(www, { method: 'PUT', body })).status).toBe(422);
    expect(reactor.reports.problems).toEqual([]);
  });
});

test('a lease is of a record that is there at the end of the batch', async () => {
  const { ask, zone } = setUp();
  const lease = { name: 'new', type: 'A', leaseSeconds: 60 };
  const changes = [
    { ...lease, operation: 'set', values: ['192.0.2.7', '192.0.2.8'] },
    { operation: 'remove', name: 'new', type: 'A', values: ['192.0.2.7'] },
    { ...lease, operation: 'set', name: 'gone', values: ['192.0.2.9'] },
    { operation: 'delete', name: 'gone' },
  ];
  expect((await ask('/zones/example.net/records', { body: { changes } })).status).toBe(200);
  const leased = zone.leases.map(({ name, rdata }) => `${name} ${rdata?.at(-1)}`);
  expect(leased).toEqual(['new.example.net 8']);
});

test('a page looks at 10,000 names, and who may see few of them goes on from there', async () => {
  const { ask, zone } = setUp();
  const edits = Array.from({ length: 10_500 }, (_, at) => {
    const name = nameOf(`b${at}`);
    return {
      name,
      type: Type.A,
      rrset: createRRset(name, Type.A, { ttl: 1, values: ['192.0.2.1'] }),
    };
  });
  await zone.transact(() => ({ edits, result: undefined }));
  const path = '/zones/example.net/records?type=MX';
  const first = await ask(path);
  expect(first.body).toMatchObject({ records: [] });
  const rest = await ask(`${path}&after=${encodeURIComponent(first.body.next ?? '')}`);
  expect(rest.body.records.map(({ name }) => name)).toEqual(['mail.example.net']);
  expect(rest.body.next).toBeUndefined();
});

test('a page ends at 10,000 records, however many RRsets it may have, and is made in turns', async () => {
  const { ask, zone, reactor } = setUp();
  const values = Array.from({ length: 1000 }, (_, at) => `10.0.${at >> 8}.${at & 255}`);
  const edits = Array.from({ length: 12 }, (_, at) => {
    const name = nameOf(`b${at}.big`);
    return { name, type: Type.A, rrset: createRRset(name, Type.A, { ttl: 1, values }) };
  });
  await zone.transact(() => ({ edits, result: undefined }));
  const path = '/zones/example.net/records?type=A&limit=1000';
  let turns = 0;
  const others = (): void => {
    turns++;
    if (turns < 100) reactor.clock.callSoon(others);
  };
  reactor.clock.callSoon(others);
  const first = await ask(path);
  expect(turns).toBeGreaterThan(5);
  const counted = ({ records }: { records: readonly { values: readonly string[] }[] }) =>
    records.reduce((sum, each) => sum + each.values.length, 0);
  expect(counted(first.body)).toBeGreaterThan(9000);
  expect(counted(first.body)).toBeLessThanOrEqual(10_000);
  const rest = await ask(`${path}&after=${encodeURIComponent(first.body.next ?? '')}`);
  expect(counted(first.body) + counted(rest.body)).toBe(12_003);
  expect(rest.body.next).toBeUndefined();
});

test('a batch costs by its changes and not by their square', async () => {
  const { ask, zone } = setUp();
  const address = (at: number): string => `10.0.${at >> 8}.${at & 255}`;
  const all = Array.from({ length: 1000 }, (_, at) => address(at));
  const big = { method: 'PUT', body: { values: all } };
  expect((await ask('/zones/example.net/records/big/A', big)).status).toBe(201);
  const held = zone.snapshot.get(nameOf('big'), Type.A)?.records ?? [];
  let reads = 0;
  for (const rdata of held) {
    const { wire } = rdata;
    Object.defineProperty(rdata, 'wire', { get: () => (reads++, wire) });
  }
  const changes = all
    .slice(0, 500)
    .map((value) => ({ operation: 'remove', name: 'big', type: 'A', values: [value] }));
  expect(await ask('/zones/example.net/records', { body: { changes } })).toMatchObject({
    status: 200,
    body: { changed: 1 },
  });
  expect(zone.lines('big')).toHaveLength(500);
  expect(reads).toBeLessThan(50_000);
});

describe('preconditions', () => {
  test('If-Match with the serial: once', async () => {
    const { ask } = setUp();
    const put = (values: string[]) =>
      ask(www, { method: 'PUT', body: { values }, headers: { 'if-match': '"10"' } });
    expect((await put(['192.0.2.8'])).status).toBe(200);
    expect(await put(['192.0.2.9'])).toMatchObject({ status: 412, etag: '"11"' });
  });

  test('If-Match of a batch and of a deletion', async () => {
    const { ask } = setUp();
    const headers = { 'if-match': '"9"' };
    const changes = [{ operation: 'delete', name: 'www' }];
    expect((await ask('/zones/example.net/records', { body: { changes }, headers })).status).toBe(
      412,
    );
    expect((await ask(www, { method: 'DELETE', headers })).status).toBe(412);
  });

  test('If-Match: * needs it to be there, If-None-Match: * not to be', async () => {
    const { ask } = setUp();
    const fresh = '/zones/example.net/records/new/A';
    const put = (path: string, headers: Record<string, string>) =>
      ask(path, { method: 'PUT', body: { values: ['192.0.2.9'] }, headers });
    expect((await put(fresh, { 'if-match': '*' })).status).toBe(412);
    expect((await put(www, { 'if-none-match': '*' })).status).toBe(412);
    expect((await put(fresh, { 'if-none-match': '*' })).status).toBe(201);
    expect((await put(www, { 'if-match': '*' })).status).toBe(200);
  });

  test('If-Match: * of a name needs it to have records, that of a batch nothing', async () => {
    const { ask } = setUp();
    const headers = { 'if-match': '*' };
    const remove = (name: string) =>
      ask(`/zones/example.net/records/${name}`, { method: 'DELETE', headers });
    expect((await remove('www')).status).toBe(204);
    expect((await remove('www')).status).toBe(412);
    // It exists, and is a name without records.
    expect((await remove('lab')).status).toBe(412);
    const changes = [{ operation: 'set', name: 'new', type: 'A', values: ['192.0.2.9'] }];
    const batch = (more: Record<string, string>) =>
      ask('/zones/example.net/records', { body: { changes }, headers: more });
    expect((await batch({ 'if-none-match': '*' })).status).toBe(412);
    expect((await batch(headers)).status).toBe(200);
  });

  test('a weak tag is good for reading and not for changing', async () => {
    const { ask } = setUp();
    const put = { method: 'PUT', body: { values: ['192.0.2.9'] } };
    expect((await ask(www, { ...put, headers: { 'if-match': 'W/"10"' } })).status).toBe(412);
    expect((await ask(www, { headers: { 'if-none-match': 'W/"10"' } })).status).toBe(304);
    expect((await ask(www, { ...put, headers: { 'if-match': '"9", "10"' } })).status).toBe(200);
  });
});

describe('wait=propagated', () => {
  test('answers when the secondaries have the serial', async () => {
    const waited: number[] = [];
    const { ask } = setUp({ propagated: async (_, serial) => void waited.push(serial) });
    expect((await ask(`${www}?wait=propagated`, { method: 'DELETE' })).status).toBe(204);
    expect(waited).toEqual([11]);
  });

  test('is 504 when they do not get it, and the change is made', async () => {
    const late = new TimeoutError(
      'Cannot find serial 11 of "example.net" within 60000 ms at 192.0.2.53',
    );
    const { ask, zone, reactor } = setUp({ propagated: () => Promise.reject(late) });
    expect(await ask(`${www}?wait=propagated`, { method: 'DELETE' })).toMatchObject({
      status: 504,
      body: { detail: expect.stringContaining('the change is made') },
    });
    reactor.reports.problems.length = 0;
    expect(zone.commits).toHaveLength(1);
  });

  test('is 400 where it is not set up, or for something else, and nothing is changed', async () => {
    const { ask, zone } = setUp();
    expect((await ask(`${www}?wait=propagated`, { method: 'DELETE' })).status).toBe(400);
    expect((await ask(`${www}?wait=long`, { method: 'DELETE' })).status).toBe(400);
    expect(zone.commits).toEqual([]);
  });
});

describe('tokens', () => {
  test.each<[string, Init]>([
    ['none', { token: undefined }],
    ['a wrong one', { token: 'al' }],
    ['a hash in place of its token', { token: hashToken('reader') }],
    ['another scheme', { token: undefined, headers: { authorization: 'Basic YWxsOmFsbA==' } }],
  ])('%s: 401, and no word of what there is', async (_, init) => {
    const refused = await setUp().ask('/zones/nowhere', init);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    expect(refused.type).toBe('application/problem+json');
  });

  test('one that reads changes nothing', async () => {
    const { ask, zone } = setUp();
    expect((await ask(www, { method: 'DELETE', token: 'reader' })).status).toBe(403);
    expect(
      (await ask(www, { method: 'PUT', token: 'reader', body: { values: ['192.0.2.9'] } })).status,
    ).toBe(403);
    expect(zone.commits).toEqual([]);
  });

  test('after many wrong ones from an address even the right one is 429, for a while', async () => {
    const { ask, reactor } = setUp({ failureRate: { burst: 2, perMinute: 1 } });
    await ask('/zones', { token: 'x' });
    await ask('/zones', { token: 'x' });
    const refused = await ask('/zones');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    expect((await ask('/zones', { from: '198.51.100.5' })).status).toBe(200);
    reactor.clock.advance(60_000);
    expect((await ask('/zones')).status).toBe(200);
  });
});

describe('HTTP', () => {
  test.each([
    ['/zones', 'GET, HEAD, OPTIONS'],
    ['/zones/example.net', 'GET, HEAD, OPTIONS'],
    ['/zones/example.net/records', 'GET, HEAD, POST, OPTIONS'],
    ['/zones/example.net/records/www', 'DELETE, OPTIONS'],
    [www, 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS'],
  ])('%s allows %s', async (path, allow) => {
    const { ask } = setUp();
    const options = await ask(path, { method: 'OPTIONS', token: undefined });
    expect([options.status, options.headers.get('allow')]).toEqual([204, allow]);
    const refused = await ask(path, { method: 'PROPFIND' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, allow]);
  });

  test.each([
    '/',
    '/zone',
    '/zones/example.net/keys',
    '/zones/example.net/records/a/A/x',
    '/../zones2',
  ])('%s is 404', async (path) => {
    expect((await setUp().ask(path)).status).toBe(404);
  });

  test('a path outside of the prefix is 404', async () => {
    expect((await setUp({ prefix: '/v1' }).ask('/zones')).status).toBe(404);
  });

  test('an escape that is wrong is 400, one that is right is read', async () => {
    const { ask } = setUp();
    expect((await ask('/zones/%zz')).status).toBe(400);
    expect((await ask('/zones/example.net/records/%77ww/A')).status).toBe(200);
    await ask('/zones/example.net/records/0%2F25.x/A', {
      method: 'PUT',
      body: { values: ['192.0.2.9'] },
    });
    expect((await ask('/zones/example.net/records?name=0/25.x')).body.records).toHaveLength(1);
  });

  test('another type than JSON is 415, an answer in another type 406', async () => {
    const { ask } = setUp();
    const headers = { 'content-type': 'text/plain' };
    expect((await ask(www, { method: 'PUT', body: '{}', headers })).status).toBe(415);
    expect((await ask('/zones', { headers: { accept: 'text/html' } })).status).toBe(406);
    for (const accept of ['*/*', 'application/json', 'text/html, application/*;q=0.5']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await ask('/zones', { headers: { accept } })).status).toBe(200);
    }
  });

  test.each(['0', '-1', '1001', 'x', ''])('limit=%s is 400', async (limit) => {
    expect((await setUp().ask(`/zones/example.net/records?limit=${limit}`)).status).toBe(400);
  });

  test.each(['x', 'www.example.org/A', 'a..b/A', 'www.example.net/ANY'])(
    'after=%s is 400',
    async (after) => {
      expect((await setUp().ask(`/zones/example.net/records?after=${after}`)).status).toBe(400);
    },
  );

  test('a store that fails is 503 and reported, without its words', async () => {
    const { ask, zone, reactor } = setUp();
    zone.failure = new StoreError('HAWSER_STORE_IO', 'disk /var/lib/secret is full');
    const failed = await ask(www, { method: 'DELETE' });
    expect([failed.status, failed.body.detail]).toEqual([503, 'Cannot store the change now']);
    expect(reactor.reports.problems).toMatchObject([
      { where: 'dns.recordApi', error: zone.failure },
    ]);
    reactor.reports.problems.length = 0;
    zone.failure = usageError('HAWSER_DNS_ZONE', 'Cannot grow the zone');
    expect((await ask(www, { method: 'DELETE' })).status).toBe(409);
    zone.failure = new Error('a fault with secrets');
    expect((await ask(www, { method: 'DELETE' })).body.detail).not.toContain('secrets');
    reactor.reports.problems.length = 0;
  });
});

test.each<[string, Partial<RecordApiOptions>, string]>([
  ['no token', { tokens: [] }, 'no token'],
  ['an empty token', { tokens: [{ name: 'a', token: '' }] }, 'needs a token'],
  [
    'two alike',
    {
      tokens: [
        { name: 'a', token: 'x' },
        { name: 'b', token: hashToken('x') },
      ],
    },
    'another one is the same',
  ],
  [
    'another access',
    { tokens: [{ name: 'a', token: 'x', access: 'all' as 'read' }] },
    'access must be',
  ],
  ['no page', { maxPage: 0 }, 'maxPage'],
])('%s is refused at once', (_, options, message) => {
  expect(() => setUp(options)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(message) }),
  );
});

describe('a token for some names', () => {
  const put = (ask: ReturnType<typeof setUp>['ask'], type: string, value: string) =>
    ask(`/zones/example.net/records/a.lab/${type}`, {
      method: 'PUT',
      token: 'part',
      body: { values: [value] },
    });

  test.each([
    ['NS', 'ns.example.org'],
    ['DNAME', 'example.org'],
    ['DS', '1 13 2 00000000000000000000000000000000000000000000000000000000000000ff'],
  ])('may not set %s, which decides over others', async (type, value) => {
    const tokens = [{ name: 'part', token: 'part', names: ['a.lab.example.net'] }];
    const { ask, zone } = setUp({ tokens });
    expect((await put(ask, type, value)).status).toBe(403);
    expect(zone.commits).toEqual([]);
    expect((await put(ask, 'TXT', 'x')).status).toBe(201);
  });

  test.each([[['NS']], [['*']]])('may if its types say so: %j', async (types) => {
    const tokens = [{ name: 'part', token: 'part', names: ['a.lab.example.net'], types }];
    const { ask } = setUp({ tokens });
    expect((await put(ask, 'NS', 'ns.example.org')).status).toBe(201);
  });
});
