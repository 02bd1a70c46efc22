// Updates of a zone that is kept: what the handler asks of it is what it does.
import { createTestReactor, settle } from '@hawser/core/testing';
import { expect, test, vi } from 'vitest';
import { answerWith } from '../../../src/contract/answer.ts';
import { Rcode } from '../../../src/numbers.ts';
import { memory } from '../../../src/store/memory-store.ts';
import { dynamicZone } from '../../../src/store/open-dynamic-zone.ts';
import { dyndns2 } from '../../../src/update/dyndns2/dyndns2.ts';
import { updates } from '../../../src/update/message/updates.ts';
import { opt } from '../../build.ts';
import { queryOf, type Sent, updateBytes } from './update-scene.ts';

async function setUp() {
  const reactor = createTestReactor();
  const store = memory();
  const commit = vi.spyOn(store, 'commit');
  const zone = await dynamicZone('example.net', { store, reactor });
  zone.started(reactor);
  const handler = updates(zone, { policy: [{ key: 'tester', names: '*' }] });
  const send = async (sent: Sent): Promise<number> => {
    const query = queryOf(updateBytes(sent), sent, reactor);
    const answer = query && (await handler.handle(query, () => answerWith(Rcode.NotAuth, {})));
    return answer?.kind === 'answer' ? answer.rcode : -1;
  };
  return { reactor, zone, send, commits: () => commit.mock.calls.length };
}

const lease = (seconds: number) => {
  const rdata = Buffer.from('0002000400000000', 'hex');
  rdata.writeUInt32BE(seconds, 4);
  return [opt({ rdata })];
};

test('what is added with a lease goes when it ends, unless it is renewed', async () => {
  const { reactor, zone, send } = await setUp();
  const sent = { changes: ['add printer 60 A 192.0.2.9'], additionals: lease(120) };
  expect(await send(sent)).toBe(Rcode.NoError);
  reactor.clock.advance(100_000);
  await settle();
  expect(await send(sent)).toBe(Rcode.NoError);
  reactor.clock.advance(100_000);
  await settle();
  expect(zone.get('printer', 'A')).toEqual(['192.0.2.9']);
  reactor.clock.advance(25_000);
  await settle();
  expect(zone.get('printer')).toBeUndefined();
  expect(zone.serial).toBe(3);
});

test('what is added again without a lease stays', async () => {
  const { reactor, zone, send } = await setUp();
  await send({ changes: ['add printer 60 A 192.0.2.9'], additionals: lease(120) });
  await send({ changes: ['add printer 60 A 192.0.2.9'] });
  reactor.clock.advance(600_000);
  await settle();
  expect(zone.get('printer', 'A')).toEqual(['192.0.2.9']);
});

test('an update that changes nothing is not stored', async () => {
  const { send, commits } = await setUp();
  await send({ changes: ['add www 60 A 192.0.2.9'] });
  const before = commits();
  expect(await send({ changes: ['add www 60 A 192.0.2.9', 'delete nobody'] })).toBe(Rcode.NoError);
  expect(commits()).toBe(before);
});

test('a nochg of dyndns2 is not stored', async () => {
  const { reactor, zone, commits } = await setUp();
  const handler = dyndns2(zone, { accounts: [{ user: 'a', token: 'b', hosts: ['*'] }] });
  const headers = { authorization: `Basic ${btoa('a:b')}`, 'user-agent': 'x' };
  const ask = async () => {
    const url = 'http://localhost/nic/update?hostname=www.example.net&myip=192.0.2.9';
    return (await handler(new Request(url, { headers }), { reactor })).text();
  };
  expect(await ask()).toBe('good 192.0.2.9\n');
  const before = commits();
  expect(await ask()).toBe('nochg 192.0.2.9\n');
  expect(commits()).toBe(before);
});

test('more than 100 types at a name is REFUSED', async () => {
  const { zone, send } = await setUp();
  const types = Array.from({ length: 101 }, (_, index) => `add new 60 TYPE${65280 + index} \\# 0`);
  expect(await send({ changes: types })).toBe(Rcode.Refused);
  expect(await send({ changes: types.slice(1) })).toBe(Rcode.NoError);
  expect(await send({ changes: types.slice(0, 1) })).toBe(Rcode.Refused);
  expect(await send({ changes: ['delete new TYPE65281', ...types.slice(0, 1)] })).toBe(
    Rcode.NoError,
  );
  // No other way to change the zone has more to offer.
  await expect(zone.set('new', 'A', '192.0.2.1')).rejects.toMatchObject({
    code: 'HAWSER_DNS_ZONE',
  });
});
