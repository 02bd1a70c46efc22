import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hosts } from '../../src/handlers/hosts.ts';
import { refuse } from '../../src/handlers/respond.ts';
import { Rcode } from '../../src/numbers.ts';
import { asking } from './asking.ts';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hawser-hosts-'));
  file = join(folder, 'hosts');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a hosts file is read, and read again when it has changed', async () => {
  writeFileSync(file, '192.0.2.1 router.lan');
  const handler = hosts(file);
  const { ask, reactor, responder } = await asking([handler, refuse()]);
  expect((await ask('router.lan')).answer).toEqual(['router.lan 60 A 192.0.2.1']);
  writeFileSync(file, '192.0.2.22 router.lan');
  await reactor.clock.elapse(5000);
  await expect
    .poll(async () => (await ask('router.lan')).answer)
    .toEqual(['router.lan 60 A 192.0.2.22']);
  writeFileSync(file, '192.0.2.33 router.lan # by hand');
  await handler.reload();
  expect((await ask('router.lan')).answer).toEqual(['router.lan 60 A 192.0.2.33']);
  await responder.stop();
  expect(reactor.clock.timers).toBe(0);
});

test('a file that goes away is reported once, and its names stay', async () => {
  writeFileSync(file, '192.0.2.1 router.lan');
  const { ask, reactor, reports } = await asking([hosts(file, { pollMs: 10 }), refuse()]);
  rmSync(file);
  for (let round = 0; round < 5; round++) {
    await reactor.clock.elapse(10);
    await expect.poll(() => [reports.problems.length, reactor.clock.timers]).toEqual([1, 1]);
  }
  expect(reports.problems).toMatchObject([{ error: { code: 'HAWSER_STORE_IO' } }]);
  expect((await ask('router.lan')).rcode).toBe(Rcode.NoError);
});

test('whoever stops and starts it while it looks leaves one timer', async () => {
  writeFileSync(file, '192.0.2.1 router.lan');
  const handler = hosts(file, { pollMs: 10 });
  const { reactor, responder } = await asking([handler, refuse()]);
  const idle = reactor.clock.timers;
  await reactor.clock.elapse(10);
  handler.stopped();
  await handler.started(reactor);
  // What the look before has begun takes a turn of the file system, as does this one.
  await handler.reload();
  await expect.poll(() => reactor.clock.timers).toBe(idle);
  await responder.stop();
  expect(reactor.clock.timers).toBe(0);
});

test('without its file, or with one that is too long, a server does not start', async () => {
  await expect(asking(hosts(file))).rejects.toMatchObject({ code: 'HAWSER_STORE_IO' });
  writeFileSync(file, '192.0.2.1 router.lan');
  await expect(asking(hosts(file, { maxBytes: 10 }))).rejects.toThrow('more than 10 octets');
});
