import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test, vi } from 'vitest';
import { StoreError } from '../../../src/errors.ts';
import { MemoryBucket } from '../../../src/store/memory-bucket.ts';
import { type AcmeDnsOptions, acmeDns } from '../../../src/update/acme-dns/acme-dns.ts';
import { TestZone } from '../message/update-scene.ts';

const digest = (letter: string) => letter.repeat(43);

interface Registered {
  readonly username: string;
  readonly password: string;
  readonly fulldomain: string;
  readonly subdomain: string;
  readonly allowfrom: readonly string[];
}

function setUp(options: Partial<AcmeDnsOptions> = {}) {
  const zone = new TestZone();
  const bucket = new MemoryBucket();
  const reactor = createTestReactor();
  const handler = acmeDns(zone, { bucket, ...options });
  const ask = async (
    path: string,
    init: { method?: string; body?: unknown; headers?: Record<string, string>; from?: string } = {},
  ) => {
    const { method = 'POST', body, headers = {}, from = '198.51.100.4' } = init;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const request = new Request(`http://localhost/acme${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: text }),
    });
    const response = await handler(request, {
      reactor,
      peer: { kind: 'tcp', host: from, port: 9, family: 4 },
    });
    const answer = await response.text();
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(answer)));
    return {
      status: response.status,
      body: answer === '' ? undefined : (JSON.parse(answer) as unknown),
    };
  };
  const register = async (body?: unknown) => (await ask('/register', { body })).body as Registered;
  const update = (
    account: Registered,
    txt: unknown,
    more: { from?: string; subdomain?: unknown; key?: string } = {},
  ) =>
    ask('/update', {
      headers: { 'x-api-user': account.username, 'x-api-key': more.key ?? account.password },
      body: { subdomain: more.subdomain ?? account.subdomain, txt },
      ...(more.from !== undefined && { from: more.from }),
    });
  return { zone, bucket, reactor, ask, register, update };
}

const forbidden = { status: 401, body: { error: 'forbidden' } };

describe('POST /register', () => {
  test('gives an account with a name of its own, as acme-dns does', async () => {
    const { ask, bucket } = setUp();
    const { status, body } = await ask('/register');
    const account = body as Registered;
    expect(status).toBe(201);
    expect(account).toEqual({
      username: expect.stringMatching(/^[\da-f-]{36}$/),
      password: expect.stringMatching(/^[\w-]{40}$/),
      subdomain: expect.stringMatching(/^[\da-f-]{36}$/),
      fulldomain: `${account.subdomain}.example.net`,
      allowfrom: [],
    });
    const [stored] = await bucket.list();
    expect(stored?.key).toBe(account.username);
    expect(stored?.value.toString()).not.toContain(account.password);
  });

  test('below a domain of the zone', async () => {
    const { register } = setUp({ domain: 'auth.example.net' });
    const { subdomain, fulldomain } = await register();
    expect(fulldomain).toBe(`${subdomain}.auth.example.net`);
  });

  test.each<[string, unknown, number, string]>([
    ['no JSON', '{', 400, 'malformed_json_payload'],
    ['no object', '[]', 400, 'malformed_json_payload'],
    ['a body that is too long', { allowfrom: ['x'.repeat(5000)] }, 400, 'malformed_json_payload'],
    ['a network that is none', { allowfrom: ['192.0.2.0/33'] }, 400, 'invalid_allowfrom_cidr'],
    ['a network of another kind', { allowfrom: ['unix'] }, 400, 'invalid_allowfrom_cidr'],
    ['no list of networks', { allowfrom: '192.0.2.0/24' }, 400, 'invalid_allowfrom_cidr'],
    [
      'too many networks',
      { allowfrom: Array.from({ length: 65 }, () => '192.0.2.1') },
      400,
      'invalid_allowfrom_cidr',
    ],
  ])('%s: %s', async (_, body, status, error) => {
    expect(await setUp().ask('/register', { body })).toEqual({ status, body: { error } });
  });

  test('too many from one address are 429, from another they are not', async () => {
    const { ask, reactor } = setUp({ registrationRate: { burst: 2, perMinute: 1 } });
    await ask('/register');
    await ask('/register');
    expect(await ask('/register')).toEqual({ status: 429, body: { error: 'too_many_requests' } });
    expect((await ask('/register', { from: '198.51.100.5' })).status).toBe(201);
    reactor.clock.advance(60_000);
    expect((await ask('/register')).status).toBe(201);
  });

  test('more than all that there may be are 507, also at the same time and in another process', async () => {
    const { ask, bucket } = setUp({ maxAccounts: 2 });
    const replies = await Promise.all([ask('/register'), ask('/register'), ask('/register')]);
    expect(replies.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(2);
    await ask('/register');
    await ask('/register');
    expect((await bucket.list()).length).toBe(2);
    expect(await setUp({ maxAccounts: 2, bucket }).ask('/register')).toEqual({
      status: 507,
      body: { error: 'too_many_accounts' },
    });
  });

  test('one that could not be stored does not count, and a full house is counted once', async () => {
    const { ask, bucket, reactor } = setUp({ maxAccounts: 2 });
    const list = vi.spyOn(bucket, 'list');
    const put = vi.spyOn(bucket, 'put');
    put.mockRejectedValueOnce(new StoreError('HAWSER_STORE_IO', 'disk full'));
    const replies = await Promise.all([ask('/register'), ask('/register'), ask('/register')]);
    expect(list).toHaveBeenCalledTimes(1);
    expect(replies.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
      201, 500, 507,
    ]);
    reactor.reports.problems.length = 0;
    expect((await ask('/register')).status).toBe(201);
    expect((await ask('/register')).status).toBe(507);
  });

  test('only from where it is allowed', async () => {
    expect(await setUp({ registration: 'nobody' }).ask('/register')).toEqual(forbidden);
    const { ask } = setUp({ registration: ['192.0.2.0/24'] });
    expect(await ask('/register')).toEqual(forbidden);
    expect((await ask('/register', { from: '192.0.2.7' })).status).toBe(201);
  });
});

describe('POST /update', () => {
  test('keeps the two newest texts', async () => {
    const { register, update, zone } = setUp();
    const account = await register();
    for (const letter of ['a', 'b', 'c', 'c']) {
      // oxlint-disable-next-line no-await-in-loop -- in this order
      expect(await update(account, digest(letter))).toEqual({
        status: 200,
        body: { txt: digest(letter) },
      });
    }
    expect(zone.lines(account.subdomain)).toEqual([
      `${account.subdomain} 1 TXT "${digest('b')}"`,
      `${account.subdomain} 1 TXT "${digest('c')}"`,
    ]);
    expect(zone.commits).toHaveLength(3);
  });

  test('keeps the text that was put again', async () => {
    const { register, update, zone } = setUp();
    const account = await register();
    for (const letter of ['a', 'b', 'a', 'c']) {
      // oxlint-disable-next-line no-await-in-loop -- in this order
      await update(account, digest(letter));
    }
    expect(zone.lines(account.subdomain)).toEqual([
      `${account.subdomain} 1 TXT "${digest('a')}"`,
      `${account.subdomain} 1 TXT "${digest('c')}"`,
    ]);
  });

  test('works in another process', async () => {
    const { register, bucket } = setUp();
    const account = await register();
    expect((await setUp({ bucket }).update(account, digest('a'))).status).toBe(200);
  });

  test('wrong credentials, and the name of another account, are 401 forbidden', async () => {
    const { register, update, ask, zone } = setUp();
    const [account, other] = [await register(), await register()];
    expect(await update(account, digest('a'), { key: other.password })).toEqual(forbidden);
    expect(await update(account, digest('a'), { key: '' })).toEqual(forbidden);
    expect(await update(account, digest('a'), { subdomain: other.subdomain })).toEqual(forbidden);
    expect(await update(account, digest('a'), { subdomain: 7 })).toEqual(forbidden);
    expect(await update({ ...account, username: other.subdomain }, digest('a'))).toEqual(forbidden);
    expect(await update({ ...account, username: '../x' }, digest('a'))).toEqual(forbidden);
    expect(
      await ask('/update', { body: { subdomain: account.subdomain, txt: digest('a') } }),
    ).toEqual(forbidden);
    const headers = { 'x-api-user': account.username, 'x-api-key': account.password };
    expect(await ask('/update', { headers, body: '{' })).toEqual(forbidden);
    expect(zone.commits).toEqual([]);
  });

  test('only from the networks of the account', async () => {
    const { register, update } = setUp();
    const account = await register({ allowfrom: ['192.0.2.0/24', '2001:db8::/32'] });
    expect(account.allowfrom).toEqual(['192.0.2.0/24', '2001:db8::/32']);
    expect(await update(account, digest('a'))).toEqual(forbidden);
    expect((await update(account, digest('a'), { from: '192.0.2.7' })).status).toBe(200);
    expect((await update(account, digest('b'), { from: '2001:db8::7' })).status).toBe(200);
  });

  test.each([[''], ['short'], [digest('a') + 'a'], [`${digest('a').slice(1)}"`], [7], [undefined]])(
    'text %j is 400 bad_txt',
    async (txt) => {
      const { register, update } = setUp();
      expect(await update(await register(), txt)).toEqual({
        status: 400,
        body: { error: 'bad_txt' },
      });
    },
  );

  test('after many wrong ones from an address even the right one is 429, for a while', async () => {
    const { register, update, reactor } = setUp({ failureRate: { burst: 2, perMinute: 1 } });
    const account = await register();
    await update(account, digest('a'), { key: 'x' });
    await update(account, digest('a'), { key: 'x' });
    expect((await update(account, digest('a'))).status).toBe(429);
    expect((await update(account, digest('a'), { from: '198.51.100.5' })).status).toBe(200);
    reactor.clock.advance(60_000);
    expect((await update(account, digest('a'))).status).toBe(200);
  });

  test('a store that fails is 500 db_error, and what was there stays', async () => {
    const { register, update, zone, reactor } = setUp();
    const account = await register();
    await update(account, digest('a'));
    zone.failure = new StoreError('HAWSER_STORE_IO', 'disk full');
    expect(await update(account, digest('b'))).toEqual({
      status: 500,
      body: { error: 'db_error' },
    });
    expect(zone.lines(account.subdomain)).toHaveLength(1);
    expect(reactor.reports.problems).toMatchObject([{ where: 'dns.acmeDns' }]);
    reactor.reports.problems.length = 0;
  });
});

test('GET /health is 200 and nothing more', async () => {
  expect(await setUp().ask('/health', { method: 'GET' })).toEqual({ status: 200, body: undefined });
});

test.each([
  ['GET', '/update', 405],
  ['GET', '/register', 405],
  ['POST', '/health', 405],
  ['GET', '/other', 404],
  ['GET', '/', 404],
])('%s %s is %i', async (method, path, status) => {
  expect((await setUp().ask(path, { method })).status).toBe(status);
});

test('a domain outside of the zone is refused at once', () => {
  expect(() => setUp({ domain: 'example.org' })).toThrow(
    expect.objectContaining({ code: 'HAWSER_DNS_OUT_OF_ZONE' }),
  );
});
