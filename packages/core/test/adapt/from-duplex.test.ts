import { Duplex, PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type FromDuplexOptions, fromDuplex } from '../../src/adapt/from-duplex.ts';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import type { InfoKey } from '../../src/contract/info.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { createTestReactor, type TestReactor } from '../../testing/test-reactor.ts';

/** Two streams of which each reads what the other writes. */
function duplexPair(): [Duplex, Duplex] {
  const [there, back] = [new PassThrough(), new PassThrough()];
  return [
    Duplex.from({ readable: back, writable: there }),
    Duplex.from({ readable: there, writable: back }),
  ];
}

function open(duplex: Duplex, options: Partial<FromDuplexOptions> = {}) {
  const reactor: TestReactor = createTestReactor();
  const seen: string[] = [];
  let reason: CloseReason | undefined;
  const protocol: Protocol = {
    dataReceived: (data) => void seen.push(data.toString()),
    readEnded: () => void seen.push('END'),
    connectionLost(why) {
      reason = why;
    },
  };
  const transport = fromDuplex(reactor, duplex, { side: 'server', ...options }, () => protocol);
  return { reactor, seen, transport, reason: () => reason, settle: () => reactor.clock.settle() };
}

test('bytes pass both ways, and both ends end', async () => {
  const [near, far] = duplexPair();
  const { transport, seen, settle, reason } = open(near);
  far.write('to');
  transport.write(Buffer.from('fro'));
  await settle();
  expect(String(far.read())).toBe('fro');
  far.end();
  await settle();
  expect(seen).toEqual(['to', 'END']);
  expect([transport.bytesRead, transport.bytesWritten]).toEqual([2, 3]);
  transport.end();
  far.resume();
  await settle();
  expect(reason()).toEqual({ kind: 'done' });
});

test('it says who it is', () => {
  const key: InfoKey<string> = { name: 'fact' };
  const info = new Map([[key, 'yes']]);
  const local = { kind: 'memory', name: 'here' } as const;
  const first = open(new PassThrough(), { info, local }).transport;
  expect(first.info(key)).toBe('yes');
  expect(first.local).toEqual(local);
  expect(first.peer).toEqual({ kind: 'memory', name: 'duplex' });
  const reactor = createTestReactor();
  const ids = [1, 2].map(
    () =>
      fromDuplex(reactor, new PassThrough(), { side: 'client' }, () => ({
        dataReceived: () => undefined,
      })).id,
  );
  expect(new Set(ids).size).toBe(2);
  const below = new FakeTransport({ id: 7 });
  expect(open(new PassThrough(), { below }).transport.id).toBe(7);
});

test('a factory that refuses destroys the stream', async () => {
  const reactor = createTestReactor();
  const stream = new PassThrough();
  fromDuplex(reactor, stream, { side: 'server' }, () => undefined);
  await reactor.clock.settle();
  expect(stream.destroyed).toBe(true);
});

describe('streams with manners of their own', () => {
  test('one that answers inside of write does not call back inside of write', async () => {
    const { transport, seen, settle } = open(new PassThrough());
    await settle();
    transport.write(Buffer.from('echo'));
    expect(seen).toEqual([]);
    await settle();
    expect(seen).toEqual(['echo']);
  });

  test('one that answers to an answer for ever leaves others their turns', async () => {
    const reactor = createTestReactor();
    let answers = 0;
    let transport: Transport | undefined;
    fromDuplex(reactor, new PassThrough(), { side: 'server' }, () => ({
      connectionMade(made) {
        transport = made;
        made.write(Buffer.from('x'));
      },
      dataReceived(data) {
        answers += 1;
        if (answers < 1_000) transport?.write(data);
      },
    }));
    await reactor.clock.settle();
    expect(answers).toBe(1_000);
  });

  test('text and typed arrays arrive as bytes', async () => {
    const stream = new PassThrough();
    stream.setEncoding('hex');
    const { seen, settle } = open(stream);
    stream.write('text');
    await settle();
    expect(seen).toEqual(['text']);
    const objects = new Duplex({ readableObjectMode: true, read: () => undefined });
    const other = open(objects);
    objects.push(new Uint8Array([0x61, 0x62]));
    objects.push({ not: 'bytes' });
    await other.settle();
    expect(other.seen).toEqual(['ab']);
  });

  test('one that does not want half-open connections is made to', async () => {
    const stream = new Duplex({
      allowHalfOpen: false,
      read: () => undefined,
      write: (_chunk, _encoding, done) => done(),
    });
    const { transport, seen, settle, reason } = open(stream);
    stream.push(null);
    await settle();
    expect(seen).toEqual(['END']);
    expect(transport.write(Buffer.from('still'))).toBe(true);
    transport.end();
    await settle();
    expect(reason()).toEqual({ kind: 'done' });
  });

  test('one that somebody has paused goes on', async () => {
    const stream = new PassThrough().pause();
    stream.write('waiting');
    const { seen, settle } = open(stream);
    await settle();
    expect(seen).toEqual(['waiting']);
  });

  test('one that counts objects cannot keep a limit, and is refused', () => {
    const stream = new Duplex({ writableObjectMode: true });
    expect(() => open(stream)).toThrow(TypeError);
  });

  test('one that fails is reset, with its error', async () => {
    const stream = new PassThrough();
    const { settle, reason } = open(stream);
    const error = new Error('broken');
    stream.destroy(error);
    await settle();
    expect(reason()).toEqual({ kind: 'reset', error });
  });

  test('one that closes before its end is reset', async () => {
    const stream = new PassThrough();
    const { settle, reason } = open(stream);
    stream.destroy();
    await settle();
    expect(reason()).toMatchObject({ kind: 'reset', error: { code: 'HAWSER_CLOSED' } });
  });

  test('one that throws out of write is reset', async () => {
    const error = new Error('broken');
    const stream = new Duplex({
      read: () => undefined,
      write() {
        throw error;
      },
    });
    const { transport, settle, reason } = open(stream);
    transport.write(Buffer.from('x'));
    await settle();
    expect(reason()).toEqual({ kind: 'reset', error });
  });

  test('one that has ended or is gone already', async () => {
    const ended = new PassThrough();
    ended.end();
    ended.resume();
    await new Promise((done) => ended.once('end', done));
    const over = open(ended);
    await over.settle();
    expect(over.reason()?.kind).toBeDefined();
    const destroyed = new PassThrough();
    destroyed.destroy();
    const gone = open(destroyed);
    await gone.settle();
    expect(gone.reason()).toMatchObject({ kind: 'reset' });
  });
});

describe('ending', () => {
  test('abort destroys the stream with the error', async () => {
    const stream = new PassThrough();
    const { transport, settle, reason } = open(stream);
    const error = new Error('enough');
    transport.abort(error);
    transport.write(Buffer.from('dropped'));
    await settle();
    expect(stream.errored).toBe(error);
    expect(reason()).toEqual({ kind: 'aborted', error });
  });

  test('close flushes, and lets the stream go when the peer does not end', async () => {
    const [near, far] = duplexPair();
    const { transport, reactor, settle, reason } = open(near);
    transport.write(Buffer.from('bye'));
    transport.close();
    await settle();
    expect(String(far.read())).toBe('bye');
    await reactor.clock.elapse(5_000);
    expect(near.destroyed).toBe(true);
    expect(reason()).toEqual({ kind: 'done' });
  });
});

test('a stream that takes its time makes the writer wait, and large writes are seen to move on', async () => {
  const taken: number[] = [];
  let release = (): void => undefined;
  const stream = new Duplex({
    highWaterMark: 1_000,
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      taken.push(chunk.length);
      release = done;
    },
  });
  const { transport, settle } = open(stream);
  expect(transport.write(Buffer.alloc(150_000))).toBe(false);
  await settle();
  expect(transport.pendingBytes).toBe(150_000);
  release();
  await settle();
  expect(transport.pendingBytes).toBe(150_000 - 65_536);
  for (let i = 0; i < 2; i++) {
    release();
    await settle();
  }
  expect(taken).toEqual([65_536, 65_536, 18_928]);
  expect(transport.pendingBytes).toBe(0);
});
