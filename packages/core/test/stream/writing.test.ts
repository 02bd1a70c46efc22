import { describe, expect, test } from 'vitest';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import { connectPipe } from '../../testing/pipe.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';
import { openStream } from './open-stream.ts';

describe('write', () => {
  test('gives undefined while there is room, and text is UTF-8', async () => {
    const { conn, transport } = openStream();
    expect(conn.write('é')).toBeUndefined();
    expect(conn.writeMany([Buffer.from('a'), Buffer.from('b')])).toBeUndefined();
    await transport.settle();
    expect(transport.takeText()).toBe('éab');
  });

  test('what is written between two waits leaves together, also across microtasks', async () => {
    const { conn, transport } = openStream();
    await transport.settle();
    await (async () => {
      await conn.write('a');
      await conn.write('b');
      await Promise.resolve();
      await conn.write('c');
    })();
    await transport.settle();
    await conn.write('d');
    await transport.settle();
    expect(transport.writes.map(String)).toEqual(['abc', 'd']);
  });

  test('waits from the high-water mark until the peer has taken everything', async () => {
    const { conn, transport } = openStream({ highWaterMark: 10 });
    transport.stall();
    expect(conn.write('123456789')).toBeUndefined();
    const full = conn.write('0');
    const more = conn.write('!');
    await transport.settle();
    expect([full?.peek().state, more?.peek().state]).toEqual(['pending', 'pending']);
    transport.drained();
    await Promise.all([full, more]);
    expect(conn.write('x')).toBeUndefined();
  });

  test('no longer waiting does not take the bytes back', async () => {
    const { conn, transport } = openStream({ highWaterMark: 1 });
    transport.stall();
    const [first, second] = [conn.write('a'), conn.write('b')];
    first?.cancel();
    await transport.settle();
    transport.drained();
    await second;
    expect(transport.takeText()).toBe('ab');
  });

  test('who never waits is bounded by the transport, and costs little memory until then', async () => {
    const { conn, transport } = openStream({ highWaterMark: 1, maxPendingBytes: 5_000 });
    transport.stall();
    const waits = new Set(Array.from({ length: 4_999 }, () => conn.write('x')));
    expect(waits.size).toBe(1_000);
    transport.drained();
    for (const wait of waits) await wait;
    await transport.settle();
    expect(transport.take()).toHaveLength(4_999);
  });

  test('rejects when the connection is lost, and is silent without await', async () => {
    const { conn, transport } = openStream({ highWaterMark: 1 });
    transport.stall();
    const waiting = conn.write('a');
    transport.lose(new Error('ECONNRESET'));
    await expect(waiting).rejects.toMatchObject({
      code: 'HAWSER_CLOSED',
      cause: { kind: 'reset' },
    });
    await expect(conn.write('b')).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
    await expect(conn.writeMany([])).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
    await expect(conn.flush()).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
    void conn.write('c');
    await transport.settle();
  });

  test('after end rejects, and is reported once', async () => {
    const { conn, transport } = openStream();
    conn.end();
    await expect(conn.write('a')).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
    await expect(conn.write('b')).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
    const { problems } = transport.reactor.reports as unknown as { problems: unknown[] };
    expect(problems).toHaveLength(1);
  });

  test('over the limit of the transport the connection is aborted', async () => {
    const { conn, transport } = openStream({ maxPendingBytes: 100 });
    transport.stall();
    await expect(conn.write(Buffer.alloc(101))).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
    await transport.settle();
    expect(transport.closedWith).toMatchObject({ error: { code: 'HAWSER_WRITE_QUEUE_FULL' } });
  });
});

describe('flush', () => {
  test('sends what is held back, at once', async () => {
    const { conn, transport } = openStream();
    void conn.write('now');
    expect(conn.flush().peek().state).toBe('fulfilled');
    expect(transport.takeText()).toBe('now');
  });

  test('waits while there is no room', async () => {
    const { conn, transport } = openStream({ highWaterMark: 1 });
    transport.stall();
    void conn.write('a');
    const flushed = conn.flush();
    expect(flushed.peek().state).toBe('pending');
    transport.drained();
    await flushed;
  });
});

describe('ending', () => {
  test('end sends what was written, lets nobody wait, and reading goes on', async () => {
    const { conn, transport } = openStream({ highWaterMark: 1 });
    const waiting = conn.write('last');
    conn.end();
    await waiting;
    transport.receive('answer');
    expect(String(await conn.read())).toBe('answer');
    await transport.settle();
    expect([transport.takeText(), transport.wireState]).toEqual(['last', 'ended']);
  });

  test('close delivers, rejects reads that wait, and says how it ended', async () => {
    const { conn, transport } = openStream();
    const reading = conn.read();
    void conn.write('bye');
    const closed = conn.close();
    await expect(reading).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
    await expect(conn.write('x')).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
    await transport.settle();
    expect(transport.takeText()).toBe('bye');
    transport.receiveEnd();
    transport.lose();
    expect(await closed).toEqual({ kind: 'done' });
    expect(await conn.close()).toEqual({ kind: 'done' });
  });

  test('abort drops what is queued and rejects reads that wait', async () => {
    const { conn, transport } = openStream();
    const reading = conn.lines({ max: 9 }).next();
    void conn.write('dropped');
    const error = new Error('enough');
    conn.abort(error);
    await expect(reading).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
    await transport.settle();
    expect(transport.takeText()).toBe('');
    expect(transport.closedWith).toEqual({ kind: 'aborted', error });
  });

  test('disposing closes', async () => {
    const { conn, transport } = openStream();
    const disposed = conn[Symbol.asyncDispose]();
    await transport.settle();
    transport.receiveEnd();
    transport.lose();
    await disposed;
    expect(transport.closedWith).toEqual({ kind: 'done' });
  });

  test('the signal is aborted by the loss, whenever it is asked for', () => {
    const { conn, transport } = openStream();
    const before = conn.signal;
    expect(before.aborted).toBe(false);
    transport.lose();
    expect(before.reason).toMatchObject({ code: 'HAWSER_CLOSED', cause: { kind: 'done' } });
    const other = openStream();
    other.transport.lose();
    expect(other.conn.signal.aborted).toBe(true);
  });
});

describe('giving the connection away', () => {
  function recorder(): Protocol & { seen: string[] } {
    const seen: string[] = [];
    return {
      seen,
      dataReceived: (data) => void seen.push(data.toString()),
      readEnded: () => void seen.push('END'),
      connectionLost: (reason: CloseReason) => void seen.push(reason.kind),
    };
  }

  test('handTo passes on what nobody has read, then what comes, the end and the loss', async () => {
    const { conn, transport } = openStream();
    transport.receive('line\nunread');
    expect(await conn.readLine({ max: 9 })).toBe('line');
    void conn.write('before');
    const next = recorder();
    conn.handTo(next);
    await transport.settle();
    transport.receive('more');
    transport.receiveEnd();
    transport.lose();
    expect(next.seen).toEqual(['unread', 'more', 'END', 'done']);
    expect(transport.takeText()).toBe('before');
  });

  test('an end of input that was read already is told to the next as well', async () => {
    const { conn, transport } = openStream();
    transport.receive('unread');
    transport.receiveEnd();
    const next = recorder();
    conn.handTo(next);
    await transport.settle();
    expect(next.seen).toEqual(['unread', 'END']);
  });

  test('nothing can be done with it afterwards', async () => {
    const { conn, transport } = openStream();
    const reading = conn.read();
    conn.handTo(recorder());
    const detached = { code: 'HAWSER_DETACHED' };
    await expect(reading).rejects.toMatchObject(detached);
    await expect(conn.read()).rejects.toMatchObject(detached);
    await expect(conn.write('x')).rejects.toMatchObject(detached);
    for (const misuse of [
      () => conn.close(),
      () => conn.abort(),
      () => conn.end(),
      () => conn.release(),
      () => conn.handTo(recorder()),
    ]) {
      expect(misuse).toThrow(expect.objectContaining(detached));
    }
    await conn[Symbol.asyncDispose]();
    expect(transport.wireState).toBe('open');
  });

  test('release puts the bytes back and holds them for whoever comes next', async () => {
    const { conn, transport } = openStream();
    transport.receive('unread');
    const released = conn.release();
    expect(released).toBe(transport);
    await transport.settle();
    transport.receive(' and more');
    const next = recorder();
    released.handTo(next);
    await transport.settle();
    expect(next.seen.join('')).toBe('unread and more');
  });

  test('a loop over frames gives back what its decoder has', async () => {
    const { FrameDecoder } = await import('../../src/bytes/frame-decoder.ts');
    const { conn, transport } = openStream();
    transport.receive('abcdef');
    const next = recorder();
    const pairs = new FrameDecoder((queue) => (queue.length < 2 ? undefined : queue.take(2)));
    for await (const pair of conn.frames(pairs)) {
      expect(String(pair)).toBe('ab');
      conn.handTo(next);
      break;
    }
    await transport.settle();
    expect(next.seen).toEqual(['cdef']);
  });
});

test('a slow reader makes a fast writer wait, and everything arrives', async () => {
  const reactor = createTestReactor();
  const { StreamProtocol } = await import('../../src/stream/stream-protocol.ts');
  const [server, client] = [new StreamProtocol(), new StreamProtocol()];
  connectPipe(
    reactor,
    () => server,
    () => client,
    { cut: 7 },
  );
  let waits = 0;
  const writing = (async () => {
    for (let i = 0; i < 100; i++) {
      const full = server.connection.write(Buffer.alloc(10_000, i));
      if (full) waits += 1;
      await full;
    }
    server.connection.end();
  })();
  let bytes = 0;
  for await (const chunk of client.connection) {
    bytes += chunk.length;
    await new Promise<void>((done) => reactor.clock.callSoon(done));
  }
  await writing;
  expect(bytes).toBe(1_000_000);
  expect(waits).toBeGreaterThan(5);
});
