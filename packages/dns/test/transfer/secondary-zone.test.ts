import { createSimReactor, delay, type SimHost, type Simulation } from '@hawser/core';
import { SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/contract/answer.ts';
import { EdnsOption } from '../../src/message/edns.ts';
import type { DnsMessage } from '../../src/message/parse-message.ts';
import { Name } from '../../src/name.ts';
import { Opcode, Rcode, Type } from '../../src/numbers.ts';
import { memory } from '../../src/store/memory-store.ts';
import type { ZoneStore } from '../../src/store/zone-store.ts';
import { CopyLimits } from '../../src/transfer/copy-limits.ts';
import type { SecondaryOptions } from '../../src/transfer/secondary-options.ts';
import { type SecondaryZone, secondaryZone } from '../../src/transfer/secondary-zone.ts';
import { tsigKey } from '../../src/tsig/key.ts';
import { sameRRset } from '../../src/zone/rrset.ts';
import { FakeServer, type Says } from '../client/fake-server.ts';
import { JournaledZone, putting, removing, rrset } from './journaled-zone.ts';
import { type PrimaryOptions, primaryScript, toRecords } from './primary-script.ts';
import { type AskedBy, toQuery } from './to-query.ts';

const key = tsigKey('copy.example.net', 'hmac-sha256', Buffer.alloc(32, 7));
/** Looks every hour, tries again every ten minutes, is good for a day. */
const soa = { refresh: 3_600, retry: 600, expire: 86_400 };
const HOUR = 3_600_000;
const txt = (value: string) => putting(rrset('a.example.net', 'TXT', value));

class World implements AsyncDisposable {
  readonly sim: Simulation;
  readonly host: SimHost;
  readonly zone = new JournaledZone('example.net', { soa }).fill(20);
  readonly servers: FakeServer[] = [];
  readonly addresses: string[] = [];

  constructor() {
    this.sim = createSimReactor({ seed: 11, autoLimitMs: 10 * 24 * HOUR });
    this.host = this.sim.host('copy');
  }

  /** A primary. It has the zone unless it is given another one. */
  async primary(options: PrimaryOptions = {}, zone = this.zone): Promise<FakeServer> {
    const host = this.sim.host(`primary${this.servers.length}`);
    const server = await FakeServer.start(host, primaryScript(zone, options));
    this.servers.push(server);
    this.addresses.push(host.addresses[0] ?? '');
    return server;
  }

  async copy(options: Partial<SecondaryOptions> = {}): Promise<SecondaryZone> {
    const made = secondaryZone('example.net', { primaries: this.addresses, ...options });
    await made.started(this.host);
    await this.elapse(1_000);
    return made;
  }

  elapse(ms: number): PromiseLike<void> {
    return delay(ms, this.host.clock);
  }

  ask(
    copy: SecondaryZone,
    asked: AskedBy & { type?: number } = {},
  ): Outcome | PromiseLike<Outcome> {
    const { type = Type.SOA, ...more } = asked;
    return copy.handle(toQuery(type, { reactor: this.host, ...more }));
  }

  notify(copy: SecondaryZone, from = this.addresses[0] ?? ''): Outcome | PromiseLike<Outcome> {
    return this.ask(copy, { opcode: Opcode.Notify, host: from });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sim[Symbol.asyncDispose]();
  }
}

function expectSame({ snapshot }: SecondaryZone, { zone }: World): void {
  expect(snapshot?.serial).toBe(zone.zone.serial);
  expect([...(snapshot?.rrsets() ?? [])]).toHaveLength([...zone.zone.rrsets()].length);
  for (const each of zone.zone.rrsets())
    expect(sameRRset(snapshot?.get(each.name, each.type), each)).toBe(true);
}

function types({ queries }: FakeServer): string[] {
  return queries.map(({ query, transport }) => {
    const { question, opcode } = query;
    const kind = { 6: 'SOA', 251: 'IXFR', 252: 'AXFR' }[question?.type ?? 0] ?? '?';
    return opcode === Opcode.Query ? `${kind}/${transport}` : `opcode ${opcode}`;
  });
}

const only =
  (type: number, says: Says | readonly Says[]) =>
  ({ question }: DnsMessage): Says | readonly Says[] | undefined =>
    question?.type === type ? says : undefined;

describe('a copy', () => {
  test('is not there at first, and SERVFAIL says so', async () => {
    await using it = new World();
    it.addresses.push('10.99.99.99');
    const copy = await it.copy();
    expect(copy.state).toBe('empty');
    expect(copy.snapshot).toBeUndefined();
    expect(await it.ask(copy)).toMatchObject({ rcode: Rcode.ServFail, errors: [{ code: 14 }] });
    await copy.stopped();
  });

  test('is made from the whole zone, and then answers as the zone does', async () => {
    await using it = new World();
    const server = await it.primary();
    const copy = await it.copy();
    expectSame(copy, it);
    expect(types(server)).toEqual(['SOA/udp', 'AXFR/tcp']);
    expect(copy.counters).toMatchObject({ whole: 1, changes: 0, failures: 0 });
    const answer = await it.ask(copy, { name: 'host3.example.net', type: Type.A });
    expect(answer).toMatchObject({ authoritative: true, answer: [{}], rcode: Rcode.NoError });
    await copy.stopped();
  });

  test('follows by changes, condensed or not', async () => {
    await using it = new World();
    const server = await it.primary();
    const copy = await it.copy();
    const told: [number | undefined, number][] = [];
    using _listening = copy.onChange(({ from, to }) => void told.push([from, to]));
    it.zone.change(...txt('1'), removing('host1.example.net', 'A'));
    it.zone.change(
      ...txt('2'),
      ...putting(rrset('host2.example.net', 'A', '198.51.100.1', '192.0.2.2')),
    );
    await copy.refresh();
    expectSame(copy, it);
    expect(types(server).slice(2)).toEqual(['SOA/udp', 'IXFR/tcp']);
    expect(told).toEqual([[2, 4]]);
    expect(copy.counters).toMatchObject({ whole: 1, changes: 1, fellBack: 0 });
    expect((await copy.journal(2))?.map(({ from, to }) => [from, to])).toEqual([[2, 4]]);
    await copy.stopped();
  });

  test('follows by the whole zone, and knows what changed', async () => {
    await using it = new World();
    const server = await it.primary();
    const copy = await it.copy({ ixfr: false });
    it.zone.change(...txt('1'), removing('host1.example.net', 'A'));
    await copy.refresh();
    expectSame(copy, it);
    expect(types(server).slice(2)).toEqual(['SOA/udp', 'AXFR/tcp']);
    const [change] = (await copy.journal(2)) ?? [];
    expect(change?.changes.map(({ name, type }) => `${name} ${type}`).sort()).toEqual([
      'a.example.net 16',
      'example.net 6',
      'host1.example.net 1',
    ]);
    await copy.stopped();
  });

  test('takes a whole zone where it asked for changes', async () => {
    await using it = new World();
    const server = await it.primary();
    const copy = await it.copy();
    it.zone.change(...txt('1'));
    it.zone.changes = [];
    await copy.refresh();
    expectSame(copy, it);
    expect(types(server).at(-1)).toBe('IXFR/tcp');
    expect(copy.counters).toMatchObject({ whole: 2, changes: 0 });
    await copy.stopped();
  });

  test('is signed for where there is a key', async () => {
    await using it = new World();
    const server = await it.primary();
    const primaries = [{ server: it.addresses[0] ?? '', key }];
    const copy = await it.copy({ primaries });
    expect(server.queries[0]?.query.signatureOffset).toBeGreaterThan(0);
    // The primary does not sign what it says.
    expect(copy.state).toBe('empty');
    expect(copy.lastError).toMatchObject({ code: 'HAWSER_DNS_TSIG' });
    await copy.stopped();
  });
});

describe('what is not believed', () => {
  test.each([
    ['an answer without authority', { flags: 0, rcode: 0 }],
    ['SERVFAIL', { flags: 0x0400, rcode: Rcode.ServFail }],
    ['REFUSED', { flags: 0x0400, rcode: Rcode.Refused }],
    ['no start of authority', { flags: 0x0400, rcode: 0 }],
  ])('%s instead of the start of authority', async (_, says) => {
    await using it = new World();
    const answer = says.flags === 0 ? { answer: toRecords([it.zone.zone.soa]) } : {};
    const server = await it.primary({ instead: only(Type.SOA, { ...says, ...answer }) });
    const copy = await it.copy();
    expect(copy.state).toBe('empty');
    expect(copy.lastError).toMatchObject({ code: 'HAWSER_DNS_SERVER' });
    expect(types(server)).not.toContain('AXFR/tcp');
    await copy.stopped();
  });

  test.each([
    ['is cut off', (records: unknown[]) => records.slice(0, -1)],
    ['does not begin with the start of authority', (records: unknown[]) => records.slice(1)],
    [
      'has no name server',
      (records: { type: number }[]) => records.filter(({ type }) => type !== Type.NS),
    ],
  ])('a zone that %s', async (_, disturb) => {
    await using it = new World();
    const server = await it.primary({ disturb: disturb as PrimaryOptions['disturb'] });
    const copy = await it.copy({ transferTimeoutMs: 2_000 });
    await it.elapse(10_000);
    expect(copy.state).toBe('empty');
    expect(copy.counters.failures).toBeGreaterThan(0);
    // When the primary is well again it is copied.
    server.script = primaryScript(it.zone);
    await it.elapse(600_000);
    expectSame(copy, it);
    await copy.stopped();
  });

  test('records of other zones are left out', async () => {
    await using it = new World();
    const stray = toRecords([rrset('www.example.org', 'A', '192.0.2.66')]);
    await it.primary({
      disturb: (records) => [...records.slice(0, 3), ...stray, ...records.slice(3)],
    });
    const copy = await it.copy();
    expectSame(copy, it);
    await copy.stopped();
  });

  test.each([
    ['FORMERR', { rcode: Rcode.FormErr }],
    ['NOTIMP', { rcode: Rcode.NotImp }],
    ['REFUSED', { rcode: Rcode.Refused }],
  ])('a primary that answers IXFR with %s is asked for the whole zone', async (_, says) => {
    await using it = new World();
    const server = await it.primary({ instead: only(Type.IXFR, says) });
    const copy = await it.copy();
    it.zone.change(...txt('1'));
    await copy.refresh();
    expectSame(copy, it);
    expect(types(server).slice(-2)).toEqual(['IXFR/tcp', 'AXFR/tcp']);
    expect(copy.counters).toMatchObject({ fellBack: 1, whole: 2 });
    await copy.stopped();
  });

  test.each([
    ['take away what is not there', rrset('nobody.example.net', 'A', '192.0.2.9'), 2],
    ['put data beside an alias', rrset('host3.example.net', 'CNAME', 'example.net'), 3],
  ])('changes that %s: the whole zone is asked for', async (_, stray, at) => {
    await using it = new World();
    const disturb = (records: ReturnType<typeof toRecords>, { question }: DnsMessage) =>
      question?.type === Type.IXFR
        ? [...records.slice(0, at), ...toRecords([stray]), ...records.slice(at)]
        : records;
    const server = await it.primary({ disturb });
    const copy = await it.copy();
    it.zone.change(...txt('1'));
    await copy.refresh();
    expectSame(copy, it);
    expect(types(server).slice(-2)).toEqual(['IXFR/tcp', 'AXFR/tcp']);
    expect(copy.counters.fellBack).toBe(1);
    await copy.stopped();
  });

  test('changes that add what is there are good', async () => {
    await using it = new World();
    const again = toRecords([rrset('host3.example.net', 'A', '192.0.2.3')]);
    const server = await it.primary({
      disturb: (records, { question }) =>
        question?.type === Type.IXFR
          ? [...records.slice(0, 3), ...again, ...records.slice(3)]
          : records,
    });
    const copy = await it.copy();
    it.zone.change(...txt('1'));
    await copy.refresh();
    expectSame(copy, it);
    expect(types(server).at(-1)).toBe('IXFR/tcp');
    await copy.stopped();
  });

  test('an older serial, though the primary may have lost its mind: the copy stays', async () => {
    await using it = new World();
    const server = await it.primary();
    it.zone.change(...txt('1'));
    it.zone.change(...txt('2'));
    const copy = await it.copy();
    const there = copy.snapshot;
    const reset = new JournaledZone('example.net', { soa });
    server.script = primaryScript(reset);
    await copy.refresh();
    expect(copy.snapshot).toBe(there);
    expect(types(server).at(-1)).toBe('SOA/udp');
    await copy.stopped();
  });

  test('more records than are allowed', async () => {
    await using it = new World();
    await it.primary();
    const copy = await it.copy({ maxRecords: 10 });
    expect(copy.state).toBe('empty');
    expect(copy.lastError).toMatchObject({ code: 'HAWSER_DNS_TOO_LARGE' });
    await copy.stopped();
  });

  test('whatever a primary sends does no harm', async () => {
    await using it = new World();
    const random = new SeededRandom(17);
    const any = <T>(list: readonly T[]): T => list[Math.floor(random.float() * list.length)] as T;
    const strays = toRecords([
      rrset('nobody.example.net', 'A', '192.0.2.66'),
      rrset('host3.example.net', 'CNAME', 'example.net'),
      rrset('example.org', 'A', '192.0.2.66'),
      rrset('example.net', 'NS', 'ns.example.org'),
      it.zone.zone.soa,
      new JournaledZone('www.example.net').zone.soa,
    ]);
    const disturb: PrimaryOptions['disturb'] = (records) => {
      const made = [...records];
      for (let left = Math.floor(random.float() * 4); left > 0; left--) {
        const at = Math.floor(random.float() * (made.length + 1));
        const kind = Math.floor(random.float() * 4);
        if (kind === 0) made.splice(at, 1);
        else if (kind === 1) made.splice(at, 0, any(strays));
        else if (kind === 2) made.splice(at, 0, any(made));
        else made.splice(at, 2, ...made.slice(at, at + 2).toReversed());
      }
      return made;
    };
    await it.primary({ disturb });
    const copy = await it.copy({ transferTimeoutMs: 1_000 });
    let serial = 0;
    for (let round = 0; round < 100; round++) {
      it.zone.change(...txt(String(round)), removing(`host${round}.example.net`, 'A'));
      // oxlint-disable-next-line no-await-in-loop
      await copy.refresh();
      const now = copy.snapshot?.serial ?? serial;
      expect(now).toBeGreaterThanOrEqual(serial);
      serial = now;
    }
    expect(copy.counters.failures).toBeGreaterThan(5);
    expect(copy.counters.changes).toBeGreaterThan(5);
    expect(copy.counters.fellBack).toBeGreaterThan(5);
    expect(it.host.reports.problems).toEqual([]);
    await copy.stopped();
  });

  test('what is half there is not served', async () => {
    await using it = new World();
    const server = await it.primary();
    const copy = await it.copy({ transferTimeoutMs: 5_000 });
    it.zone.change(...txt('1'));
    server.script = primaryScript(it.zone, { disturb: (records) => records.slice(0, -1) });
    const looking = copy.refresh();
    await it.elapse(2_000);
    expect(copy.snapshot?.serial).toBe(2);
    await looking;
    expect(copy.snapshot?.serial).toBe(2);
    await copy.stopped();
  });
});

describe('when it looks', () => {
  const looks = (server: FakeServer): number =>
    types(server).filter((type) => type === 'SOA/udp').length;

  test('after the refresh time, a quarter less at most', async () => {
    await using it = new World();
    const server = await it.primary();
    const copy = await it.copy();
    expect(looks(server)).toBe(1);
    await it.elapse(0.74 * HOUR);
    expect(looks(server)).toBe(1);
    await it.elapse(0.27 * HOUR);
    expect(looks(server)).toBe(2);
    await copy.stopped();
  });

  test('before the copy expires, however long the refresh time is', async () => {
    await using it = new World();
    const zone = new JournaledZone('example.net', { soa: { refresh: 86_400, expire: 1_800 } });
    const server = await it.primary({}, zone);
    const copy = await it.copy();
    await it.elapse(1_801_000);
    expect(copy.state).toBe('good');
    expect(types(server)).toEqual(['SOA/udp', 'AXFR/tcp', 'SOA/udp']);
    await copy.stopped();
  });

  test('before the copy expires that was made from a copy, but not without a pause', async () => {
    await using it = new World();
    let left = 3_000;
    const server = await it.primary({ expireSeconds: () => left });
    const copy = await it.copy();
    left = 1;
    await it.elapse(3_000_000);
    expect(looks(server)).toBe(2);
    left = 80_000;
    await it.elapse(600_000);
    expect(looks(server)).toBe(3);
    expect(copy.state).toBe('good');
    await copy.stopped();
  });

  test('after the retry time where nobody answers', async () => {
    await using it = new World();
    const server = await it.primary();
    const copy = await it.copy();
    server.script = () => ({ rcode: Rcode.ServFail });
    await copy.refresh();
    const before = looks(server);
    await it.elapse(HOUR);
    expect(looks(server) - before).toBeGreaterThanOrEqual(5);
    expect(looks(server) - before).toBeLessThanOrEqual(9);
    expect(copy.state).toBe('good');
    await copy.stopped();
  });

  test('not more often than the bounds allow', async () => {
    await using it = new World();
    const hasty = new JournaledZone('example.net', { soa: { refresh: 1, retry: 1, expire: 2 } });
    const server = await it.primary({}, hasty);
    const copy = await it.copy();
    await it.elapse(HOUR);
    expect(looks(server)).toBeLessThanOrEqual(1 + 3_600 / 45);
    expect(copy.expiresInSeconds).toBeGreaterThan(200);
    await copy.stopped();
  });

  test('again and again, ever more slowly, if there is no copy yet', async () => {
    await using it = new World();
    const server = await it.primary({ instead: () => ({ rcode: Rcode.Refused }) });
    const copy = await it.copy();
    const early = looks(server);
    await it.elapse(60_000);
    const minute = looks(server) - early;
    expect(minute).toBeGreaterThanOrEqual(3);
    await it.elapse(HOUR);
    expect(looks(server) - minute).toBeLessThan(30);
    server.script = primaryScript(it.zone);
    await it.elapse(300_000);
    expectSame(copy, it);
    await copy.stopped();
  });

  test('at the next primary if one is no good, and stays with that', async () => {
    await using it = new World();
    const bad = await it.primary({ instead: () => ({ rcode: Rcode.ServFail }) });
    const good = await it.primary();
    const copy = await it.copy();
    expectSame(copy, it);
    expect([looks(bad), looks(good)]).toEqual([1, 1]);
    await it.elapse(HOUR);
    expect([looks(bad), looks(good)]).toEqual([1, 2]);
    await copy.stopped();
  });

  test('at another primary if one is behind', async () => {
    await using it = new World();
    const behind = new JournaledZone('example.net', { soa });
    const slow = await it.primary();
    const store = memory();
    const copy = await it.copy({ store });
    slow.script = primaryScript(behind);
    await it.primary();
    await copy.stopped();
    it.zone.change(...txt('1'));
    const both = await it.copy({ store });
    expectSame(both, it);
    await both.stopped();
  });

  test('never again once it is stopped', async () => {
    await using it = new World();
    const server = await it.primary();
    const copy = await it.copy();
    await copy.stopped();
    await it.elapse(10 * HOUR);
    expect(looks(server)).toBe(1);
    expect(it.sim.leaks().filter(({ kind }) => kind === 'timer')).toEqual([]);
  });

  test('is stopped in the middle of a transfer', async () => {
    await using it = new World();
    await it.primary({ disturb: (records) => records.slice(0, -1) });
    const copy = secondaryZone('example.net', { primaries: it.addresses });
    await copy.started(it.host);
    await it.elapse(100);
    await copy.stopped();
    expect(copy.state).toBe('empty');
    expect(copy.lastError).toBeUndefined();
  });
});

describe('a notice', () => {
  test('of a primary is answered NOERROR with AA, and makes it look at once', async () => {
    await using it = new World();
    await it.primary();
    const copy = await it.copy();
    it.zone.change(...txt('1'));
    const outcome = await it.notify(copy);
    expect(outcome).toMatchObject({ rcode: Rcode.NoError, authoritative: true, answer: [] });
    await it.elapse(2_000);
    expectSame(copy, it);
    await copy.stopped();
  });

  test('of a stranger is refused and changes nothing', async () => {
    await using it = new World();
    const server = await it.primary();
    const copy = await it.copy();
    expect(await it.notify(copy, '203.0.113.1')).toMatchObject({ rcode: Rcode.Refused });
    await it.elapse(10_000);
    expect(types(server)).toEqual(['SOA/udp', 'AXFR/tcp']);
    expect(copy.counters).toMatchObject({ strangers: 1, notices: 0 });
    await copy.stopped();
  });

  test.each([
    ['that has the key of a primary', { key: 'copy.example.net' }, true],
    ['that has another key', { key: 'other.example.net' }, false],
    ['that a rule lets in', { host: '198.51.100.4' }, true],
  ])('of one %s', async (_, asked, taken) => {
    await using it = new World();
    await it.primary();
    const primaries = [{ server: it.addresses[0] ?? '', key }];
    const copy = await it.copy({ primaries, notifyFrom: ['198.51.100.0/24'] });
    const outcome = await it.ask(copy, { opcode: Opcode.Notify, host: '203.0.113.1', ...asked });
    expect(outcome).toMatchObject({ rcode: taken ? Rcode.NoError : Rcode.Refused });
    await copy.stopped();
  });

  test('for a name within the zone, or another type, is not for it', async () => {
    await using it = new World();
    await it.primary();
    const copy = await it.copy();
    const host = it.addresses[0] ?? '';
    const below = { opcode: Opcode.Notify, host, name: 'www.example.net' };
    expect(await it.ask(copy, below)).toMatchObject({ rcode: Rcode.NotAuth });
    const other = { opcode: Opcode.Notify, host, type: Type.A };
    expect(await it.ask(copy, other)).toMatchObject({ rcode: Rcode.NotImp });
    await copy.stopped();
  });

  test('what it says about the zone is not believed', async () => {
    await using it = new World();
    const server = await it.primary();
    const copy = await it.copy();
    // Nothing is newer, whatever serial is claimed: it looks, and that is all.
    await it.notify(copy);
    await it.elapse(5_000);
    expect(types(server).slice(2)).toEqual(['SOA/udp']);
    expect(copy.snapshot?.serial).toBe(2);
    await copy.stopped();
  });

  test('by the hundred makes it look once a second at most', async () => {
    await using it = new World();
    const server = await it.primary();
    const copy = await it.copy();
    const before = server.queries.length;
    for (let index = 0; index < 500; index++) {
      // oxlint-disable-next-line no-await-in-loop
      await it.notify(copy);
      // oxlint-disable-next-line no-await-in-loop
      if (index % 50 === 0) await it.elapse(100);
    }
    await it.elapse(5_000);
    const looked = server.queries.length - before;
    expect(looked).toBeGreaterThanOrEqual(2);
    expect(looked).toBeLessThanOrEqual(4);
    await copy.stopped();
  });

  test('of one primary makes it ask that one first', async () => {
    await using it = new World();
    const [old, news] = [await it.primary(), await it.primary()];
    const copy = await it.copy();
    it.zone.change(...txt('1'));
    await it.notify(copy, it.addresses[1]);
    await it.elapse(2_000);
    expect(types(old)).toEqual(['SOA/udp', 'AXFR/tcp']);
    expect(types(news)).toEqual(['SOA/udp', 'IXFR/tcp']);
    expectSame(copy, it);
    await copy.stopped();
  });

  test('makes it ask all of them if the first has nothing new', async () => {
    await using it = new World();
    const stale = new JournaledZone('example.net', { soa });
    stale.snapshot = it.zone.zone;
    await it.primary({}, stale);
    await it.primary();
    const copy = await it.copy();
    it.zone.change(...txt('1'));
    await it.notify(copy, it.addresses[0]);
    await it.elapse(2_000);
    expectSame(copy, it);
    await copy.stopped();
  });

  test('while it looks makes it look once more', async () => {
    await using it = new World();
    await it.primary();
    const copy = await it.copy();
    it.zone.change(...txt('1'));
    const looking = copy.refresh();
    await it.notify(copy);
    await looking;
    it.zone.change(...txt('2'));
    await it.elapse(3_000);
    expectSame(copy, it);
    await copy.stopped();
  });
});

describe('a copy that nobody confirms', () => {
  test('expires: SERVFAIL, until a primary is heard again', async () => {
    await using it = new World();
    const server = await it.primary();
    const copy = await it.copy();
    server.script = () => undefined;
    await it.elapse(23 * HOUR);
    expect(copy.state).toBe('good');
    await it.elapse(2 * HOUR);
    expect(copy.state).toBe('expired');
    expect(copy.snapshot).toBeUndefined();
    expect(copy.expiresInSeconds).toBe(0);
    expect(await it.ask(copy)).toMatchObject({ rcode: Rcode.ServFail, errors: [{ code: 24 }] });
    server.script = primaryScript(it.zone);
    await it.elapse(HOUR);
    expectSame(copy, it);
    await copy.stopped();
  });

  test('expires no later than the copy it was made from (RFC 7314)', async () => {
    await using it = new World();
    let left: number | undefined = 1_000;
    await it.primary({ expireSeconds: () => left });
    const copy = await it.copy();
    expect(copy.expiresInSeconds).toBeLessThanOrEqual(1_000);
    left = 5_000;
    await copy.refresh();
    expect(copy.expiresInSeconds).toBeGreaterThan(4_900);
    left = undefined;
    await copy.refresh();
    expect(copy.expiresInSeconds).toBeGreaterThan(86_300);
    await copy.stopped();
  });
});

describe('a copy that is stored', () => {
  test('is there at once after a restart, and goes on by changes', async () => {
    await using it = new World();
    const server = await it.primary();
    const store = memory();
    const first = await it.copy({ store });
    it.zone.change(...txt('1'));
    await first.refresh();
    await first.stopped();
    server.script = () => undefined;
    const second = secondaryZone('example.net', { primaries: it.addresses, store });
    await second.started(it.host);
    expectSame(second, it);
    expect((await second.journal(2))?.map(({ from, to }) => [from, to])).toEqual([[2, 3]]);
    server.script = primaryScript(it.zone);
    it.zone.change(...txt('2'));
    await it.elapse(1_000);
    await second.refresh();
    expectSame(second, it);
    expect(second.counters).toMatchObject({ whole: 0, changes: 1 });
    await second.stopped();
  });

  test('is as old after a restart as it was before', async () => {
    await using it = new World();
    const server = await it.primary();
    const store = memory();
    const first = await it.copy({ store });
    await first.stopped();
    server.script = () => undefined;
    await it.elapse(20 * HOUR);
    const second = await it.copy({ store });
    expect(second.state).toBe('good');
    expect(second.expiresInSeconds).toBeLessThan(4.1 * 3_600);
    await it.elapse(5 * HOUR);
    expect(second.state).toBe('expired');
    await second.stopped();
    const third = await it.copy({ store });
    expect(third.state).toBe('expired');
    await third.stopped();
  });

  function failing(store: ZoneStore, method: 'load' | 'commit', error: Error): ZoneStore {
    return Object.create(store, { [method]: { value: () => Promise.reject(error) } }) as ZoneStore;
  }

  test('is not good for longer where the clock of the wall was set back', async () => {
    await using it = new World();
    await it.primary();
    const store = memory();
    const first = await it.copy({ store });
    await first.stopped();
    const [entry] = await store.bucket('secondaries').list();
    const later = Buffer.alloc(8);
    later.writeDoubleBE(it.host.clock.epoch() + 10 * 24 * HOUR);
    await store.bucket('secondaries').put(entry?.key ?? '', later);
    const again = secondaryZone('example.net', { primaries: ['10.99.99.99'], store });
    await again.started(it.host);
    expect(again.state).toBe('good');
    expect(again.expiresInSeconds).toBeLessThanOrEqual(soa.expire);
    await again.stopped();
  });

  test('is not served, where nobody knows how old it is, until a primary was heard', async () => {
    await using it = new World();
    const server = await it.primary();
    const store = memory();
    const first = await it.copy({ store });
    await first.stopped();
    // As when the process ended after the zone was stored, and before it was noted when.
    const [entry] = await store.bucket('secondaries').list();
    await store.bucket('secondaries').delete(entry?.key ?? '');
    const { script } = server;
    server.script = () => undefined;
    const again = await it.copy({ store });
    expect(again.state).toBe('expired');
    server.script = script;
    await again.refresh();
    expectSame(again, it);
    await again.stopped();
  });

  test('a store that fails to load does not let the server start', async () => {
    await using it = new World();
    await it.primary();
    const store = failing(memory(), 'load', new Error('no disk'));
    const copy = secondaryZone('example.net', { primaries: it.addresses, store });
    await expect(copy.started(it.host)).rejects.toThrow('no disk');
  });

  test('what could not be stored is not served, and that is reported', async () => {
    await using it = new World();
    await it.primary();
    const inner = memory();
    let broken = true;
    const store = Object.create(inner, {
      commit: {
        value: (...args: Parameters<ZoneStore['commit']>) =>
          broken ? Promise.reject(new Error('disk full')) : inner.commit(...args),
      },
      bucket: { value: (name: string) => inner.bucket(name) },
      load: { value: (origin: Name) => inner.load(origin) },
    }) as ZoneStore;
    const copy = await it.copy({ store });
    expect(copy.state).toBe('empty');
    expect(it.host.reports.problems.map(({ where }) => where)).toContain(
      'dns.secondary example.net',
    );
    broken = false;
    await it.elapse(600_000);
    expectSame(copy, it);
    await copy.stopped();
  });

  test('what was stored although the store said that it failed is served, and told of', async () => {
    await using it = new World();
    await it.primary();
    const inner = memory();
    let unsure = false;
    const store = Object.create(inner, {
      commit: {
        value: async (...args: Parameters<ZoneStore['commit']>) => {
          await inner.commit(...args);
          if (unsure) throw new Error('the connection is gone');
        },
      },
      bucket: { value: (name: string) => inner.bucket(name) },
      load: { value: (origin: Name) => inner.load(origin) },
    }) as ZoneStore;
    const copy = await it.copy({ store });
    const told: number[] = [];
    copy.onChange(({ to }) => told.push(to));
    unsure = true;
    it.zone.change(...txt('1'));
    await copy.refresh();
    expect(told).toEqual([]);
    const { length } = it.host.reports.problems;
    unsure = false;
    await copy.refresh();
    expectSame(copy, it);
    expect(told).toEqual([it.zone.zone.serial]);
    expect(copy.lastError).toBeUndefined();
    expect(it.host.reports.problems).toHaveLength(length);
    await copy.stopped();
  });

  test('two with one store follow each other', async () => {
    await using it = new World();
    await it.primary();
    const store = memory();
    const one = await it.copy({ store });
    const other = await it.copy({ store });
    it.zone.change(...txt('1'));
    await one.refresh();
    await other.refresh();
    // It was faster than we were: its copy is ours as well.
    expect(other.snapshot?.serial).toBe(3);
    it.zone.change(...txt('2'));
    await other.refresh();
    expectSame(other, it);
    await one.refresh();
    expectSame(one, it);
    await one.stopped();
    await other.stopped();
  });
});

test('a copy that is gone from its store is stored anew with the next change', async () => {
  await using it = new World();
  await it.primary();
  const store = memory();
  const copy = await it.copy({ store });
  await store.delete(copy.origin);
  it.zone.change(...txt('1'));
  await copy.refresh();
  expectSame(copy, it);
  expect(await store.find(copy.origin)).toMatchObject({ serial: it.zone.zone.serial });
  it.zone.change(...txt('2'));
  await copy.refresh();
  expectSame(copy, it);
  expect(copy.counters.failures).toBe(0);
  await copy.stopped();
});

describe('many copies', () => {
  test('that share limits are made a few at a time', async () => {
    await using it = new World();
    let running = 0;
    let most = 0;
    const answers = primaryScript(it.zone);
    const server = await it.primary();
    server.script = async (query, how) => {
      if (query.question?.type !== Type.AXFR) return answers(query, how) as Says;
      running += 1;
      most = Math.max(most, running);
      await it.elapse(1_000);
      running -= 1;
      return answers(query, how) as Says;
    };
    const limits = new CopyLimits({ transfersPerPrimary: 3 });
    const copies = await Promise.all(Array.from({ length: 12 }, () => it.copy({ limits })));
    await it.elapse(1_000);
    expect(copies.filter(({ state }) => state === 'good').length).toBeLessThan(12);
    await it.elapse(10_000);
    expect(copies.map(({ state }) => state)).toEqual(copies.map(() => 'good'));
    expect(most).toBe(3);
    await Promise.all(copies.map((copy) => copy.stopped()));
  });

  test('that wait for their turn can be stopped', async () => {
    await using it = new World();
    await it.primary({ disturb: (records) => records.slice(0, -1) });
    const limits = new CopyLimits({ transfers: 1 });
    const copies = await Promise.all([
      it.copy({ limits }),
      it.copy({ limits }),
      it.copy({ limits }),
    ]);
    await Promise.all(copies.toReversed().map((copy) => copy.stopped()));
    expect(copies.map(({ state }) => state)).toEqual(['empty', 'empty', 'empty']);
    expect(copies.map(({ lastError }) => lastError)).toEqual([undefined, undefined, undefined]);
  });

  test('with a limit of none are a mistake', () => {
    for (const options of [{ looks: 0 }, { transfers: 0 }, { transfersPerPrimary: 0 }])
      expect(() => new CopyLimits(options)).toThrow(
        expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
      );
  });
});

describe('an update', () => {
  const records = {
    type: Type.SOA,
    opcode: Opcode.Update,
    authorities: [
      { name: 'new.example.net', type: Type.A, rdata: Buffer.from([192, 0, 2, 1]), ttl: 60 },
    ],
  };

  test('is refused', async () => {
    await using it = new World();
    await it.primary();
    const copy = await it.copy();
    expect(await it.ask(copy, records)).toMatchObject({ rcode: Rcode.Refused });
    await copy.stopped();
  });

  test('of whom a rule lets is sent on to the primary, which decides', async () => {
    await using it = new World();
    const server = await it.primary({
      instead: ({ opcode }) => (opcode === Opcode.Update ? { rcode: Rcode.YXDomain } : undefined),
    });
    const copy = await it.copy({ forwardUpdates: ['192.0.2.1'] });
    expect(await it.ask(copy, records)).toMatchObject({ rcode: Rcode.YXDomain });
    const sent = server.queries.at(-1);
    expect(sent).toMatchObject({
      transport: 'tcp',
      query: { opcode: Opcode.Update, question: { name: it.zone.origin, type: Type.SOA } },
    });
    expect(sent?.query.authority).toMatchObject([{ type: Type.A, ttl: 60, class: 1 }]);
    expect(await it.ask(copy, { ...records, host: '192.0.2.2' })).toMatchObject({
      rcode: Rcode.Refused,
    });
    const elsewhere = { ...records, name: 'sub.example.net' };
    expect(await it.ask(copy, elsewhere)).toMatchObject({ rcode: Rcode.NotAuth });
    await copy.stopped();
  });

  test('of whom a rule lets is refused unsigned in a datagram, whose sender may be another, but for one with a cookie', async () => {
    await using it = new World();
    await it.primary({
      instead: ({ opcode }) => (opcode === Opcode.Update ? { rcode: Rcode.NoError } : undefined),
    });
    const copy = await it.copy({ forwardUpdates: ['192.0.2.1'] });
    const datagram = { ...records, transport: 'udp' } as const;
    expect(await it.ask(copy, datagram)).toMatchObject({ rcode: Rcode.Refused });
    expect(copy.counters.forwarded).toBe(0);
    for (const good of [{ proven: true }, { key: 'k' }])
      expect(await it.ask(copy, { ...datagram, ...good })).toMatchObject({ rcode: 0 });
    expect(copy.counters.forwarded).toBe(2);
    await copy.stopped();
  });

  test('says how long what it adds shall live, and the client hears what it was granted', async () => {
    await using it = new World();
    const asked = Buffer.from([0, 2, 0, 4, 0, 0, 0, 60]);
    const granted = { code: EdnsOption.UpdateLease, data: Buffer.from([0, 0, 0, 90]) };
    const server = await it.primary({
      instead: ({ opcode }) =>
        opcode === Opcode.Update ? { edns: { udpSize: 1232, options: [granted] } } : undefined,
    });
    const copy = await it.copy({ forwardUpdates: ['192.0.2.1'] });
    expect(await it.ask(copy, { ...records, edns: asked })).toMatchObject({
      rcode: Rcode.NoError,
      options: [granted],
    });
    const sent = server.queries.at(-1)?.query.edns?.options ?? [];
    expect(sent.filter(({ code }) => code === EdnsOption.UpdateLease)).toEqual([
      { code: EdnsOption.UpdateLease, data: asked.subarray(4) },
    ]);
    await copy.stopped();
  });

  test('that the primary does not answer is SERVFAIL, and sent once', async () => {
    await using it = new World();
    const server = await it.primary({
      instead: ({ opcode }) => (opcode === Opcode.Update ? Buffer.alloc(0) : undefined),
    });
    const copy = await it.copy({ forwardUpdates: ['192.0.2.1'] });
    expect(await it.ask(copy, records)).toMatchObject({ rcode: Rcode.ServFail });
    expect(types(server).filter((type) => type === 'opcode 5')).toHaveLength(1);
    await copy.stopped();
  });
});

test('bad options are a mistake', () => {
  const bad: Partial<SecondaryOptions>[] = [
    { primaries: [] },
    { primaries: ['a b'] },
    { notifyFrom: ['nowhere'] },
    { refreshSeconds: { min: 10, max: 5 } },
    { retrySeconds: { min: 0 } },
    { notifyIntervalMs: -1 },
    { transferTimeoutMs: 0 },
  ];
  for (const options of bad)
    expect(() => secondaryZone('example.net', { primaries: ['192.0.2.1'], ...options })).toThrow(
      expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
    );
  expect(secondaryZone('example.net', { primaries: ['192.0.2.1'] }).origin).toEqual(
    Name.parse('example.net'),
  );
});
