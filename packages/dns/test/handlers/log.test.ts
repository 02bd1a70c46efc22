import { describe, expect, test } from 'vitest';
import { silence } from '../../src/contract/answer.ts';
import type { DnsHandler } from '../../src/contract/handler.ts';
import { fixedZone } from '../../src/handlers/fixed-zone.ts';
import { type LogOptions, log, type QueryLogEntry } from '../../src/handlers/log.ts';
import { respond } from '../../src/handlers/respond.ts';
import { Opcode, Rcode } from '../../src/numbers.ts';
import { opt, query } from '../build.ts';
import { asking } from './asking.ts';

const zone = fixedZone('example.net', { records: { www: { A: ['192.0.2.1', '192.0.2.2'] } } });

async function logged(behind: DnsHandler, options: LogOptions = {}) {
  const entries: QueryLogEntry[] = [];
  return { entries, ...(await asking([log((entry) => entries.push(entry), options), behind])) };
}

describe('a log of queries', () => {
  test('has an entry for each, as an object and as a line', async () => {
    const { entries, ask, reactor } = await logged(zone);
    await reactor.clock.elapse(5);
    await ask('wWw.example.net', { edns: true, from: '2001:db8::7', transport: 'tcp' });
    expect(entries).toHaveLength(1);
    expect({ ...entries[0] }).toEqual({
      time: reactor.clock.epoch(),
      client: { kind: 'udp', host: '2001:db8::7', port: 4000, family: 6 },
      transport: 'tcp',
      opcode: 'QUERY',
      name: 'wWw.example.net',
      type: 'A',
      class: 'IN',
      flags: ['RD', 'E'],
      rcode: 'NOERROR',
      answers: 1,
      ms: 0,
    });
    const time = new Date(reactor.clock.epoch()).toISOString();
    expect(String(entries[0])).toBe(
      `${time} [2001:db8::7]:4000 tcp QUERY wWw.example.net IN A RD,E NOERROR 1 0.000ms`,
    );
  });

  test.each<[string, DnsHandler, string, number]>([
    ['NXDOMAIN', zone, 'NXDOMAIN', 0],
    ['a code', respond(Rcode.NotImp), 'NOTIMP', 0],
    ['nothing', respond(silence), '-', 0],
    ['a promise', async () => silence, '-', 0],
    // Over UDP that is a mistake of the handler.
    ['a stream', () => ({ kind: 'stream', rrsets: [] }), 'NOERROR', 1],
    [
      'a throw',
      () => {
        throw new Error('mine');
      },
      'SERVFAIL',
      1,
    ],
    ['a rejection', () => Promise.reject(new Error('mine')), 'SERVFAIL', 1],
  ])('tells of %s', async (_, behind, rcode, problems) => {
    const { entries, send, reports } = await logged(behind);
    await send(query('nobody.example.net'));
    expect(entries).toMatchObject([{ rcode }]);
    expect(reports.problems).toHaveLength(problems);
  });

  test('tells how long a handler took', async () => {
    const { entries, ask, reactor } = await logged(
      () =>
        new Promise((resolve) => {
          reactor.clock.callLater(25, () => resolve(silence));
        }),
    );
    void ask('www.example.net').catch(() => undefined);
    await reactor.clock.elapse(25);
    expect(entries).toMatchObject([{ ms: 25 }]);
  });

  test('a name cannot break a line', async () => {
    const { entries, ask } = await logged(zone);
    await ask('a\\010b\\032c.example.net');
    expect(String(entries[0])).toContain(' a\\010b\\032c.example.net ');
  });

  test('names other kinds of message', async () => {
    const { entries, send } = await logged(zone);
    const flags = Opcode.Notify << 11;
    await send(query('example.net', 6, { flags, additionals: [opt({ dnssecOk: true })] }));
    expect(entries).toMatchObject([
      { opcode: 'NOTIFY', type: 'SOA', rcode: 'REFUSED', flags: ['E', 'DO'] },
    ]);
  });

  test('may see a sample only', async () => {
    const { entries, ask } = await logged(zone, { sample: 0.2 });
    for (let round = 0; round < 500; round++) await ask('www.example.net');
    expect(entries.length).toBeGreaterThan(50);
    expect(entries.length).toBeLessThan(150);
    const none = await logged(zone, { sample: 0 });
    await none.ask('www.example.net');
    expect(none.entries).toEqual([]);
  });

  test('that fails spoils no answer, and is reported once until it works again', async () => {
    let works = false;
    const sink = (): void => {
      if (!works) throw new Error('mine');
    };
    const { ask, reports } = await asking([log(sink), zone]);
    for (const each of [false, false, true, false]) {
      works = each;
      expect((await ask('www.example.net')).rcode).toBe(Rcode.NoError);
    }
    expect(reports.problems).toHaveLength(2);
  });

  test('that is async and fails is reported as well, once until it works again', async () => {
    let works = false;

    const sink = async (): Promise<void> => {
      if (!works) throw new Error('mine');
    };
    const { ask, reports } = await asking([log(sink as () => void), zone]);
    for (const each of [false, false, true, false]) {
      works = each;
      expect((await ask('www.example.net')).rcode).toBe(Rcode.NoError);
    }
    expect(reports.problems).toHaveLength(2);
  });

  test.each([{ sample: 2 }, { sample: -1 }, { sample: Number.NaN }])(
    'does not take %j',
    (options) => {
      expect(() => log(() => undefined, options)).toThrow('Cannot log');
    },
  );
});
