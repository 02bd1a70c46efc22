import { chunkings, createTestReactor, FakeTransport, feed } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/contract/answer.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import type { Reply } from '../../src/server/reply.ts';
import { Responder } from '../../src/server/responder.ts';
import { DnsStreamProtocol, dnsStream } from '../../src/server/stream.ts';
import type { Served } from '../../src/server/to-handlers.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { Zone } from '../../src/zone/zone.ts';
import { build, framed, query } from '../build.ts';
import { readReply } from '../read-reply.ts';

const origin = Name.parse('example.net');
const www = createRRset(Name.parse('www.example.net'), Type.A, { ttl: 60, values: ['192.0.2.1'] });
const zone = Zone.of(origin, [...newZone(origin).rrsets(), www]);
const responder = startedResponder(zone);

function startedResponder(served: Served): Responder {
  const made = new Responder(served);
  void made.start(createTestReactor());
  return made;
}

/** The ids of framed replies. */
function idsOf(bytes: Buffer): number[] {
  const ids: number[] = [];
  for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16BE(at)) {
    ids.push(readReply(bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at))).id);
  }
  return ids;
}

/** A responder whose replies come when the test says so. */
function slow() {
  const waiting: (() => void)[] = [];
  const respond = (bytes: Buffer): Reply =>
    new Promise((resolve) => waiting.push(() => resolve(Buffer.from(bytes.fill(0x80, 2, 3)))));
  return { respond, waiting };
}

function connect(server: Pick<Responder, 'respond'> = responder, options = {}) {
  const reactor = createTestReactor();
  const transport = new FakeTransport({ reactor });
  transport.start(new DnsStreamProtocol(server, options));
  return { transport, clock: reactor.clock, reports: reactor.reports };
}

/** The server has ended its side; when the peer does too, the connection is over. */
async function expectClosed(transport: FakeTransport): Promise<void> {
  await transport.settle();
  expect(transport.wireState).toBe('ended');
  transport.receiveEnd();
  await transport.settle();
  expect(transport.closedWith).toEqual({ kind: 'done' });
}

test('queries are answered however they are cut', async () => {
  const input = Buffer.concat([1, 2].map((id) => framed(query('www.example.net', 1, { id }))));
  const fed = await feed(dnsStream(responder), input, { cuts: 'every' });
  expect(idsOf(fed.written)).toEqual([1, 2]);
  expect(fed).toMatchObject({ closedWith: undefined, problems: [] });
});

test('replies to one chunk leave in one write', () => {
  const { transport } = connect();
  transport.receive(
    Buffer.concat([1, 2, 3].map((id) => framed(query('www.example.net', 1, { id })))),
  );
  expect(transport.writes).toHaveLength(1);
  expect(idsOf(transport.take())).toEqual([1, 2, 3]);
});

test.each([
  ['length zero', Buffer.from([0, 0]), []],
  ['a message too short for a header', framed(Buffer.from('hello')), []],
  ['a response', framed(query('www.example.net', 1, { flags: 0x8000 })), []],
  ['a malformed message, after FORMERR', framed(build({ counts: [9, 9, 9, 9] })), [0x1234]],
])('%s ends the connection', async (_, input, ids) => {
  const { transport } = connect();
  transport.receive(Buffer.concat([input, framed(query('www.example.net'))]));
  await transport.settle();
  expect(idsOf(transport.take())).toEqual(ids);
  await expectClosed(transport);
});

test('a wrong question does not end what others ask over the same connection', async () => {
  const { transport } = connect();
  const wrong = framed(query('www.example.net', Type.OPT, { id: 1 }));
  transport.receive(Buffer.concat([wrong, framed(query('www.example.net', 1, { id: 2 }))]));
  await transport.settle();
  expect(idsOf(transport.take())).toEqual([1, 2]);
  expect(transport.wireState).toBe('open');
});

test('the end of input closes once everything is answered', async () => {
  const server = slow();
  const { transport } = connect(server);
  transport.receive(framed(query('www.example.net', 1, { id: 5 })));
  transport.receiveEnd();
  await transport.settle();
  expect(transport.closedWith).toBeUndefined();
  server.waiting[0]?.();
  await transport.settle();
  expect(idsOf(transport.take())).toEqual([5]);
  await expectClosed(transport);
});

test('answers leave as they are ready', async () => {
  const server = slow();
  const { transport } = connect(server);
  for (const id of [1, 2, 3]) transport.receive(framed(query('www.example.net', 1, { id })));
  server.waiting[2]?.();
  await transport.settle();
  server.waiting[0]?.();
  await transport.settle();
  expect(idsOf(transport.take())).toEqual([3, 1]);
});

test('reading pauses at 100 queries in flight', async () => {
  const server = slow();
  const { transport } = connect(server);
  transport.receive(
    Buffer.concat(
      Array.from({ length: 150 }, (_, id) => framed(query('www.example.net', 1, { id }))),
    ),
  );
  expect(server.waiting).toHaveLength(100);
  expect(transport.reading).toBe(false);
  server.waiting[0]?.();
  await transport.settle();
  expect(server.waiting).toHaveLength(101);
  for (const finish of server.waiting.splice(0)) finish();
  await transport.settle();
  for (const finish of server.waiting.splice(0)) finish();
  await transport.settle();
  expect(transport.reading).toBe(true);
  expect(idsOf(transport.take())).toHaveLength(150);
});

describe('many connections', () => {
  /** Connections that share a limit of queries in flight. */
  function sharing(
    server: Pick<Responder, 'respond'>,
    maxInFlightTotal: number,
    maxInFlightBytes?: number,
  ) {
    const factory = dnsStream(server, { maxInFlightTotal, maxInFlightBytes });
    return () => {
      const transport = new FakeTransport();
      transport.adopt(factory);
      return transport;
    };
  }
  const queries = (count: number): Buffer =>
    Buffer.concat(
      Array.from({ length: count }, (_, id) => framed(query('www.example.net', 1, { id }))),
    );

  test('have so many queries in flight together, and nothing is lost', async () => {
    const server = slow();
    const join = sharing(server, 5);
    const [first, second, third] = [join(), join(), join()];
    const all = [first, second, third];
    first.receive(queries(8));
    expect(server.waiting).toHaveLength(5);
    second.receive(queries(4));
    expect(all.map(({ reading }) => reading)).toEqual([false, false, true]);
    for (let turn = 0; turn < 20; turn++) {
      server.waiting.shift()?.();
      // oxlint-disable-next-line no-await-in-loop
      await Promise.all(all.map((transport) => transport.settle()));
      expect(server.waiting.length).toBeLessThanOrEqual(6);
    }
    expect(idsOf(first.take())).toHaveLength(8);
    expect(idsOf(second.take())).toHaveLength(4);
    expect(all.map(({ reading }) => reading)).toEqual([true, true, true]);
  });

  test('beyond that each gets one at a time, so that nobody is silenced', async () => {
    const server = slow();
    const join = sharing(server, 5);
    const [greedy, other] = [join(), join()];
    greedy.receive(queries(50));
    other.receive(queries(2));
    expect(server.waiting).toHaveLength(6);
    server.waiting.splice(5, 1)[0]?.();
    await other.settle();
    expect(idsOf(other.take())).toEqual([0]);
    expect(server.waiting).toHaveLength(6);
  });

  test('keep their places when they are gone, as the work goes on', async () => {
    const server = slow();
    const join = sharing(server, 2);
    const [gone, other] = [join(), join()];
    gone.receive(queries(3));
    gone.lose();
    await gone.settle();
    other.receive(queries(3));
    expect(server.waiting).toHaveLength(3);
    for (const finish of server.waiting.splice(0)) finish();
    await other.settle();
    expect(server.waiting).toHaveLength(2);
  });

  test('give the places of transfers back when they are gone', async () => {
    const answer = new Map<string, () => void>();
    const endless: Outcome = {
      kind: 'stream',
      rrsets: Array.from({ length: 100_000 }, () => www),
    };
    const server = startedResponder((asked) =>
      asked.type === Type.AXFR ? endless : new Promise(() => answer.set(asked.key, () => {})),
    );
    const join = sharing(server, 2);
    const [copying, other] = [join(), join()];
    copying.stall();
    for (const _ of [1, 2]) copying.receive(framed(query('example.net', Type.AXFR)));
    await copying.settle();
    other.receive(Buffer.concat(['a', 'b', 'c'].map((name) => framed(query(name)))));
    expect(answer.size).toBe(1);
    copying.lose();
    await Promise.all([copying, other].map((transport) => transport.settle()));
    expect(answer.size).toBe(2);
  });

  test('that wait for room get it in turns, as each may have queries that need none', async () => {
    const waiting: (() => void)[] = [];
    let made = 0;
    const reply = Buffer.alloc(12, 0x80);
    const respond = (bytes: Buffer): Reply =>
      bytes.readUInt16BE() === 0
        ? new Promise((resolve) => void waiting.push(() => resolve(reply)))
        : (made++, reply);
    const join = sharing({ respond }, 41);
    const all = Array.from({ length: 41 }, () => join());
    for (const transport of all) transport.receive(queries(1));
    for (const transport of all) transport.receive(queries(90).subarray(queries(1).length));
    await Promise.all(all.map((transport) => transport.settle()));
    expect(made).toBe(0);
    waiting[0]?.();
    const turns: number[] = [];
    for (let turn = 0; turn < 100; turn++) {
      turns.push(made);
      // oxlint-disable-next-line no-await-in-loop
      await Promise.resolve();
    }
    expect(Math.max(...turns)).toBeLessThan(1000);
    await Promise.all(all.map((transport) => transport.settle()));
    expect(made).toBe(41 * 89);
  });

  test('have so many octets of queries in flight together', async () => {
    const server = slow();
    const join = sharing(server, 4000, 100_000);
    const padding = { type: Type.NULL, rdata: Buffer.alloc(60_000) };
    const long = framed(query('www.example.net', 1, { additionals: [padding] }));
    const [greedy, other] = [join(), join()];
    greedy.receive(Buffer.concat([long, long, long]));
    expect(server.waiting).toHaveLength(2);
    expect(greedy.reading).toBe(false);
    other.receive(queries(3));
    expect(server.waiting).toHaveLength(3);
    server.waiting.shift()?.();
    await Promise.all([greedy.settle(), other.settle()]);
    expect(server.waiting).toHaveLength(3);
    expect(idsOf(greedy.take())).toHaveLength(1);
    for (let turn = 0; turn < 9; turn++) {
      server.waiting.shift()?.();
      // oxlint-disable-next-line no-await-in-loop
      await Promise.all([greedy.settle(), other.settle()]);
    }
    expect([greedy.reading, other.reading]).toEqual([true, true]);
    expect(idsOf(greedy.take())).toHaveLength(2);
    expect(idsOf(other.take())).toHaveLength(3);
  });

  test('answers that nobody takes leave no room for more of them, until they are taken', async () => {
    const large = Buffer.alloc(60_000, 0x80);
    const waiting: (() => void)[] = [];
    const respond = (): Reply => new Promise((resolve) => void waiting.push(() => resolve(large)));
    const join = sharing({ respond }, 4000, 100_000);
    const [deaf, other] = [join(), join()];
    deaf.stall();
    deaf.receive(queries(5));
    for (const finish of waiting.splice(0)) finish();
    await deaf.settle();
    other.receive(queries(5));
    expect(waiting).toHaveLength(1);
    deaf.drained();
    await Promise.all([deaf.settle(), other.settle()]);
    expect(waiting).toHaveLength(5);
  });

  test('nor do they when their connection is lost', async () => {
    const large = Buffer.alloc(60_000, 0x80);
    let answer: Reply = large;
    let asked = 0;
    const respond = (): Reply => (asked++, answer);
    const join = sharing({ respond }, 4000, 100_000);
    const [deaf, other] = [join(), join()];
    deaf.stall();
    deaf.receive(queries(5));
    answer = new Promise<Buffer>(() => {});
    asked = 0;
    other.receive(queries(5));
    expect(asked).toBe(1);
    deaf.lose();
    await Promise.all([deaf.settle(), other.settle()]);
    expect(asked).toBe(5);
  });

  test('nor does a connection that is given up for them', async () => {
    const large = Buffer.alloc(60_000, 0x80);
    const waiting: (() => void)[] = [];
    const respond = (): Reply => new Promise((resolve) => void waiting.push(() => resolve(large)));
    const factory = dnsStream({ respond }, { maxInFlight: 400, maxInFlightBytes: 100_000 });
    const [deaf, other] = [new FakeTransport(), new FakeTransport()];
    for (const transport of [deaf, other]) transport.adopt(factory);
    deaf.stall();
    for (let chunk = 0; chunk < 4; chunk++) {
      deaf.receive(queries(100));
      // oxlint-disable-next-line no-await-in-loop
      await deaf.settle();
    }
    expect(waiting).toHaveLength(400);
    for (const finish of waiting.splice(0)) finish();
    await deaf.settle();
    expect(deaf.closedWith?.kind).toBe('aborted');
    other.receive(queries(5));
    expect(waiting).toHaveLength(5);
  });
});

test('a short query that waits for its answer does not keep the chunk it came in', () => {
  const kept: number[] = [];
  const respond = (bytes: Buffer): Reply => {
    kept.push(bytes.buffer.byteLength);
    return new Promise(() => {});
  };
  const { transport } = connect({ respond });
  const one = framed(query('www.example.net'));
  const chunk = Buffer.alloc(65_536);
  for (let at = 0; at + one.length <= chunk.length; at += one.length) one.copy(chunk, at);
  transport.receive(chunk);
  expect(kept).toHaveLength(100);
  expect(Math.max(...kept)).toBeLessThan(20_000);
});

test('a connection that is idle after a transfer ends as any other', async () => {
  const server = startedResponder(() => ({ kind: 'stream', rrsets: [www] }));
  const { transport, clock } = connect(server);
  transport.receive(framed(query('example.net', Type.AXFR)));
  await transport.settle();
  expect(idsOf(transport.take())).toHaveLength(1);
  await clock.elapse(11_000);
  await expectClosed(transport);
});

test('queries of a chunk that ends the input are all answered', async () => {
  const { transport } = connect();
  transport.receive(
    Buffer.concat(
      Array.from({ length: 250 }, (_, id) => framed(query('www.example.net', 1, { id }))),
    ),
  );
  transport.receiveEnd();
  await transport.settle();
  expect(idsOf(transport.take())).toHaveLength(250);
});

test('a chunk of thousands of queries lets others have their turn', async () => {
  let made = 0;
  const { transport } = connect({ respond: () => (made++, Buffer.alloc(12, 0x80)) });
  transport.receive(
    Buffer.concat(Array.from({ length: 2500 }, () => framed(query('www.example.net')))),
  );
  expect(made).toBe(100);
  expect(transport.reading).toBe(false);
  await transport.settle();
  expect(made).toBe(2500);
  expect(transport.reading).toBe(true);
});

test('reading pauses while the peer does not take replies', async () => {
  const { transport } = connect();
  transport.stall();
  transport.receive(
    Buffer.concat(
      Array.from({ length: 1000 }, (_, id) => framed(query('www.example.net', 1, { id }))),
    ),
  );
  expect(transport.reading).toBe(false);
  transport.drained();
  await transport.settle();
  expect(transport.reading).toBe(true);
});

test('a chunk of queries does not make more large replies than the peer takes', async () => {
  let made = 0;
  const large = Buffer.alloc(60_000, 0x80);
  const { transport } = connect({ respond: () => (made++, large) });
  transport.stall();
  transport.receive(
    Buffer.concat(Array.from({ length: 1000 }, () => framed(query('www.example.net')))),
  );
  expect(made).toBeLessThan(10);
  expect(transport.reading).toBe(false);
  transport.drained();
  await transport.settle();
  expect(made).toBe(1000);
  expect(transport.reading).toBe(true);
});

test.each([
  { maxInFlight: 0 },
  { maxInFlight: Number.NaN },
  { idleTimeoutMs: 0 },
  { maxInFlightTotal: 0 },
  { maxInFlightBytes: 0 },
  { transferTimeoutMs: -1 },
  { transferIdleMs: Number.NaN },
])('does not take %j', (options) => {
  expect(() => dnsStream(responder, options)).toThrow(
    expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
  );
});

describe('time', () => {
  test('queries that had to wait for slow answers are not the fault of the peer', async () => {
    const server = slow();
    const { transport, clock } = connect(server, { maxInFlight: 1 });
    transport.receive(
      Buffer.concat([1, 2].map((id) => framed(query('www.example.net', 1, { id })))),
    );
    await clock.elapse(25_000);
    expect(transport.closedWith).toBeUndefined();
    server.waiting[0]?.();
    await transport.settle();
    server.waiting[1]?.();
    await transport.settle();
    expect(idsOf(transport.take())).toEqual([1, 2]);
  });

  test('a silent connection is closed after 10 seconds', async () => {
    const { transport, clock } = connect();
    await clock.elapse(9_999);
    expect(transport.closedWith).toBeUndefined();
    await clock.elapse(1);
    await expectClosed(transport);
  });

  test('a query gives another 10 seconds', async () => {
    const { transport, clock } = connect();
    await clock.elapse(9_000);
    transport.receive(framed(query('www.example.net')));
    await clock.elapse(9_000);
    expect(transport.closedWith).toBeUndefined();
    await clock.elapse(1_000);
    await expectClosed(transport);
  });

  test('octets that drip in do not', async () => {
    const { transport, clock } = connect();
    expect(transport.wireState).toBe('open');
    const message = framed(query('www.example.net'));
    for (let index = 0; index < 10; index++) {
      transport.receive(message.subarray(index, index + 1));
      // oxlint-disable-next-line no-await-in-loop
      await clock.elapse(1_000);
    }
    await expectClosed(transport);
  });

  test('a query that is being answered is waited for', async () => {
    const server = slow();
    const { transport, clock } = connect(server);
    transport.receive(framed(query('www.example.net', 1, { id: 9 })));
    await clock.elapse(25_000);
    server.waiting[0]?.();
    await transport.settle();
    expect(idsOf(transport.take())).toEqual([9]);
  });

  test('no timer outlives the connection', async () => {
    const { transport, clock } = connect();
    transport.lose();
    await transport.settle();
    expect(clock.timers).toBe(0);
  });
});

test('a drain finishes what is in flight, takes nothing new, and closes', async () => {
  const server = slow();
  const { transport } = connect(server);
  const protocol = new DnsStreamProtocol(server);
  transport.handTo(protocol);
  transport.receive(framed(query('www.example.net', 1, { id: 1 })));
  protocol.drainRequested();
  transport.receive(framed(query('www.example.net', 1, { id: 2 })));
  await transport.settle();
  expect(transport.closedWith).toBeUndefined();
  expect(server.waiting).toHaveLength(1);
  server.waiting[0]?.();
  await transport.settle();
  expect(idsOf(transport.take())).toEqual([1]);
  await expectClosed(transport);
});

const soaRecord = { type: Type.SOA, rdata: Buffer.alloc(22) };
test.each([
  ['query', query('www.example.net')],
  ['NOTIFY with its SOA', query('example.net', Type.SOA, { flags: 0x2400, answers: [soaRecord] })],
  [
    'UPDATE with a prerequisite',
    query('example.net', Type.SOA, { flags: 0x2800, answers: [soaRecord] }),
  ],
])('every cut of a %s tells the matcher the same', (_, message) => {
  const { match } = dnsStream(responder);
  for (const chunks of chunkings(framed(message), 'every')) {
    let head = Buffer.alloc(0);
    let verdict = 'more';
    for (const chunk of chunks) {
      if (verdict !== 'more') break;
      head = Buffer.concat([head, chunk]);
      verdict = match?.test(head) ?? 'no';
    }
    expect(verdict).toBe('yes');
  }
  for (const text of [
    'GET / HTTP/1.1\r\n\r\n',
    'SSH-2.0-x\r\n......',
    'EHLO example.net\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00\x00',
  ]) {
    expect(match?.test(Buffer.from(text, 'latin1'))).toBe('no');
  }
});

describe('when it is crowded', () => {
  /** Connections of one factory. */
  function crowd(crowdedAt: number, server: Pick<Responder, 'respond'> = responder) {
    const factory = dnsStream(server, { crowdedAt });
    return () => {
      const transport = new FakeTransport();
      transport.adopt(factory);
      return transport;
    };
  }

  test('the connection that was idle the longest makes room for a new one', async () => {
    const join = crowd(3);
    const [first, second, third] = [join(), join(), join()];
    first.receive(framed(query('www.example.net', 1, { id: 1 })));
    join();
    await Promise.all([first, second, third].map((transport) => transport.settle()));
    expect([first, second, third].map(({ wireState }) => wireState)).toEqual([
      'open',
      'ended',
      'open',
    ]);
  });

  test('one that is gone takes no place', async () => {
    const join = crowd(2);
    const gone = join();
    gone.lose();
    await gone.settle();
    const [first] = [join(), join()];
    await first.settle();
    expect(first.wireState).toBe('open');
    const third = join();
    await Promise.all([first.settle(), third.settle()]);
    expect([first.wireState, third.wireState]).toEqual(['ended', 'open']);
  });

  test('many in the middle of a message do not hide who is idle', async () => {
    const join = crowd(41);
    for (let count = 0; count < 40; count++) join().receive(Buffer.of(0));
    const idle = join();
    join();
    join();
    await idle.settle();
    expect(idle.wireState).toBe('ended');
  });

  test('if nobody is idle, one with half a message makes room, and one that is being answered never does', async () => {
    const join = crowd(3, slow());
    const [busy, halfway, idle] = [join(), join(), join()];
    busy.receive(framed(query('www.example.net')));
    halfway.receive(framed(query('www.example.net')).subarray(0, 5));
    const states = async (): Promise<string[]> => {
      const all = [busy, halfway, idle];
      await Promise.all(all.map((transport) => transport.settle()));
      return all.map(({ wireState }) => wireState);
    };
    const later = [join()];
    expect(await states()).toEqual(['open', 'open', 'ended']);
    for (const transport of later) transport.receive(framed(query('www.example.net')));
    later.push(join());
    expect(await states()).toEqual(['open', 'reset', 'ended']);
    later.at(-1)?.receive(framed(query('www.example.net')));
    join();
    expect(await states()).toEqual(['open', 'reset', 'ended']);
    await Promise.all(later.map((transport) => transport.settle()));
    expect(later.map(({ wireState }) => wireState)).toEqual(['open', 'open']);
  });

  test('one that does not take its answers makes room', async () => {
    const join = crowd(1);
    const clogged = join();
    clogged.stall();
    clogged.receive(Buffer.concat(Array(1000).fill(framed(query('www.example.net')))));
    join();
    await clogged.settle();
    expect(clogged.wireState).toBe('reset');
  });
});

test('one that takes a transfer too slowly is given up, one that goes on taking is not', async () => {
  const zoneful: Outcome = {
    kind: 'stream',
    rrsets: Array.from({ length: 20_000 }, () => www),
  };
  const options = { transferIdleMs: 20_000 };
  const { transport, clock } = connect(
    startedResponder(() => zoneful),
    options,
  );
  transport.stall();
  transport.receive(framed(query('example.net', Type.AXFR)));
  for (let turn = 0; turn < 5; turn++) {
    await clock.elapse(19_000);
    transport.drained();
    transport.stall();
  }
  expect(transport.closedWith).toBeUndefined();
  await clock.elapse(30_000);
  expect(transport.closedWith).toMatchObject({ kind: 'timeout', timer: 'write' });
});
