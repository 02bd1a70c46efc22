import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { Answer, AnswerStream, Outcome } from '../../src/contract/answer.ts';
import { codeAnswer } from '../../src/contract/answer.ts';
import { Name } from '../../src/name.ts';
import { Opcode, Rcode, Type } from '../../src/numbers.ts';
import { type TransfersOptions, transfers } from '../../src/transfer/transfers.ts';
import { JournaledZone, putting, removing, rrset } from './journaled-zone.ts';
import { type AskedBy, lines, soaWire, toQuery } from './to-query.ts';

const passedOn = codeAnswer(99);

function serving(zone: JournaledZone, options: Partial<TransfersOptions> = {}) {
  const handler = transfers(zone, { allow: ['192.0.2.0/24'], ...options });
  return {
    handler,
    ask: async (type: number, asked: AskedBy = {}): Promise<Outcome> =>
      handler.handle(toQuery(type, asked), () => passedOn),
  };
}

function streamOf(outcome: Outcome): AnswerStream {
  if (outcome.kind !== 'stream') throw new Error(`no stream but ${JSON.stringify(outcome)}`);
  return outcome;
}

function answerOf(outcome: Outcome): Answer {
  if (outcome.kind !== 'answer') throw new Error(`no answer but a ${outcome.kind}`);
  return outcome;
}

function records(outcome: Outcome): string[] {
  if (outcome.kind === 'stream') return lines(outcome.rrsets);
  return lines(answerOf(outcome).answer.map((entry) => entry.rrset));
}

const expireOption = Buffer.from([0, 9, 0, 0]);

const pin = `${'A'.repeat(43)}=`;
const goodFor = (name: string) => ({ isGoodFor: (asked: string) => asked === name });

describe('who may transfer', () => {
  test('nobody, unless a rule allows it: REFUSED with "prohibited"', async () => {
    const { ask, handler } = serving(new JournaledZone().fill(5), { allow: [] });
    for (const asked of [{}, { transport: 'tls' as const }, { key: 'any.key' }]) {
      for (const type of [Type.AXFR, Type.IXFR]) {
        // oxlint-disable-next-line no-await-in-loop
        expect(await ask(type, { ...asked, serial: 1 })).toMatchObject({
          rcode: Rcode.Refused,
          errors: [{ code: 18 }],
        });
      }
    }
    expect(handler.counters).toMatchObject({ refused: 6, axfr: 0, ixfr: 0, active: 0 });
  });

  test.each([
    ['an address', ['192.0.2.1'], {}, true],
    ['another address', ['192.0.2.2'], {}, false],
    ['a network', ['10.0.0.0/8', '192.0.2.0/24'], {}, true],
    ['a key', [{ key: 'Copy.Example.net' }], { key: 'copy.example.NET' }, true],
    ['a key as an object', [{ key: { name: Name.parse('copy') } }], { key: 'copy' }, true],
    ['another key', [{ key: 'copy' }], { key: 'other' }, false],
    ['no key where one is asked for', [{ key: 'copy' }], {}, false],
    ['TLS', [{ tls: true }], { transport: 'tls' as const }, true],
    ['TCP where TLS is asked for', [{ tls: true }], {}, false],
    [
      'all that one rule says',
      [{ from: '192.0.2.1', key: 'k', tls: true }],
      { key: 'k', transport: 'tls' as const },
      true,
    ],
    ['a certificate', [{ certificate: 'ns2' }], { certificate: goodFor('ns2') }, true],
    ['one of several', [{ certificate: ['a', 'ns2'] }], { certificate: goodFor('ns2') }, true],
    ['another certificate', [{ certificate: 'ns2' }], { certificate: goodFor('ns3') }, false],
    ['no certificate where one is asked for', [{ certificate: 'ns2' }], {}, false],
    ['a public key', [{ keyPin: pin }], { certificate: { verified: false, keyPin: pin } }, true],
    ['another public key', [{ keyPin: pin }], { certificate: goodFor('ns2') }, false],
    ['no public key where one is asked for', [{ keyPin: [pin] }], {}, false],
    [
      'a certificate without the key',
      [{ certificate: 'ns2', key: 'k' }],
      { certificate: goodFor('ns2') },
      false,
    ],
    ['not all that one rule says', [{ from: '192.0.2.9', key: 'k' }], { key: 'k' }, false],
  ])('a rule is met by what it says: %s', async (_, allow, asked, allowed) => {
    const { ask } = serving(new JournaledZone().fill(5), { allow });
    const outcome = await ask(Type.AXFR, asked);
    expect(outcome.kind).toBe(allowed ? 'stream' : 'answer');
  });

  test('a rule that says nothing, or no network, is a mistake', () => {
    const zone = new JournaledZone();
    const mistakes = [
      {},
      'nowhere',
      { tls: false },
      { certificate: '' },
      { certificate: [] },
      { certificate: '*.example.net' },
      { keyPin: 'abc' },
      { keyPin: `sha256//${pin}` },
    ];
    for (const allow of mistakes.map((rule) => [rule])) {
      expect(() => transfers(zone, { allow })).toThrow(
        expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
      );
    }
    expect(() => transfers(zone, { allow: [], maxConcurrent: 0 })).toThrow('must be 1 or more');
  });

  test('other names, types and opcodes go on to the next handler', async () => {
    const { ask } = serving(new JournaledZone());
    const others = [
      await ask(Type.AXFR, { name: 'www.example.net' }),
      await ask(Type.AXFR, { name: 'example.org' }),
      await ask(Type.A),
      await ask(Type.SOA),
      await ask(Type.SOA, { opcode: Opcode.Notify }),
    ];
    for (const outcome of others) expect(outcome).toBe(passedOn);
  });
});

describe('AXFR', () => {
  test('is the zone from start of authority to start of authority', async () => {
    const zone = new JournaledZone().fill(3);
    const { ask, handler } = serving(zone);
    const all = records(await ask(Type.AXFR));
    expect(all).toHaveLength(6);
    expect([all[0], all.at(-1)]).toEqual(['SOA 2', 'SOA 2']);
    expect(handler.counters).toMatchObject({ axfr: 1, active: 1 });
  });

  test('is of the version there was when it began', async () => {
    const zone = new JournaledZone().fill(3);
    const { ask } = serving(zone);
    const before = records(await ask(Type.AXFR));
    const pinned = streamOf(await ask(Type.AXFR)).rrsets[Symbol.iterator]();
    const first = pinned.next().value;
    zone.change(
      removing('host1.example.net', 'A'),
      ...putting(rrset('x.example.net', 'A', '192.0.2.7')),
    );
    const rest = [];
    for (let each = pinned.next(); !each.done; each = pinned.next()) rest.push(each.value);
    expect(lines(first === undefined ? rest : [first, ...rest])).toEqual(before);
    expect(records(await ask(Type.AXFR))).not.toEqual(before);
  });

  test('is not for datagrams, nor for HTTP', async () => {
    const { ask } = serving(new JournaledZone());
    expect(await ask(Type.AXFR, { transport: 'udp' })).toMatchObject({ rcode: Rcode.FormErr });
    for (const type of [Type.AXFR, Type.IXFR]) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await ask(type, { transport: 'https', serial: 1 })).toMatchObject({
        rcode: Rcode.Refused,
        errors: [{ code: 21 }],
      });
    }
  });

  test('of a zone that has no content yet, or not any more, is SERVFAIL', async () => {
    const zone = new JournaledZone();
    zone.snapshot = undefined;
    const { ask } = serving(zone);
    expect(await ask(Type.AXFR)).toMatchObject({ rcode: Rcode.ServFail, errors: [{ code: 14 }] });
    expect(await ask(Type.IXFR, { serial: 1 })).toMatchObject({ rcode: Rcode.ServFail });
  });
});

describe('IXFR', () => {
  const changed = (): JournaledZone => {
    const zone = new JournaledZone().fill(30);
    zone.change(...putting(rrset('a.example.net', 'TXT', '1')));
    zone.change(...putting(rrset('a.example.net', 'TXT', '2')));
    return zone;
  };

  test('without a start of authority in the authority section is FORMERR', async () => {
    const { ask } = serving(changed());
    const wrong: AskedBy[] = [
      {},
      { authorities: [{ type: Type.A, rdata: Buffer.alloc(4) }] },
      { authorities: [{ name: 'example.org', type: Type.SOA, rdata: soaWire(2) }] },
      { authorities: [{ type: Type.SOA, rdata: Buffer.alloc(21) }] },
    ];
    for (const asked of wrong) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await ask(Type.IXFR, asked)).toMatchObject({ rcode: Rcode.FormErr });
    }
  });

  test.each([
    ['the newest serial', 4],
    ['a later serial', 5],
    ['a serial that is later around the circle', 0x8000_0003],
  ])('of a client with %s is the start of authority alone', async (_, serial) => {
    const { ask, handler } = serving(changed());
    const outcome = answerOf(await ask(Type.IXFR, { serial }));
    expect(records(outcome)).toEqual(['SOA 4']);
    expect(outcome).toMatchObject({ authoritative: true, rcode: Rcode.NoError });
    expect(handler.counters).toMatchObject({ upToDate: 1, active: 0 });
  });

  test('is the changes in their order', async () => {
    const { ask, handler } = serving(changed());
    const outcome = await ask(Type.IXFR, { serial: 2 });
    expect(streamOf(outcome).kind).toBe('stream');
    expect(records(outcome)).toEqual([
      'SOA 4',
      'SOA 2',
      'SOA 3',
      'a.example.net 16 0131',
      'SOA 3',
      'a.example.net 16 0131',
      'SOA 4',
      'a.example.net 16 0132',
      'SOA 4',
    ]);
    expect(handler.counters).toMatchObject({ ixfr: 1, axfr: 0 });
  });

  test('is one change where that is wanted', async () => {
    const { ask } = serving(changed(), { condense: true });
    expect(records(await ask(Type.IXFR, { serial: 2 }))).toEqual([
      'SOA 4',
      'SOA 2',
      'SOA 4',
      'a.example.net 16 0132',
      'SOA 4',
    ]);
  });

  test('is one change where each by itself would be more than the zone', async () => {
    const zone = new JournaledZone().fill(10);
    for (let index = 0; index < 20; index++)
      zone.change(...putting(rrset('a.example.net', 'TXT', String(index))));
    const { ask } = serving(zone);
    expect(records(await ask(Type.IXFR, { serial: 2 }))).toEqual([
      'SOA 22',
      'SOA 2',
      'SOA 22',
      'a.example.net 16 023139',
      'SOA 22',
    ]);
  });

  test.each([
    ['there is no way from the serial', 1, {}],
    ['the serial is half the circle away', 0x8000_0004, {}],
    ['changes are not wanted', 2, { ixfr: false }],
  ])('is the whole zone if %s', async (_, serial, options) => {
    const { ask, handler } = serving(changed(), options);
    const all = records(await ask(Type.IXFR, { serial }));
    expect(all.slice(0, 2)).not.toContain(`SOA ${serial}`);
    expect(all).toHaveLength(34);
    expect(all.filter((line) => line === 'SOA 4')).toHaveLength(2);
    expect(handler.counters).toMatchObject({ axfr: 1, ixfr: 0 });
  });

  test('is the whole zone if the changes are more than that', async () => {
    const zone = new JournaledZone().fill(4);
    zone.change(
      ...putting(...[0, 1, 2, 3].map((at) => rrset(`host${at}.example.net`, 'A', '198.51.100.1'))),
    );
    const all = records(await serving(zone).ask(Type.IXFR, { serial: 2 }));
    expect(all).toHaveLength(7);
  });

  test('is the whole zone if the journal has a gap', async () => {
    const zone = changed();
    zone.change(...putting(rrset('a.example.net', 'TXT', '3')));
    zone.changes.splice(1, 1);
    expect(records(await serving(zone).ask(Type.IXFR, { serial: 2 }))).toHaveLength(34);
  });

  test('ends at the version there was when it was asked', async () => {
    const zone = changed();
    const journal = zone.journal.bind(zone);
    zone.journal = (serial) => {
      zone.change(...putting(rrset('a.example.net', 'TXT', 'later')));
      return journal(serial);
    };
    const all = records(await serving(zone).ask(Type.IXFR, { serial: 3 }));
    expect([all[0], all.at(-1)]).toEqual(['SOA 4', 'SOA 4']);
    expect(all).toHaveLength(6);
  });

  test('over UDP is one answer if it fits', async () => {
    const { ask } = serving(changed());
    const outcome = answerOf(await ask(Type.IXFR, { serial: 2, transport: 'udp', proven: true }));
    expect(records(outcome)).toHaveLength(9);
    expect(outcome.authoritative).toBe(true);
  });

  test('over UDP is the newest start of authority if it does not fit', async () => {
    const zone = changed();
    zone.fill(150);
    for (let index = 0; index < 12; index++)
      zone.change(...putting(rrset('a.example.net', 'TXT', 'x'.repeat(index + 20))));
    const { ask, handler } = serving(zone);
    const udp = { serial: 5, transport: 'udp' as const, proven: true };
    expect(records(await ask(Type.IXFR, udp))).toEqual(['SOA 17']);
    expect(records(await ask(Type.IXFR, { ...udp, udpSize: 4096 }))).toEqual(['SOA 17']);
    // What fits depends on what the client takes.
    const few = { serial: 11, transport: 'udp' as const, proven: true };
    expect(records(await ask(Type.IXFR, few))).toEqual(['SOA 17']);
    expect(records(await ask(Type.IXFR, { ...few, udpSize: 1232 }))).toHaveLength(26);
    expect(handler.counters).toMatchObject({ tooLargeForUdp: 3, ixfr: 1 });
    // The whole zone never goes into a datagram.
    expect(records(await ask(Type.IXFR, { ...udp, serial: 1 }))).toEqual(['SOA 17']);
  });

  test('over UDP is the newest start of authority if anybody may have sent the question, and nothing is read for it', async () => {
    const zone = changed();
    const journal = zone.journal.bind(zone);
    let read = 0;
    zone.journal = (serial) => {
      read += 1;
      return journal(serial);
    };
    const { ask, handler } = serving(zone);
    const udp = { serial: 2, transport: 'udp' as const };
    expect(records(await ask(Type.IXFR, udp))).toEqual(['SOA 4']);
    expect([read, handler.counters.tooLargeForUdp]).toEqual([0, 1]);
    expect(records(await ask(Type.IXFR, { ...udp, key: 'copy.example.net' }))).toHaveLength(9);
    expect(records(await ask(Type.IXFR, { ...udp, proven: true }))).toHaveLength(9);
    expect([read, handler.counters.ixfr]).toEqual([2, 2]);
  });

  test('of many changes is made in turns', async () => {
    const zone = new JournaledZone().fill(3000);
    const names = Array.from({ length: 1400 }, (_, index) => `host${index}.example.net`);
    zone.change(...names.flatMap((name) => putting(rrset(name, 'A', '203.0.113.1'))));
    const { ask } = serving(zone);
    const reactor = createTestReactor();
    let turns = 0;
    const { clock } = reactor;
    const callSoon = clock.callSoon.bind(clock);
    clock.callSoon = (call) => {
      turns += 1;
      callSoon(call);
    };
    expect(records(await ask(Type.IXFR, { serial: 2, reactor }))).toHaveLength(2804);
    expect(turns).toBeGreaterThan(3);
  });

  test('over UDP leaves room for the signature of a signed answer', async () => {
    const zone = changed();
    zone.fill(150);
    for (let index = 0; index < 6; index++)
      zone.change(...putting(rrset('a.example.net', 'TXT', 'x'.repeat(index + 20))));
    const { ask } = serving(zone);
    const fits = async (udpSize: number, key?: string): Promise<boolean> => {
      const asked = {
        serial: 5,
        transport: 'udp',
        proven: true,
        udpSize,
        ...(key && { key }),
      } as const;
      return records(await ask(Type.IXFR, asked)).length > 1;
    };
    let size = 512;
    while (!(await fits(size))) size += 1;
    expect(size).toBeGreaterThan(512);
    expect(size).toBeLessThan(1_000);
    // Key name, and the other fields with the longest hash (RFC 8945 §4.2).
    expect(await fits(size + 100, 'copy.example.net')).toBe(false);
    expect(await fits(size + 200, 'copy.example.net')).toBe(true);
  });
});

describe('how many at a time', () => {
  test('for one client, and for all', async () => {
    const { ask, handler } = serving(new JournaledZone().fill(3), {
      maxConcurrent: 3,
      maxPerClient: 2,
    });
    const first = streamOf(await ask(Type.AXFR));
    await ask(Type.AXFR);
    const busy = { rcode: Rcode.ServFail, errors: [{ code: 0, text: 'too many transfers' }] };
    expect(await ask(Type.AXFR)).toMatchObject(busy);
    expect((await ask(Type.AXFR, { host: '192.0.2.2' })).kind).toBe('stream');
    expect(await ask(Type.AXFR, { host: '192.0.2.3' })).toMatchObject(busy);
    expect(handler.counters).toMatchObject({ active: 3, overQuota: 2, failed: 0 });
    first.ended?.();
    first.ended?.();
    expect(handler.counters.active).toBe(2);
    expect((await ask(Type.AXFR)).kind).toBe('stream');
  });

  test('looking for changes counts, until they are sent or there are none', async () => {
    const zone = new JournaledZone().fill(30);
    zone.change(...putting(rrset('a.example.net', 'TXT', '1')));
    const { ask, handler } = serving(zone, { maxPerClient: 1 });
    const journal = zone.journal.bind(zone);
    let answer: () => void = () => undefined;
    zone.journal = async (serial) => {
      await new Promise<void>((resume) => {
        answer = resume;
      });
      return journal(serial);
    };
    const udp = { serial: 2, transport: 'udp' as const, proven: true };
    const first = ask(Type.IXFR, udp);
    expect(await ask(Type.IXFR, udp)).toMatchObject({ rcode: Rcode.ServFail });
    answer();
    expect(records(await first)).toHaveLength(5);
    expect(handler.counters).toMatchObject({ active: 0, overQuota: 1 });
    const failing = serving(zone, { maxPerClient: 1 });
    zone.journal = () => Promise.reject(new Error('no disk'));
    await expect(failing.ask(Type.IXFR, { serial: 2 })).rejects.toThrow('no disk');
    expect(failing.handler.counters.active).toBe(0);
  });

  test('one that fails makes room as well', async () => {
    const { ask, handler } = serving(new JournaledZone().fill(3), { maxPerClient: 1 });
    streamOf(await ask(Type.AXFR)).ended?.(new Error('gone'));
    expect(handler.counters).toMatchObject({ failed: 1, active: 0 });
  });
});

describe('the EXPIRE option (RFC 7314)', () => {
  const asked = { edns: expireOption };
  const seconds = (outcome: Outcome): number | undefined => {
    if (outcome.kind === 'silence') return undefined;
    const option = outcome.options?.find(({ code }) => code === 9);
    return option && Buffer.from(option.data).readUInt32BE();
  };

  test('of an original is the expire field, with a start of authority and with transfers', async () => {
    const zone = new JournaledZone('example.net', { soa: { expire: 777 } }).fill(20);
    zone.change(...putting(rrset('a.example.net', 'TXT', '1')));
    const handler = transfers(zone, { allow: ['192.0.2.0/24'] });
    const ask = async (type: number, more: AskedBy = asked): Promise<Outcome> =>
      handler.handle(toQuery(type, more), (query) => zone.handle(query));
    expect(seconds(await ask(Type.SOA))).toBe(777);
    expect(seconds(await ask(Type.AXFR))).toBe(777);
    expect(seconds(await ask(Type.IXFR, { ...asked, serial: 2 }))).toBe(777);
    expect(seconds(await ask(Type.IXFR, { ...asked, serial: 3 }))).toBe(777);
    expect(seconds(await ask(Type.SOA, {}))).toBeUndefined();
    expect(seconds(await ask(Type.A))).toBeUndefined();
  });

  test('of a copy is the time it has left', async () => {
    const zone = new JournaledZone();
    zone.expiresInSeconds = 41.9;
    const handler = transfers(zone, { allow: ['192.0.2.0/24'] });
    expect(seconds(await handler.handle(toQuery(Type.AXFR, asked), () => passedOn))).toBe(41);
  });
});
