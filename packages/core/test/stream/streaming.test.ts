import { describe, expect, test } from 'vitest';
import { encodeNetstring, NetstringDecoder } from '../../src/bytes/netstring.ts';
import { ProtocolError } from '../../src/errors.ts';
import type { Connection } from '../../src/stream/connection.ts';
import { type StreamHandler, streaming } from '../../src/stream/streaming.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { feed } from '../../testing/feed.ts';
import { createTestReactor, type TestReactor } from '../../testing/test-reactor.ts';

function serve(handler: StreamHandler): { transport: FakeTransport; reactor: TestReactor } {
  const reactor = createTestReactor();
  const transport = new FakeTransport({ reactor });
  transport.adopt(streaming(handler));
  return { transport, reactor };
}

const echo: StreamHandler = async (conn) => {
  for await (const line of conn.lines({ max: 1024 })) await conn.write(`${line}\n`);
};

test('the example of the guide: lines in, lines out, however they are cut', async () => {
  const { written, closedWith } = await feed(streaming(echo), 'one\r\ntwo\n\nlast\n', {
    end: true,
  });
  expect(written.toString()).toBe('one\ntwo\n\nlast\n');
  expect(closedWith).toEqual({ kind: 'done' });
});

test('frames in, frames out', async () => {
  const server = streaming(async (conn) => {
    for await (const frame of conn.frames(new NetstringDecoder({ maxBytes: 9 }))) {
      await conn.write(encodeNetstring(frame));
    }
  });
  const { written } = await feed(server, '1:a,0:,2:bc,', { end: true });
  expect(written.toString()).toBe('1:a,0:,2:bc,');
});

test('it is named like its function, or as asked', () => {
  const match = { maxBytes: 1, test: () => 'yes' as const };
  expect(streaming(echo).name).toBe('echo');
  expect(streaming(() => undefined).name).toBe('stream');
  expect(streaming(echo, { name: 'shout', match })).toMatchObject({ name: 'shout', match });
});

test('a handler gets the signal of the connection, unless it declares no parameter for it', async () => {
  const seen: unknown[][] = [];
  serve((...args) => seen.push(args));
  serve(function (_conn) {
    // oxlint-disable-next-line prefer-rest-params -- what was passed, not what was declared
    seen.push([...arguments]);
  });
  expect(seen[0]).toEqual([expect.anything(), (seen[0]?.[0] as Connection | undefined)?.signal]);
  expect(seen[1]).toHaveLength(1);
});

describe('the handler owns the connection', () => {
  test('an answer after the end of input arrives', async () => {
    const { transport } = serve(async (conn) => {
      let count = 0;
      for await (const _ of conn.lines({ max: 9 })) count += 1;
      await conn.write(`${count} lines\n`);
    });
    transport.receive('a\nb\n');
    transport.receiveEnd();
    await transport.settle();
    expect(transport.takeText()).toBe('2 lines\n');
    expect(transport.closedWith).toEqual({ kind: 'done' });
  });

  test('returning closes, also at once', async () => {
    const { transport } = serve((conn) => conn.write('no\n'));
    await transport.settle();
    expect(transport.takeText()).toBe('no\n');
    expect(transport.wireState).toBe('ended');
  });

  test('throwing is reported and aborts', async () => {
    const boom = new Error('boom');
    for (const handler of [
      async () => {
        await Promise.resolve();
        throw boom;
      },
      () => {
        throw boom;
      },
    ]) {
      const { transport, reactor } = serve(handler);
      await transport.settle();
      expect(transport.closedWith).toEqual({ kind: 'protocol', error: boom });
      expect(transport.wireState).toBe('reset');
      expect(reactor.reports.problems).toEqual([{ where: 'stream.handler', error: boom }]);
    }
  });

  test('a fault of the peer aborts and is not reported', async () => {
    for (const [handler, input] of [
      [echo, 'x'.repeat(1026)],
      [
        async (conn: Connection) => {
          await conn.readExactly(2);
          throw new ProtocolError('HAWSER_BAD_FRAME', 'no');
        },
        'ab',
      ],
    ] as const) {
      const { transport, reactor } = serve(handler);
      transport.receive(input);
      await transport.settle();
      expect(transport.closedWith).toMatchObject({ kind: 'protocol' });
      expect(reactor.reports.problems).toEqual([]);
    }
  });

  test('a connection that is lost ends the handler without a report', async () => {
    for (const waitFor of [
      (conn: Connection) => conn.read(),
      (conn: Connection) => conn.lines({ max: 9 }).next(),
      (_conn: Connection, signal: AbortSignal) =>
        new Promise((_, fail) => {
          signal.addEventListener('abort', () => fail(signal.reason));
        }),
      (_: Connection, signal: AbortSignal) =>
        new Promise((__, fail) => {
          signal.addEventListener('abort', () =>
            fail(new DOMException('aborted', { name: 'AbortError', cause: signal.reason })),
          );
        }),
    ] as StreamHandler[]) {
      let ended = false;
      const { transport, reactor } = serve(async (conn, signal) => {
        try {
          await waitFor(conn, signal);
        } finally {
          ended = true;
        }
      });
      await transport.settle();
      transport.lose(new Error('ECONNRESET'));
      await transport.settle();
      expect(ended).toBe(true);
      expect(reactor.reports.problems).toEqual([]);
    }
  });

  test('another error after the loss is reported', async () => {
    const { transport, reactor } = serve(async (conn) => {
      await conn.read();
    });
    const other = serve(async (_, signal) => {
      await new Promise((done) => signal.addEventListener('abort', done));
      throw new TypeError('a mistake');
    });
    transport.lose(new Error('ECONNRESET'));
    other.transport.lose();
    await other.transport.settle();
    expect(reactor.reports.problems).toEqual([]);
    expect(other.reactor.reports.problems).toMatchObject([{ error: { message: 'a mistake' } }]);
  });

  test('writing to a connection that a layer has aborted is not reported', async () => {
    const { transport, reactor } = serve(async (conn) => {
      await conn.readExactly(1);
      transport.abort({ kind: 'timeout', timer: 'idle', afterMs: 5 });
      await conn.write('too late');
    });
    transport.receive('x');
    await transport.settle();
    expect(transport.closedWith).toMatchObject({ kind: 'timeout' });
    expect(reactor.reports.problems).toEqual([]);
  });

  test('writing after its own end is the mistake of the handler', async () => {
    const { transport, reactor } = serve(async (conn) => {
      conn.end();
      await conn.write('too late');
    });
    await transport.settle();
    expect(transport.closedWith).toMatchObject({ kind: 'protocol' });
    expect(reactor.reports.problems.map(({ where }) => where)).toEqual([
      'stream.write',
      'stream.handler',
    ]);
  });

  test('closing while a loop waits is a close, not an abort', async () => {
    const { transport, reactor } = serve(async (conn) => {
      conn.transport.reactor.clock.callLater(10, () => {
        void conn.write('bye\n');
        void conn.close();
      });
      for await (const line of conn.lines({ max: 9 })) await conn.write(line);
    });
    await reactor.clock.elapse(10);
    expect(transport.takeText()).toBe('bye\n');
    expect(transport.wireState).toBe('ended');
    expect(reactor.reports.problems).toEqual([]);
  });

  test('a connection that was handed on is not closed', async () => {
    const raw: string[] = [];
    const { transport, reactor } = serve(async (conn) => {
      if ((await conn.readLine({ max: 9 })) !== 'RAW') return;
      conn.handTo({ dataReceived: (data) => void raw.push(data.toString()) });
    });
    transport.receive('RAW\nbytes');
    await transport.settle();
    expect(raw).toEqual(['bytes']);
    expect(transport.wireState).toBe('open');
    expect(reactor.reports.problems).toEqual([]);
  });

  test('an error after it was handed on is reported, and ends nothing', async () => {
    const { transport, reactor } = serve(async (conn) => {
      conn.handTo({ dataReceived: () => undefined });
      await conn.read();
    });
    await transport.settle();
    expect(transport.wireState).toBe('open');
    expect(reactor.reports.problems).toMatchObject([{ error: { code: 'HAWSER_DETACHED' } }]);
  });
});

describe('when the process wants to stop', () => {
  test('a loop that waits for a message ends, and the handler says goodbye', async () => {
    const { transport, reactor } = serve(async (conn) => {
      for await (const line of conn.lines({ max: 9 })) await conn.write(`${line}\n`);
      if (conn.draining) await conn.write('421 closing\n');
    });
    transport.receive('one\n');
    await transport.settle();
    transport.requestDrain(reactor.clock.now() + 5_000);
    await transport.settle();
    expect(transport.takeText()).toBe('one\n421 closing\n');
    expect(transport.wireState).toBe('ended');
  });

  test('a message that has begun is waited for, and messages that are here are handled', async () => {
    const { transport, reactor } = serve(echo);
    transport.receive('ha');
    await transport.settle();
    transport.requestDrain(reactor.clock.now() + 5_000);
    await transport.settle();
    expect(transport.wireState).toBe('open');
    transport.receive('lf\nwhole\n');
    await transport.settle();
    expect(transport.takeText()).toBe('half\nwhole\n');
    expect(transport.wireState).toBe('ended');
  });

  test('frames as well, also the part the decoder has', async () => {
    const { transport, reactor } = serve(async (conn) => {
      for await (const frame of conn.frames(new NetstringDecoder({ maxBytes: 9 }))) {
        await conn.write(frame);
      }
    });
    transport.receive('1:a,2:b');
    await transport.settle();
    transport.requestDrain(reactor.clock.now() + 5_000);
    await transport.settle();
    expect(transport.wireState).toBe('open');
    transport.receive('c,');
    await transport.settle();
    expect(transport.takeText()).toBe('abc');
    expect(transport.wireState).toBe('ended');
  });

  test('a busy handler finishes what it does, and its loop ends then', async () => {
    const { transport, reactor } = serve(async (conn) => {
      for await (const line of conn.lines({ max: 9 })) {
        await new Promise<void>((done) => {
          reactor.clock.callLater(1_000, done);
        });
        await conn.write(`done ${line}\n`);
      }
    });
    transport.receive('work\n');
    await transport.settle();
    transport.requestDrain(reactor.clock.now() + 5_000);
    await reactor.clock.elapse(1_000);
    expect(transport.takeText()).toBe('done work\n');
    expect(transport.wireState).toBe('ended');
  });

  test('a single read goes on, and whenDraining tells', async () => {
    const told: unknown[] = [];
    const { transport, reactor } = serve(async (conn) => {
      void conn.whenDraining().addCallback((deadline) => told.push(deadline));
      told.push(await conn.readLine({ max: 9 }));
      told.push(await conn.whenDraining());
    });
    await transport.settle();
    transport.requestDrain(5_000);
    await transport.settle();
    expect(told).toEqual([5_000]);
    transport.receive('late\n');
    await transport.settle();
    expect(told).toEqual([5_000, 'late', 5_000]);
    expect(transport.wireState).toBe('ended');
    expect(reactor.reports.problems).toEqual([]);
  });

  test('who no longer wants to know is not told', async () => {
    const told: number[] = [];
    const { transport } = serve(async (conn) => {
      const asked = conn.whenDraining();
      void asked.addErrback(() => 0).addCallback((deadline) => told.push(deadline));
      asked.cancel();
      await conn.read();
    });
    transport.requestDrain(5_000);
    await transport.settle();
    expect(told).toEqual([0]);
  });

  test('closing takes no longer than the deadline', async () => {
    const { transport, reactor } = serve(echo);
    await transport.settle();
    transport.receive('x\n');
    transport.stall();
    await transport.settle();
    transport.requestDrain(3_000);
    await transport.settle();
    await reactor.clock.elapse(3_000);
    expect(transport.closedWith).toEqual({ kind: 'timeout', timer: 'close', afterMs: 3_000 });
  });
});
