// A long update takes several turns, between which others are served, and is still one change in its place.
import { createTestReactor, settle } from '@hawser/core/testing';
import { expect, test, vi } from 'vitest';
import { codeAnswer } from '../../../src/contract/answer.ts';
import { inTurns } from '../../../src/in-turns.ts';
import { Name } from '../../../src/name.ts';
import { Rcode, Type } from '../../../src/numbers.ts';
import { rdataFromText } from '../../../src/rdata/rdata-text.ts';
import { dynamicZone } from '../../../src/store/open-dynamic-zone.ts';
import { type UpdatesOptions, updates } from '../../../src/update/message/updates.ts';
import { queryOf, type Sent, updateBytes } from './update-scene.ts';

const RECORDS = 1000;
const long = Array.from(
  { length: RECORDS },
  (_, at) => `add h${at} 60 A 10.0.${at >> 8}.${at & 255}`,
);

async function setUp(options: Partial<UpdatesOptions> = {}) {
  const reactor = createTestReactor();
  const zone = await dynamicZone('example.net', { reactor });
  const handler = updates(zone, {
    policy: [{ key: '*', names: '*', types: ['*'] }],
    ...options,
  });
  const codes: number[] = [];
  const send = async (sent: Sent): Promise<number> => {
    const query = queryOf(updateBytes(sent), sent, reactor);
    const answer = query && (await handler.handle(query, () => codeAnswer(Rcode.NotAuth)));
    const rcode = answer?.kind === 'answer' ? answer.rcode : -1;
    codes.push(rcode);
    return rcode;
  };
  /** Waits for `done`: how many turns of others there were, and how many names the zone had in each. */
  const turnsUntil = async (done: Promise<unknown>) => {
    const soon = vi.spyOn(reactor.clock, 'callSoon');
    const sizes = new Set<number>();
    let running = true;
    void done.finally(() => (running = false));
    while (running) {
      await settle();
      sizes.add(zone.snapshot.size);
      reactor.clock.advance(0);
    }
    return { turns: soon.mock.calls.length, sizes };
  };
  return { reactor, zone, send, codes, turnsUntil };
}

test('a thousand additions take many turns, and are seen all at once', async () => {
  const { send, turnsUntil, zone } = await setUp();
  const before = zone.snapshot.size;
  const { serial } = zone;
  const reply = send({ changes: long });
  expect(zone.snapshot.size).toBe(before);
  const { turns, sizes } = await turnsUntil(reply);
  expect(turns).toBeGreaterThan(10);
  expect([...sizes].filter((size) => size !== before && size !== before + RECORDS)).toEqual([]);
  expect(zone.snapshot.size).toBe(before + RECORDS);
  expect(zone.serial).toBe(serial + 1);
});

test('an update that comes after a long one is made after it', async () => {
  const { send, turnsUntil, zone } = await setUp();
  const replies = [
    send({ changes: long }),
    send({ prerequisites: ['yxrrset h999 A'], changes: ['delete h999 A'] }),
    send({ prerequisites: ['nxrrset h999 A'], changes: ['add last 60 A 192.0.2.1'] }),
  ];
  await turnsUntil(Promise.all(replies));
  expect(await Promise.all(replies)).toEqual([0, 0, 0]);
  expect(zone.get('last', 'A')).toEqual(['192.0.2.1']);
});

test('a change of the program that comes meanwhile is made as a whole, too', async () => {
  const { send, turnsUntil, zone } = await setUp();
  const reply = send({ changes: long });
  const set = zone.set('h1', 'A', '192.0.2.9');
  const after = send({ changes: ['add h1 60 A 192.0.2.8'] });
  await turnsUntil(Promise.all([reply, set, after]));
  expect(zone.get('h2', 'A')).toEqual(['10.0.0.2']);
  expect(zone.get('h1', 'A')).toContain('192.0.2.8');
});

test('a long update of which the last change is not allowed changes nothing', async () => {
  const { send, turnsUntil, zone } = await setUp({
    policy: [{ key: '*', names: '*.example.net', types: ['A'] }],
  });
  const { snapshot } = zone;
  const reply = send({ changes: [...long.slice(1), 'add x 60 TXT "x"'] });
  await turnsUntil(reply);
  expect(await reply).toBe(Rcode.Refused);
  expect(zone.snapshot).toBe(snapshot);
});

test('updates that are being read count as waiting', async () => {
  const { send, turnsUntil } = await setUp({ maxWaiting: 1 });
  const first = send({ changes: long });
  expect(await send({ changes: ['add a 60 A 192.0.2.1'] })).toBe(Rcode.ServFail);
  await turnsUntil(first);
  expect(await send({ changes: ['add a 60 A 192.0.2.1'] })).toBe(Rcode.NoError);
});

test('a lease on each of a thousand records of one name is kept for each', async () => {
  const { turnsUntil, zone } = await setUp();
  const name = Name.parse('many.example.net');
  const addresses = Array.from({ length: RECORDS }, (_, at) => `10.0.${at >> 8}.${at & 255}`);
  await turnsUntil(zone.set('many', 'A', addresses, { leaseSeconds: 60 }));
  expect(zone.leases('many')).toHaveLength(RECORDS);
  await turnsUntil(zone.set('many', 'A', addresses.slice(1)));
  expect(zone.snapshot.get(name, Type.A)?.records).toHaveLength(RECORDS - 1);
  expect(zone.leases('many')).toEqual([]);
});

test('a step that yields a number counts as so many', async () => {
  const turns: (() => void)[] = [];
  const made: number[] = [];
  function* steps() {
    for (let step = 0; step < 4; step++) {
      made.push(step);
      yield 250;
    }
  }
  const done = inTurns(steps(), { clock: { callSoon: (turn) => void turns.push(turn) } });
  expect(made).toEqual([0, 1]);
  turns.shift()?.();
  await settle();
  expect(made).toEqual([0, 1, 2, 3]);
  turns.shift()?.();
  await done;
});

test('of two that want the same name, a check that looks whether it is there allows one', async () => {
  const { zone, send } = await setUp({
    policy: [({ name }, { zone: content }) => content.node(name.key) === undefined],
  });
  const replies = [
    send({ changes: ['add mine 60 A 192.0.2.1'] }),
    send({ changes: ['add mine 60 A 192.0.2.2'] }),
    send({ changes: ['add other 60 A 192.0.2.2'] }),
  ];
  expect(await Promise.all(replies)).toEqual([Rcode.NoError, Rcode.Refused, Rcode.NoError]);
  expect(zone.get('mine', 'A')).toEqual(['192.0.2.1']);
});

test('what becomes the records of a signer while an update waits is not for it any more', async () => {
  const { zone, send } = await setUp();
  const cds = '1 13 2 e2d3c916f6deeac73294e8268fb5885044a833fc5459588f4a9184cfc41a5766';
  const rrsig = 'SOA 13 2 60 20300101000000 20200101000000 1 example.net. AAAA';
  const signed = {
    name: zone.origin,
    type: Type.RRSIG,
    ttl: 60,
    records: [rdataFromText(Type.RRSIG, rrsig, { origin: zone.origin })],
  };
  const edits = [{ ...signed, rrset: signed }];
  const replies = [
    zone.transact(() => ({ edits, result: 0 })).then(({ result }) => result),
    send({ changes: [`add @ 60 CDS ${cds}`] }),
  ];
  expect(await Promise.all(replies)).toEqual([0, Rcode.Refused]);
});
