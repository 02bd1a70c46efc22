// What requests are told whose changes were stored in one go: as if each had been alone.
import { createTestReactor } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { dynamicZone } from '../../../src/store/open-dynamic-zone.ts';
import { heldStore } from '../../store/held-store.ts';
import { asking } from './asking.ts';

async function setUp() {
  const reactor = createTestReactor();
  const { store, hold, commit } = heldStore();
  const zone = await dynamicZone('example.net', { store, reactor });
  await zone.set('www', 'A', '192.0.2.1');
  const ask = asking(zone, reactor);
  const turns = async () => {
    // Bodies are read in turns of the event loop.
    for (let turn = 0; turn < 5; turn++) await new Promise((resume) => void setImmediate(resume));
  };
  /** What each of these is told, which come in this order while another change is stored. */
  const together = async (...asked: Parameters<typeof ask>[]) => {
    hold();
    const first = ask('PUT', '/first/A', { values: ['192.0.2.1'] });
    const begun = await commit(0);
    const answers: ReturnType<typeof ask>[] = [];
    for (const each of asked) {
      answers.push(ask(...each));
      await turns();
    }
    begun.go();
    await first;
    await Promise.race([Promise.all(answers), commit(1).then((second) => second.go())]);
    return Promise.all(answers);
  };
  return { zone, together };
}

test('who put something is told what he put, though another one deletes it', async () => {
  const { together, zone } = await setUp();
  const [put, removed] = await together(
    ['PUT', '/new/A', { values: ['192.0.2.2'] }],
    ['DELETE', '/new/A'],
    ['PUT', '/other/A', { values: ['192.0.2.3'] }],
  );
  expect(put).toMatchObject({ status: 201, etag: '"4"', body: { values: ['192.0.2.2'] } });
  expect(removed).toMatchObject({ status: 204, etag: '"4"' });
  expect([zone.serial, zone.get('new')]).toEqual([4, undefined]);
});

test('who deletes what another one has just added did so, though nothing is left to be stored', async () => {
  const { together, zone } = await setUp();
  const [put, removed, again] = await together(
    ['PUT', '/new/A', { values: ['192.0.2.2'] }],
    ['DELETE', '/new'],
    ['DELETE', '/new'],
  );
  expect([put?.status, removed?.status, again?.status]).toEqual([201, 204, 404]);
  expect(zone.serial).toBe(3);
});

test('a batch counts its own changes', async () => {
  const { together } = await setUp();
  const set = (name: string) => ({ operation: 'set', name, type: 'A', values: ['192.0.2.2'] });
  const answers = await together(
    ['POST', '', { changes: [set('a'), set('b')] }],
    ['POST', '', { changes: [set('c')] }],
    ['POST', '', { changes: [set('a')] }],
  );
  expect(answers.map(({ body }) => body)).toEqual([
    { serial: 4, changed: 2 },
    { serial: 4, changed: 1 },
    { serial: 4, changed: 0 },
  ]);
});

test('who adds to what another one adds to is told of both', async () => {
  const { together } = await setUp();
  const [one, other] = await together(
    ['PATCH', '/www/A', { add: ['192.0.2.2'] }],
    ['PATCH', '/www/A', { add: ['192.0.2.3'] }],
  );
  expect(one?.body.values).toEqual(['192.0.2.1', '192.0.2.2']);
  expect(other?.body.values).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
});

test('a precondition that does not hold is answered with a serial that there is', async () => {
  const { together, zone } = await setUp();
  const values = ['192.0.2.2'];
  const answers = await together(
    ['PUT', '/a/A', { values }],
    ['PUT', '/b/A', { values }],
    ['PUT', '/www/A', { values }, { 'if-match': '"3"' }],
    ['PUT', '/www/A', { values }, { 'if-none-match': '*' }],
  );
  expect(answers.map(({ status, etag }) => [status, etag])).toEqual([
    [201, '"4"'],
    [201, '"4"'],
    [412, '"4"'],
    [412, '"4"'],
  ]);
  expect(zone.serial).toBe(4);
});
