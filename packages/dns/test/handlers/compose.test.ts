import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { answerWith, silence } from '../../src/contract/answer.ts';
import type { DnsHandlerObject } from '../../src/contract/handler.ts';
import { fixedZone } from '../../src/handlers/fixed-zone.ts';
import { nest } from '../../src/handlers/nest.ts';
import { refuse, respond } from '../../src/handlers/respond.ts';
import { when } from '../../src/handlers/when.ts';
import { Name } from '../../src/name.ts';
import { Rcode, Type } from '../../src/numbers.ts';
import { Responder } from '../../src/server/responder.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { query } from '../build.ts';
import { asking } from './asking.ts';

const zone = (address: string, origin = 'example.net') =>
  fixedZone(origin, { records: { www: { A: address, ttl: 60 } } });

describe('a list as one handler', () => {
  test('asks its handlers in order, and then whoever is behind it', async () => {
    const order: string[] = [];
    const step =
      (name: string) =>
      (
        asked: Parameters<DnsHandlerObject['handle']>[0],
        next: Parameters<DnsHandlerObject['handle']>[1],
      ) => {
        order.push(name);
        return next(asked);
      };
    const { ask } = await asking([
      step('a'),
      nest(step('b'), nest(step('c'), step('d')), step('e')),
      step('f'),
      zone('192.0.2.1'),
    ]);
    expect((await ask('www.example.net')).answer).toEqual(['www.example.net 60 A 192.0.2.1']);
    expect(order.join('')).toBe('abcdef');
  });

  test('chooses the closest of its zones', async () => {
    const { ask } = await asking(
      nest(zone('192.0.2.1'), zone('192.0.2.2', 'sub.example.net'), newZone(Name.parse('org'))),
    );
    expect((await ask('www.sub.example.net')).answer).toEqual([
      'www.sub.example.net 60 A 192.0.2.2',
    ]);
    expect((await ask('x.org')).rcode).toBe(Rcode.NXDomain);
    expect((await ask('x.com')).rcode).toBe(Rcode.Refused);
  });

  test('used twice it goes on to where it was asked', async () => {
    const inner = nest((asked, next) => next(asked));
    const { ask } = await asking([
      when(({ type }) => type === Type.TXT, nest(inner, respond(Rcode.NotImp))),
      inner,
      zone('192.0.2.1'),
    ]);
    for (let round = 0; round < 2; round++) {
      expect((await ask('www.example.net TXT')).rcode).toBe(Rcode.NotImp);
      expect((await ask('www.example.net')).rcode).toBe(Rcode.NoError);
    }
  });

  test('needs something to serve', () => {
    expect(() => nest()).toThrow('none is given');
    expect(() => nest(zone('192.0.2.1'), zone('192.0.2.2'))).toThrow('its own origin');
  });

  test('says in a line which of a thousand zones it serves, and which one it cannot', () => {
    const zones = Array.from({ length: 1000 }, (_, index) => zone('192.0.2.1', `z${index}.test`));
    const few = Array.from({ length: 10 }, (_, index) => `z${index}.test`).join(' ');
    expect(new Responder(zones.slice(0, 10)).origins).toBe(few);
    expect(new Responder(zones).origins).toBe(`${few} and 990 more`);
    expect(() => nest(...zones, zone('192.0.2.2', 'Z7.test'))).toThrow(
      /its own origin: "Z7.test"$/,
    );
  });

  test('is stopped with its last user, though somebody stopped it who had not started it', async () => {
    const heard: string[] = [];
    const reactor = createTestReactor();
    const responder = new Responder({
      handle: respond(Rcode.Refused),
      started: () => void heard.push('started'),
      stopped: () => void heard.push('stopped'),
    });
    await responder.stop();
    await responder.start(reactor);
    await responder.start(reactor);
    await responder.stop();
    expect(heard).toEqual(['started']);
    await responder.stop();
    expect(heard).toEqual(['started', 'stopped']);
  });

  test('stops what it has started when a later one fails to', async () => {
    const heard: string[] = [];
    const part = (name: string, fails = false): DnsHandlerObject => ({
      handle: respond(Rcode.Refused),
      started() {
        heard.push(`${name} started`);
        if (fails) throw new Error('mine');
      },
      stopped: () => void heard.push(`${name} stopped`),
    });
    await expect(
      asking(nest(part('a'), nest(part('b'), part('c', true)), part('d'))),
    ).rejects.toThrow('mine');
    expect(heard).toEqual(['a started', 'b started', 'c started', 'b stopped', 'a stopped']);
  });
});

describe('a condition', () => {
  const served = [
    when(({ transport }) => transport === 'tcp', zone('192.0.2.2')),
    zone('192.0.2.1'),
  ];
  test.each([
    ['true: what is behind it', 'tcp', '192.0.2.2'],
    ['false: the next handler', 'udp', '192.0.2.1'],
  ] as const)('%s', async (_, transport, address) => {
    const { ask } = await asking(served);
    const { answer } = await ask('www.example.net', { transport });
    expect(answer).toEqual([`www.example.net 60 A ${address}`]);
  });

  test('true, and passed on: the next handler', async () => {
    const { ask } = await asking([
      when(
        () => true,
        (asked, next) => next(asked),
      ),
      zone('192.0.2.1'),
    ]);
    expect((await ask('www.example.net')).rcode).toBe(Rcode.NoError);
  });

  test('a throw is SERVFAIL, and reported', async () => {
    const test = (): boolean => {
      throw new Error('mine');
    };
    const { ask, reports } = await asking([when(test, refuse()), zone('192.0.2.1')]);
    expect((await ask('www.example.net')).rcode).toBe(Rcode.ServFail);
    expect(reports.problems).toMatchObject([{ error: { message: 'mine' } }]);
  });
});

describe('a fixed response', () => {
  test.each([
    ['a code', respond(Rcode.NotImp), { rcode: Rcode.NotImp, counts: [1, 0, 0, 0] }],
    [
      'an answer',
      respond(answerWith(Rcode.NXDomain, { authoritative: true })),
      { rcode: Rcode.NXDomain, aa: true },
    ],
    ['a refusal', refuse(), { rcode: Rcode.Refused }],
    ['a refusal with its reason', refuse('not for you'), { rcode: Rcode.Refused }],
  ])('%s', async (_, handler, expected) => {
    const { ask } = await asking(handler);
    expect(await ask('www.example.net')).toMatchObject(expected);
  });

  test('nothing', async () => {
    const { send } = await asking(respond(silence));
    expect(await send(query('www.example.net'))).toBeUndefined();
  });

  test('the reason reaches those who understand it', async () => {
    const { ask, send } = await asking(refuse('not for you'));
    expect((await ask('x.example.net', { edns: true })).rcode).toBe(Rcode.Refused);
    const bytes = await send(
      query('x.example.net', 1, { additionals: [{ name: '.', type: 41, class: 1232 }] }),
    );
    expect(
      bytes?.includes(Buffer.concat([Buffer.of(0, 15, 0, 13, 0, 18), Buffer.from('not for you')])),
    ).toBe(true);
  });
});

describe('a fixed zone', () => {
  test('of names in code', async () => {
    const { ask } = await asking(
      fixedZone('example.net', {
        ns: ['ns1.example.net'],
        ttl: 900,
        records: {
          '@': { A: '192.0.2.1', MX: { preference: 10, exchange: 'mail.example.net' } },
          ns1: { A: '192.0.2.2' },
          '*.dev': { A: '192.0.2.3', ttl: 60 },
          'a.b': { TXT: 'x' },
        },
      }),
    );
    expect((await ask('example.net')).answer).toEqual(['example.net 900 A 192.0.2.1']);
    expect((await ask('x.dev.example.net')).answer).toEqual(['x.dev.example.net 60 A 192.0.2.3']);
    expect(await ask('b.example.net')).toMatchObject({ rcode: Rcode.NoError, answer: [] });
    expect((await ask('example.net NS')).answer).toEqual(['example.net 3600 NS ns1.example.net']);
  });

  test('that makes no sense is refused', () => {
    expect(() => fixedZone('a..b', { records: {} })).toThrow('as a name');
    expect(() => fixedZone('example.net', { records: { x: { A: 'mine' } } })).toThrow('IPv4');
    expect(() =>
      fixedZone('example.net', { records: { x: { A: '192.0.2.1', CNAME: 'y' } } }),
    ).toThrow('alias');
  });
});
