import { getEventListeners } from 'node:events';
import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import {
  type ClientResponse,
  EventGroup,
  type EventGroupOptions,
  type EventSender,
  eventStream,
  readEvents,
  router,
} from '../../src/index.ts';
import { RecentEvents } from '../../src/sse/recent-events.ts';
import { type TestClient, testClient } from '../../testing/index.ts';

/** A group behind a server, and those who listen to it. */
function world(options: EventGroupOptions = {}): {
  readonly group: EventGroup;
  readonly client: TestClient;
  readonly listen: (lastEventId?: string) => Promise<Listener>;
} {
  const group = new EventGroup(options);
  const client = testClient(router().get('/', group.join), {
    pool: { maxConnectionsPerOrigin: 200 },
    timeouts: { headMs: 0, bodyIdleMs: 0 },
  });
  const listen = async (lastEventId?: string): Promise<Listener> => {
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const leaving = new AbortController();
    const response = await client.get('/', { headers, signal: leaving.signal });
    const listener = new Listener(response, leaving);
    await client.elapse(1);
    return listener;
  };
  return { group, client, listen };
}

/** Keeps what it hears. */
class Listener {
  readonly response: ClientResponse;
  readonly heard: string[] = [];
  lastEventId = '';
  ended = false;
  readonly #leaving: AbortController;

  constructor(response: ClientResponse, leaving: AbortController = new AbortController()) {
    this.response = response;
    this.#leaving = leaving;
    void this.#listen();
  }

  async #listen(): Promise<void> {
    const events = readEvents(this.response.body as AsyncIterable<Uint8Array>);
    try {
      for await (const { data, lastEventId } of events) {
        this.heard.push(data);
        this.lastEventId = lastEventId;
      }
    } catch {
      // It has left, or was cut off.
    }
    this.ended = true;
  }

  leave(): void {
    this.#leaving.abort();
  }
}

describe('a group', () => {
  test('sends to every member, in order, and to those that are there alone', async () => {
    const { group, client, listen } = world();
    expect(group.broadcast('nobody')).toEqual({ sent: 0, dropped: 0 });
    const first = await listen();
    expect(group.broadcast('one')).toEqual({ sent: 1, dropped: 0 });
    const second = await listen();
    expect(group.broadcast({ event: 'count', data: { n: 2 } })).toEqual({ sent: 2, dropped: 0 });
    group.broadcast('three');
    await client.elapse(1);
    expect(first.heard).toEqual(['one', '{"n":2}', 'three']);
    expect(second.heard).toEqual(['{"n":2}', 'three']);
    expect(first.response.headers.get('content-type')).toBe('text/event-stream');
  });

  test('forgets those that leave', async () => {
    const { group, client, listen } = world();
    const [stays, leaves] = [await listen(), await listen()];
    expect(group.size).toBe(2);
    leaves.leave();
    await client.elapse(1);
    expect(group.size).toBe(1);
    group.broadcast('on');
    await client.elapse(1);
    expect([stays.heard, leaves.heard]).toEqual([['on'], []]);
  });

  test('keeps silent members alive with a comment', async () => {
    const { client, listen, group } = world({ heartbeatMs: 5_000 });
    const silent = await listen();
    await client.elapse(60_000);
    expect([silent.ended, group.size, silent.heard]).toEqual([false, 1, []]);
  });

  test('refuses more members than it may have with 503', async () => {
    const { client, listen, group } = world({ maxMembers: 2 });
    const first = await listen();
    await listen();
    expect((await client.get('/')).status).toBe(503);
    first.leave();
    await client.elapse(1);
    expect((await listen()).response.status).toBe(200);
    expect(group.size).toBe(2);
  });

  test('answers HEAD without a member', async () => {
    const { client, group } = world();
    const response = await client.head('/');
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/event-stream',
    ]);
    expect(group.size).toBe(0);
  });

  test('ends the streams of all members by close', async () => {
    const { group, client, listen } = world();
    const both = [await listen(), await listen()];
    group.broadcast('bye');
    group.close();
    await client.elapse(1);
    expect(both.map(({ heard, ended }) => [heard, ended])).toEqual([
      [['bye'], true],
      [['bye'], true],
    ]);
    expect(group.size).toBe(0);
  });

  test('takes streams that began elsewhere, and lets them go', async () => {
    const group = new EventGroup({ maxMembers: 1 });
    const senders: EventSender[] = [];
    await using client = testClient((request) =>
      eventStream(request, (sender) => void senders.push(sender)),
    );
    const listeners = [new Listener(await client.get('/')), new Listener(await client.get('/'))];
    await client.elapse(1);
    const [first, second] = senders as [EventSender, EventSender];
    expect([group.add(first), group.add(first), group.add(second), group.size]).toEqual([
      true,
      true,
      false,
      1,
    ]);
    group.broadcast('one');
    group.remove(first);
    group.broadcast('two');
    await first.send('three');
    await client.elapse(1);
    expect(listeners[0]?.heard).toEqual(['one', 'three']);
    expect(listeners[0]?.ended).toBe(false);
    first.end();
    expect(group.add(first)).toBe(false);
  });

  test('an event that cannot be written reaches nobody', async () => {
    const { group, client, listen } = world({ keep: 10 });
    const member = await listen();
    expect(() => group.broadcast({ event: 'two\nlines', data: 1 })).toThrow(TypeError);
    expect(() => group.broadcast({ data: 1n })).toThrow(TypeError);
    group.broadcast('fine');
    await client.elapse(1);
    expect([member.heard, member.ended]).toEqual([['fine'], false]);
  });
});

describe('a member that is slow', () => {
  // Nobody reads, and the pipe takes a while of it before it says stop.
  const rest = 'x'.repeat(10_000);

  async function slow(options: EventGroupOptions): Promise<{
    readonly group: EventGroup;
    readonly client: TestClient;
    readonly counts: { sent: number; dropped: number };
    readonly response: ClientResponse;
  }> {
    const group = new EventGroup({ maxBufferedBytes: 50_000, ...options });
    const client = testClient(router().get('/', group.join), {
      timeouts: { headMs: 0, bodyIdleMs: 0 },
    });
    const response = await client.get('/');
    await client.elapse(1);
    const counts = { sent: 0, dropped: 0 };
    for (let i = 0; i < 500; i++) {
      const { sent, dropped } = group.broadcast(rest);
      counts.sent += sent;
      counts.dropped += dropped;
      await client.elapse(1);
    }
    return { group, client, counts, response };
  }

  test('is cut off, once', async () => {
    const { group, counts } = await slow({});
    expect(counts.dropped).toBe(1);
    expect(counts.sent).toBeLessThan(450);
    expect(group.size).toBe(0);
  });

  test('misses events, if that is what is wanted', async () => {
    const { group, client, counts, response } = await slow({ slowMember: 'skip' });
    expect(counts.sent + counts.dropped).toBe(500);
    expect(counts.dropped).toBeGreaterThan(50);
    expect(group.size).toBe(1);
    const late = new Listener(response);
    await client.elapse(100);
    group.broadcast('again');
    await client.elapse(1);
    expect(late.heard.at(-1)).toBe('again');
    expect(late.heard).toHaveLength(counts.sent + 1);
  });

  test('does not hold up the others', async () => {
    const { group, client, listen } = world({ maxBufferedBytes: 50_000 });
    const quick = await listen();
    await client.get('/');
    await client.elapse(1);
    for (let i = 0; i < 200; i++) {
      group.broadcast(rest);
      await client.elapse(1);
    }
    expect(quick.heard).toHaveLength(200);
    expect(group.size).toBe(1);
  });
});

describe('a member that comes back', () => {
  test('gets what it missed, before what is new', async () => {
    const { group, client, listen } = world({ keep: 10 });
    const before = await listen();
    group.broadcast('one');
    await client.elapse(1);
    before.leave();
    await client.elapse(1);
    group.broadcast('two');
    group.broadcast({ event: 'named', data: 'three' });
    const after = await listen(before.lastEventId);
    group.broadcast('four');
    await client.elapse(1);
    expect(before.heard).toEqual(['one']);
    expect(after.heard).toEqual(['two', 'three', 'four']);
  });

  test('is known by ids of the events as well', async () => {
    const { group, listen } = world({ keep: 3 });
    for (const id of ['a', 'b', 'c']) group.broadcast({ id, data: id.toUpperCase() });
    expect((await listen('a')).heard).toEqual(['B', 'C']);
    expect((await listen('c')).heard).toEqual([]);
  });

  test('is told what is now, if it was away for too long, is new, or comes from another life', async () => {
    const joins: [string | undefined, boolean][] = [];
    const { group, listen } = world({
      keep: 2,
      joined: ({ lastEventId, send }, { resumed }) => {
        joins.push([lastEventId, resumed]);
        if (!resumed) void send('all there is');
      },
    });
    for (const id of ['a', 'b', 'c']) group.broadcast({ id, data: id.toUpperCase() });
    expect((await listen()).heard).toEqual(['all there is']);
    expect((await listen('a')).heard).toEqual(['all there is']);
    expect((await listen('b')).heard).toEqual(['C']);
    expect((await listen('other-1')).heard).toEqual(['all there is']);
    expect(joins).toEqual([
      [undefined, false],
      ['a', false],
      ['b', true],
      ['other-1', false],
    ]);
  });

  test('is not sent more than may wait for it', async () => {
    const { group, listen } = world({ keep: 10, maxBufferedBytes: 1_000 });
    for (const id of ['a', 'b', 'c']) group.broadcast({ id, data: id.repeat(600) });
    expect((await listen('b')).heard).toEqual(['c'.repeat(600)]);
    expect((await listen('a')).heard).toEqual([]);
    expect(group.size).toBe(2);
  });

  test('gets no ids and no replay without keep, and none for comments', async () => {
    const plain = world();
    const first = await plain.listen();
    plain.group.broadcast('one');
    await plain.client.elapse(1);
    expect(first.lastEventId).toBe('');
    const kept = world({ keep: 5 });
    const second = await kept.listen();
    kept.group.broadcast('one');
    await kept.client.elapse(1);
    const { lastEventId } = second;
    kept.group.broadcast({ comment: 'nothing' });
    kept.group.broadcast({ retryMs: 5 });
    expect((await kept.listen(lastEventId)).heard).toEqual([]);
  });
});

test('a broadcast about one that joins reaches it as well', async () => {
  const { client, group, listen } = world({
    joined: () => void group.broadcast(`${group.size} here`),
  });
  const [first, second] = [await listen(), await listen()];
  await client.elapse(1);
  expect([first.heard, second.heard]).toEqual([['1 here', '2 here'], ['2 here']]);
});

test('a broadcast about one that is cut off comes after the one that it was too slow for', async () => {
  const { client, group, listen } = world({ maxBufferedBytes: 60 });
  let member: EventSender | undefined;
  await using slow = testClient((request) =>
    eventStream(request, (sender) => void (member = sender), { maxBufferedBytes: 10 }),
  );
  await slow.get('/');
  await slow.elapse(1);
  // Before the others, as it would be told of first.
  group.add(member as EventSender);
  member?.signal.addEventListener('abort', () => void group.broadcast('one has left'));
  const other = await listen();
  expect(group.broadcast('too long for it')).toEqual({ sent: 1, dropped: 1 });
  await client.elapse(1);
  expect(other.heard).toEqual(['too long for it', 'one has left']);
});

test('one that comes and goes leaves nothing behind on its stream', async () => {
  const group = new EventGroup();
  let member: EventSender | undefined;
  await using client = testClient((request) =>
    eventStream(request, (sender) => void (member = sender)),
  );
  await client.get('/');
  await client.elapse(1);
  const { signal } = member as EventSender;
  for (let i = 0; i < 50; i++) {
    group.add(member as EventSender);
    group.remove(member as EventSender);
  }
  expect(getEventListeners(signal, 'abort').length).toBeLessThan(5);
});

test('a group goes on with a member after it was welcomed later', async () => {
  const { client, group, listen } = world({
    joined: async ({ send }) => {
      await Promise.resolve();
      void send('welcome');
    },
  });
  const member = await listen();
  group.broadcast('news');
  await client.elapse(1);
  expect([member.heard, member.ended]).toEqual([['welcome', 'news'], false]);
});

test.each([
  [
    'throws',
    (error: Error): never => {
      throw error;
    },
  ],
  ['rejects', (error: Error) => Promise.reject(error)],
])('a group whose welcome %s cuts that member off and reports it', async (_, welcome) => {
  const bug = new Error('boom');
  const { client, group } = world({ joined: () => welcome(bug) });
  await expect(client.get('/')).rejects.toMatchObject({ code: 'HAWSER_HTTP_INCOMPLETE' });
  expect(client.reactor.reports.problems.map(({ error }) => error)).toEqual([bug]);
  expect(group.size).toBe(0);
});

test('ids of two groups differ, as those of two lives of a process do', async () => {
  const ids = new Set<string>();
  for (const seed of [1, 2]) {
    const group = new EventGroup({ keep: 1 });
    const reactor = createTestReactor({ seed } as never);
    if (seed === 2) reactor.random.bytes(8);
    await using client = testClient(group.join, { reactor, timeouts: { bodyIdleMs: 0 } });
    const member = new Listener(await client.get('/'));
    await client.elapse(1);
    group.broadcast('x');
    await client.elapse(1);
    expect(member.lastEventId).toMatch(/^[\w-]{8}-1$/);
    ids.add(member.lastEventId);
  }
  expect(ids.size).toBe(2);
});

test.each([{ maxMembers: 0 }, { maxMembers: 1.5 }, { keep: -1 }, { maxKeptBytes: 0 }])(
  'a limit that is none is refused: %o',
  (options) => {
    expect(() => new EventGroup(options)).toThrow(RangeError);
  },
);

describe('what is kept', () => {
  test('is bounded in number and in octets, and forgets the oldest first', () => {
    const recent = new RecentEvents({ maxEvents: 3, maxBytes: 10 });
    const add = (id: string, bytes: number): void => recent.add({ id, text: `${id};`, bytes });
    for (const id of ['a', 'b', 'c', 'd']) add(id, 1);
    expect(recent.after('a')).toBeUndefined();
    expect(recent.after('b')).toEqual({ text: 'c;d;', bytes: 2 });
    add('e', 9);
    expect(recent.after('c')).toBeUndefined();
    expect(recent.after('d')).toEqual({ text: 'e;', bytes: 9 });
    add('f', 11);
    expect(recent.after('e')).toBeUndefined();
    expect(recent.after('f')).toBeUndefined();
  });

  test('of two events with one id the later one counts', () => {
    const recent = new RecentEvents({ maxEvents: 3, maxBytes: 100 });
    for (const id of ['a', 'b', 'a', 'c']) recent.add({ id, text: id, bytes: 1 });
    expect(recent.after('a')?.text).toBe('c');
  });
});
