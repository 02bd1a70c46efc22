// Whatever comes by HTTP: an answer, no fault, and a zone that is one.
import { createTestReactor, SeededRandom } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { MemoryBucket } from '../../../src/store/memory-bucket.ts';
import { acmeDns } from '../../../src/update/acme-dns/acme-dns.ts';
import { AbuseGuard } from '../../../src/update/dyndns2/abuse-guard.ts';
import { dyndns2 } from '../../../src/update/dyndns2/dyndns2.ts';
import type { HttpUpdateHandler } from '../../../src/update/http/http-context.ts';
import { recordApi } from '../../../src/update/record-api/record-api.ts';
import { Zone } from '../../../src/zone/zone.ts';
import { origin, TestZone } from '../message/update-scene.ts';

// More by FUZZ_REQUESTS=100000.
const count = Number(process.env['FUZZ_REQUESTS'] ?? 1_000);
const peer = { kind: 'tcp', host: '192.0.2.99', port: 1, family: 4 } as const;
const often = { burst: 1e9, perMinute: 1e9 };

class Noise {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random.float() * list.length)] as T;
  }

  /** Text of `parts`, some of it changed. */
  text(parts: readonly string[]): string {
    let text = '';
    do text += this.pick(parts);
    while (this.#random.float() < 0.3);
    if (this.#random.float() < 0.3) {
      const at = Math.floor(this.#random.float() * (text.length + 1));
      const strange = [
        '\\',
        '"',
        '%',
        '.',
        '..',
        '\0',
        'ü',
        '*',
        ',',
        '/',
        '-1',
        '9'.repeat(40),
        'x'.repeat(300),
      ];
      text = text.slice(0, at) + this.pick(strange) + text.slice(at + this.pick([0, 1, 5]));
    }
    return text;
  }
}

/** Sends `count` requests and gives how often each status came. */
async function storm(
  handler: HttpUpdateHandler,
  next: () => Request,
): Promise<Map<number, number>> {
  const reactor = createTestReactor();
  const statuses = new Map<number, number>();
  for (let round = 0; round < count; round++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { status } = await handler(next(), { reactor, peer });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  expect(reactor.reports.problems).toEqual([]);
  return statuses;
}

function expectZone({ snapshot }: TestZone): void {
  const again = Zone.of(origin, snapshot.rrsets());
  expect([again.size, again.serial]).toEqual([snapshot.size, snapshot.serial]);
}

test(
  `${count} strange requests to dyndns2`,
  async () => {
    const noise = new Noise(1);
    const zone = new TestZone(['alias 60 CNAME bob']);
    const handler = dyndns2(zone, {
      accounts: [{ user: 'a', token: 'b', hosts: ['*'], types: ['A', 'AAAA', 'TXT'] }],
      emptyDeletes: true,
      abuse: new AbuseGuard({ hostRate: often, failureRate: often, blockAfter: 1e9 }),
    });
    const headers = { authorization: `Basic ${btoa('a:b')}`, 'user-agent': 'x' };
    const names = ['hostname', 'myip', 'myipv4', 'myipv6', 'ip', 'ipv6', 'txt', 'offline'];
    const hosts = [
      'home.example.net',
      'alias.example.net',
      '_acme-challenge.a.example.net',
      'example.net',
      ',',
    ];
    const addresses = [
      '192.0.2.7',
      '2001:db8::7',
      '2001:db8:1::/56',
      'preserve',
      '',
      '::ffff:192.0.2.9',
      ',',
    ];
    const statuses = await storm(handler, () => {
      const query = new URLSearchParams({
        hostname: noise.text(hosts),
        myip: noise.text(addresses),
      });
      query.set(noise.pick(names), noise.text([...hosts, ...addresses, 'YES']));
      return new Request(`http://localhost/nic/update?${query}`, { headers });
    });
    expect([...statuses.keys()]).toEqual([200]);
    expect(zone.commits.length).toBeGreaterThan(count / 20);
    expectZone(zone);
  },
  30_000 + count * 5,
);

test(
  `${count} strange requests to the record API`,
  async () => {
    const noise = new Noise(2);
    const zone = new TestZone(['www 60 A 192.0.2.1', 'alias 60 CNAME www']);
    const handler = recordApi(zone, { tokens: [{ name: 'a', token: 'a' }], failureRate: often });
    const headers = { authorization: 'Bearer a', 'content-type': 'application/json' };
    const names = [
      'www',
      'new',
      '@',
      'alias',
      '*.w',
      'a\\.b',
      'www.example.net.',
      'x.example.org.',
    ];
    const good: Record<string, string> = {
      A: '192.0.2.1',
      TXT: '"text"',
      MX: '10 mail',
      CNAME: 'www.example.net.',
      NS: 'ns1.example.net.',
      SOA: 'a. b. 99 1 1 1 1',
      TYPE65280: '\\# 2 0102',
      ANY: '',
      HTTPS: '1 . alpn=h2',
      CAA: '0 issue "x"',
    };
    const types = Object.keys(good);
    const value = (type: string): unknown => {
      const strange = [
        noise.text(Object.values(good)),
        7,
        null,
        ['a'],
        { preference: 1, exchange: 'x' },
      ];
      return noise.pick<unknown>([good[type], good[type], noise.pick<unknown>(strange)]);
    };
    const change = (): unknown => {
      const type = noise.pick(types);
      return {
        operation: noise.pick(['set', 'add', 'remove', 'delete', 'x']),
        name: noise.text(names),
        ...(noise.pick([true, true, false]) && { type }),
        ...(noise.pick([true, true, false]) && { values: [value(type)] }),
        ...(noise.pick([true, false, false]) && {
          ttl: noise.pick<unknown>([60, 0, -1, 1e12, '60']),
        }),
      };
    };
    const statuses = await storm(handler, () => {
      const method = noise.pick(['GET', 'PUT', 'PATCH', 'DELETE', 'POST', 'POST', 'POST']);
      const type = noise.pick(types);
      const name = encodeURIComponent(noise.text(names));
      const path = method === 'POST' ? '' : `/${name}/${type}`;
      const url = `http://localhost/zones/example.net/records${path}`;
      const body = noise.pick([
        JSON.stringify({ changes: [change()] }),
        JSON.stringify({ values: [value(type)] }),
        JSON.stringify({ add: [value(type)], remove: [value(type)] }),
        noise.text(['{', '}', '[', 'null', '"']),
      ]);
      return new Request(url, { method, headers, ...(method !== 'GET' && { body }) });
    });
    expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([]);
    expect((statuses.get(200) ?? 0) + (statuses.get(204) ?? 0)).toBeGreaterThan(count / 40);
    expect(zone.commits.length).toBeGreaterThan(count / 100);
    expectZone(zone);
  },
  30_000 + count * 5,
);

test(
  `${count} strange requests to acme-dns`,
  async () => {
    const noise = new Noise(3);
    const zone = new TestZone();
    const bucket = new MemoryBucket();
    const handler = acmeDns(zone, { bucket, registrationRate: often, failureRate: often });
    const statuses = await storm(handler, () => {
      const body = noise.pick([
        JSON.stringify({ allowfrom: [noise.text(['192.0.2.0/24', '::/0', '2001:db8::'])] }),
        JSON.stringify({ subdomain: noise.text(['a-b']), txt: noise.text(['x'.repeat(43)]) }),
        noise.text(['{', '}', '[', 'null', '"']),
        '',
      ]);
      const headers = { 'x-api-user': noise.pick(['a', crypto.randomUUID()]), 'x-api-key': 'x' };
      const path = noise.pick(['register', 'update', 'health', 'x']);
      return new Request(`http://localhost/${path}`, { method: 'POST', headers, body });
    });
    expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([]);
    expect((await bucket.list({ limit: count })).length).toBe(statuses.get(201));
    expect(zone.commits).toEqual([]);
  },
  30_000 + count * 5,
);
