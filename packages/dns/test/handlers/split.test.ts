import { AddressSet } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import { fixedZone } from '../../src/handlers/fixed-zone.ts';
import { nest } from '../../src/handlers/nest.ts';
import { refuse, respond } from '../../src/handlers/respond.ts';
import { split } from '../../src/handlers/split.ts';
import { Rcode } from '../../src/numbers.ts';
import { asking } from './asking.ts';

const view = (address: string) =>
  fixedZone('example.net', { records: { www: { A: address, ttl: 60 } } });

describe('a split by client', () => {
  const lab = new AddressSet(['198.51.100.7']);
  const served = [
    split([
      { clients: ['10.9.0.0/16'], serve: refuse('not you') },
      { clients: ['10.0.0.0/8', 'fd00::/8'], serve: view('10.0.0.1') },
      { clients: lab, serve: [(query, next) => next(query), view('198.51.100.1')] },
      { clients: ['unix'], serve: view('127.0.0.1') },
      { clients: ['203.0.113.0/24'], serve: (query, next) => next(query) },
    ]),
    view('192.0.2.1'),
  ];
  test.each([
    ['of a network', '10.1.2.3', '10.0.0.1'],
    ['of an IPv6 network', 'fd00::77', '10.0.0.1'],
    ['of an IPv4 network, written as IPv6', '::ffff:10.1.2.3', '10.0.0.1'],
    ['of a single address', '198.51.100.7', '198.51.100.1'],
    ['of no rule: the next handler', '198.51.100.8', '192.0.2.1'],
    ['of a rule that passes it on: the next handler', '203.0.113.5', '192.0.2.1'],
  ])('answers a client %s', async (_, from, address) => {
    const { ask } = await asking(served);
    const { rcode, answer } = await ask('www.example.net', { from });
    expect([rcode, answer]).toEqual([Rcode.NoError, [`www.example.net 60 A ${address}`]]);
  });

  test('the first rule counts', async () => {
    const { ask } = await asking(served);
    expect((await ask('www.example.net', { from: '10.9.0.1' })).rcode).toBe(Rcode.Refused);
  });

  test('knows clients without an address by their kind', async () => {
    const { ask } = await asking(served);
    const { answer } = await ask('www.example.net', { from: { kind: 'unix', path: '' } });
    expect(answer).toEqual(['www.example.net 60 A 127.0.0.1']);
  });

  test('gives each client its own, asked in turn', async () => {
    const { ask } = await asking(served);
    for (let round = 0; round < 3; round++) {
      for (const [from, address] of [
        ['10.1.2.3', '10.0.0.1'],
        ['192.0.2.7', '192.0.2.1'],
      ]) {
        const { answer } = await ask('www.example.net', { from: from ?? '' });
        expect(answer).toEqual([`www.example.net 60 A ${address}`]);
      }
    }
  });

  test('follows a set that changes', async () => {
    const set = new AddressSet();
    const { ask } = await asking([split([{ clients: set, serve: refuse() }]), view('192.0.2.1')]);
    expect((await ask('www.example.net')).rcode).toBe(Rcode.NoError);
    set.add('192.0.2.99');
    expect((await ask('www.example.net')).rcode).toBe(Rcode.Refused);
  });

  test('starts and stops what it serves, once for all its rules', async () => {
    const heard: string[] = [];
    const shared = {
      handle: respond(Rcode.Refused),
      started: () => void heard.push('started'),
      stopped: () => void heard.push('stopped'),
    };
    const { responder } = await asking([
      split([
        { clients: ['10.0.0.0/8'], serve: shared },
        { clients: ['fd00::/8'], serve: nest(shared) },
      ]),
    ]);
    expect(heard).toEqual(['started']);
    await responder.stop();
    expect(heard).toEqual(['started', 'stopped']);
  });

  test('wants rules that make sense', () => {
    expect(() => split([])).toThrow('no rule');
    expect(() => split([{ clients: ['10.0.0.0/33'], serve: refuse() }])).toThrow(RangeError);
    expect(() => split([{ clients: ['10.0.0.0/8'], serve: [] }])).toThrow('none is given');
  });
});
