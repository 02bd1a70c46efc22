import { http } from '@hawser/http';
import { afterEach, expect, test } from 'vitest';
import { Group, type WebSocketSession, webSocket } from '../src/index.ts';
import { pipeWorld } from './world.ts';
import { connectWs } from './ws-client.ts';

let world = pipeWorld();
const sessions: WebSocketSession[] = [];
afterEach(async () => {
  await world.stop();
  world = pipeWorld();
  sessions.length = 0;
});

const page = (): Response => new Response('page');
const start = (session: WebSocketSession): void => void sessions.push(session);
const factory = http(page, { websocket: { '/live': webSocket(start) } });

test('a session that was added leaves the group when it is over, and cannot come back', async () => {
  const group = new Group();
  const client = await connectWs(world, factory);
  const added = sessions.map((session) => [group.add(session), group.add(session)]);
  expect(added).toEqual([[true, true]]);
  expect(group.size).toBe(1);
  client.ws.close();
  await client.closed;
  await world.elapse(0);
  expect(group.size).toBe(0);
  expect(sessions.map((session) => group.add(session))).toEqual([false]);
});

test('a group takes no more than maxMembers; a member that is removed stays open', async () => {
  const group = new Group({ maxMembers: 1 });
  const clients = [await connectWs(world, factory), await connectWs(world, factory)];
  expect(sessions.map((session) => group.add(session))).toEqual([true, false]);
  for (const session of sessions) group.remove(session);
  expect(sessions.map((session) => session.open)).toEqual([true, true]);
  expect(group.size).toBe(0);
  expect(sessions.toReversed().map((session) => group.add(session))).toEqual([true, false]);
  expect(group.broadcast('x')).toEqual({ sent: 1, dropped: 0 });
  expect(await clients[1]?.next()).toBe('x');
});

test('a new member can be told what it needs to know before it hears a broadcast', async () => {
  let state = 1;
  const group = new Group({ joined: (member) => void member.sendJson({ state }) });
  const joining = http(page, { websocket: { '/live': group.join } });
  const first = await connectWs(world, joining);
  state = 2;
  group.broadcast({ state });
  const second = await connectWs(world, joining);
  group.broadcast({ state: 3 });
  const heard = [];
  for (let count = 0; count < 3; count++) heard.push(await first.next());
  for (let count = 0; count < 2; count++) heard.push(await second.next());
  expect(heard.map((text) => Object.values(JSON.parse(text) as object)[0] as number)).toEqual([
    1, 2, 3, 2, 3,
  ]);
});

test.each([
  [
    'throw',
    () => {
      throw new Error('no state');
    },
  ],
  ['rejection', () => Promise.reject(new Error('no state'))],
])('a %s of joined is reported and ends that session alone', async (_, joined) => {
  const group = new Group({ joined });
  const client = await connectWs(world, http(page, { websocket: { '/live': group.join } }));
  expect(await client.closed).toBe(1011);
  await world.elapse(0);
  expect(group.size).toBe(0);
  expect(world.reports.problems.map(({ error }) => String(error))).toEqual(['Error: no state']);
});

test('a limit of no members is refused', () => {
  expect(() => new Group({ maxMembers: 0 })).toThrow(RangeError);
});

test('a slow member is left out where the group says so, and hears later messages', async () => {
  const group = new Group({ maxBufferedBytes: 100_000, slowMember: 'skip' });
  const joining = http(page, { websocket: { '/live': group.join } });
  const client = await connectWs(world, joining);
  client.ws.pause();
  let sent = 0;
  let dropped = 0;
  for (let count = 0; count < 50; count++) {
    const result = group.broadcast('x'.repeat(20_000));
    sent += result.sent;
    dropped += result.dropped;
    await world.elapse(0);
  }
  expect(dropped).toBeGreaterThan(0);
  client.ws.resume();
  for (let count = 0; count < sent; count++) expect(await client.next()).toHaveLength(20_000);
  expect(group.broadcast('later')).toEqual({ sent: 1, dropped: 0 });
  expect(await client.next()).toBe('later');
});

test('a broadcast that has no JSON form throws and reaches nobody', async () => {
  const group = new Group();
  expect(() => group.broadcast(undefined)).toThrow(
    expect.objectContaining({ code: 'HAWSER_WEBSOCKET_NOT_JSON' }),
  );
});
