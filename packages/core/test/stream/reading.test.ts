import { describe, expect, test } from 'vitest';
import { LineDecoder } from '../../src/bytes/line-decoder.ts';
import { encodeNetstring, NetstringDecoder } from '../../src/bytes/netstring.ts';
import { CancelledError, TimeoutError, UsageError } from '../../src/errors.ts';
import { IncompleteRead } from '../../src/stream/incomplete-read.ts';
import { chunkings } from '../../testing/chunkings.ts';
import { collect, openStream } from './open-stream.ts';

const KiB = 1024;

describe('read', () => {
  test('gives what is there, or waits for it, and undefined at the end', async () => {
    const { conn, transport } = openStream();
    const waiting = conn.read();
    expect(waiting.peek().state).toBe('pending');
    transport.receive('first');
    expect(waiting.peek(), 'in the turn it comes').toMatchObject({ value: Buffer.from('first') });
    transport.receive('sec');
    transport.receive('ond');
    expect((await conn.read())?.toString()).toBe('second');
    const atEnd = conn.read();
    transport.receiveEnd();
    expect(await atEnd).toBeUndefined();
    expect(await conn.read()).toBeUndefined();
    expect(transport.wireState, 'the end of input ends nothing').toBe('open');
  });

  test('at most so many bytes', async () => {
    const { conn, transport } = openStream();
    const waiting = conn.read(2);
    transport.receive('abc');
    expect(String(await waiting)).toBe('ab');
    expect(String(await conn.read(2))).toBe('c');
    expect(() => conn.read(0)).toThrow(RangeError);
  });

  test('a second one while one waits throws, and the first goes on', async () => {
    const { conn, transport } = openStream();
    const first = conn.read();
    for (const second of [
      () => conn.read(),
      () => conn.readExactly(1),
      () => conn.readLine({ max: 1 }),
      () => conn.peek(1),
      () => conn.unread(Buffer.from('x')),
    ]) {
      expect(second).toThrow(UsageError);
      expect(second).toThrow(expect.objectContaining({ code: 'HAWSER_BUSY' }));
    }
    await expect(conn.lines({ max: 9 }).next()).rejects.toMatchObject({ code: 'HAWSER_BUSY' });
    transport.receive('x');
    expect(String(await first)).toBe('x');
  });

  test('may be followed by another in the turn that settles it', () => {
    const { conn, transport } = openStream();
    const seen: string[] = [];
    const again = (): void => {
      void conn.readExactly(1).addCallback((byte) => {
        seen.push(byte.toString());
        again();
      });
    };
    again();
    transport.receive('abc');
    transport.receive('d');
    expect(seen).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('readExactly', () => {
  test('waits for all of it', async () => {
    for (const chunks of chunkings(Buffer.from('abcdef'))) {
      const { conn, transport } = openStream();
      const both = [conn.readExactly(4)];
      for (const chunk of chunks) transport.receive(chunk);
      both.push(conn.readExactly(2), conn.readExactly(0));
      expect((await Promise.all(both)).map(String)).toEqual(['abcd', 'ef', '']);
    }
  });

  test('rejects when the input ends before, and the bytes are still there', async () => {
    const { conn, transport } = openStream();
    const waiting = conn.readExactly(4);
    transport.receive('abc');
    transport.receiveEnd();
    await expect(waiting).rejects.toBeInstanceOf(IncompleteRead);
    await expect(conn.readExactly(4)).rejects.toMatchObject({
      code: 'HAWSER_INCOMPLETE',
      bytes: 3,
    });
    expect(String(await conn.read())).toBe('abc');
  });

  test('more than the high-water mark arrives', async () => {
    const { conn, transport } = openStream();
    const waiting = conn.readExactly(200 * KiB);
    for (let i = 0; i < 200; i++) transport.receive(Buffer.alloc(KiB));
    expect(await waiting).toHaveLength(200 * KiB);
  });
});

describe('readUntil and readLine', () => {
  test('give what comes before, however it is cut', async () => {
    for (const chunks of chunkings(Buffer.from('head\r\n\r\nline\r\n\nlast\n'))) {
      const { conn, transport } = openStream();
      const head = conn.readUntil('\r\n\r\n', { max: 20 });
      for (const chunk of chunks) transport.receive(chunk);
      transport.receiveEnd();
      expect(String(await head)).toBe('head');
      const lines = [];
      for (let i = 0; i < 4; i++) lines.push(await conn.readLine({ max: 20 }));
      expect(lines).toEqual(['line', '', 'last', undefined]);
    }
  });

  test('the limit is a limit, before the end of the line comes', async () => {
    const { conn, transport } = openStream();
    transport.receive('123456');
    await expect(conn.readLine({ max: 4 })).rejects.toMatchObject({ code: 'HAWSER_LINE_TOO_LONG' });
    await expect(conn.readUntil('\n', { max: 4 })).rejects.toMatchObject({
      code: 'HAWSER_LINE_TOO_LONG',
    });
    const waiting = conn.readLine({ max: 6 });
    transport.receive('\n');
    expect(await waiting).toBe('123456');
  });

  test('a line that is cut off by the end is not a line', async () => {
    const { conn, transport } = openStream();
    transport.receive('half');
    transport.receiveEnd();
    await expect(conn.readLine({ max: 9 })).rejects.toMatchObject({ code: 'HAWSER_INCOMPLETE' });
    await expect(conn.readUntil('\n', { max: 9 })).rejects.toMatchObject({ bytes: 4 });
    expect(await collect(conn.lines({ max: 9 }))).toEqual(['!HAWSER_INCOMPLETE']);
    expect(String(await conn.read())).toBe('half');
    await expect(conn.readUntil('\n', { max: 9 })).rejects.toMatchObject({ bytes: 0 });
  });

  test('other encodings and delimiters', async () => {
    const { conn, transport } = openStream();
    transport.receive(Buffer.from('\xe9;a\nb\r\n', 'latin1'));
    const delimiter = Buffer.from(';');
    expect(await conn.readLine({ max: 9, delimiter, encoding: 'latin1' })).toBe('é');
    expect(await conn.readLine({ max: 9, delimiter: 'crlf' })).toBe('a\nb');
  });
});

describe('peek and unread', () => {
  test('what was looked at or put back is read first', async () => {
    const { conn, transport } = openStream();
    const looking = conn.peek(3);
    transport.receive('a');
    expect(looking.peek().state).toBe('pending');
    transport.receive('bcd');
    expect(String(await looking)).toBe('abc');
    conn.unread(Buffer.from('>>'));
    expect(String(await conn.readExactly(4))).toBe('>>ab');
    transport.receiveEnd();
    expect(String(await conn.peek(9))).toBe('cd');
    expect(String(await conn.read())).toBe('cd');
    expect(String(await conn.peek(9))).toBe('');
  });
});

describe('loops', () => {
  test('over lines end with the input', async () => {
    for (const chunks of chunkings(Buffer.from('one\r\ntwo\n\nthree\n'))) {
      const { conn, transport } = openStream();
      const seen = collect(conn.lines({ max: 10 }));
      for (const chunk of chunks) {
        transport.receive(chunk);
        await Promise.resolve();
      }
      transport.receiveEnd();
      expect(await seen).toEqual(['one', 'two', '', 'three']);
    }
  });

  test('over chunks give what comes', async () => {
    const { conn, transport } = openStream();
    const seen = collect(conn);
    for (const chunk of ['a', 'b']) {
      transport.receive(chunk);
      await transport.settle();
    }
    transport.receive('c');
    transport.receive('d');
    transport.receiveEnd();
    expect(await seen).toEqual(['a', 'b', 'c', 'd'].slice(0, 2).concat('c', 'd'));
  });

  test('over frames give what the decoder cuts', async () => {
    const input = Buffer.concat(['one', '', 'three'].map((text) => encodeNetstring(text)));
    for (const chunks of chunkings(input)) {
      const { conn, transport } = openStream();
      const seen = collect(conn.frames(new NetstringDecoder({ maxBytes: 5 })));
      for (const chunk of chunks) {
        transport.receive(chunk);
        await Promise.resolve();
      }
      transport.receiveEnd();
      expect(await seen).toEqual(['one', '', 'three']);
    }
  });

  test('break leaves the connection as it is, with the bytes that were not used', async () => {
    const { conn, transport } = openStream();
    transport.receive('one\ntwo\nrest');
    for await (const line of conn.lines({ max: 10 })) {
      if (line === 'two') break;
    }
    expect(String(await conn.read())).toBe('rest');
    transport.receive('1:a,1:b,more');
    for await (const frame of conn.frames(new NetstringDecoder({ maxBytes: 9 }))) {
      if (String(frame) === 'b') break;
    }
    expect(String(await conn.read())).toBe('more');
    expect(transport.wireState).toBe('open');
  });

  test('between two lines other reads are allowed', async () => {
    const { conn, transport } = openStream();
    transport.receive('{3}\nabcnext\n{2}\n');
    const seen: string[] = [];
    const looping = (async () => {
      for await (const line of conn.lines({ max: 10 })) {
        const size = /^\{(\d)\}$/.exec(line)?.[1];
        seen.push(size ? String(await conn.readExactly(Number(size))) : line);
      }
    })();
    await transport.settle();
    transport.receive('xylast\n');
    transport.receiveEnd();
    await looping;
    expect(seen).toEqual(['abc', 'next', 'xy', 'last']);
  });

  test('between two frames other reads are not: the decoder has the bytes', async () => {
    const { conn, transport } = openStream();
    transport.receive('1:a,1:b,');
    for await (const frame of conn.frames(new NetstringDecoder({ maxBytes: 9 }))) {
      expect(String(frame)).toBe('a');
      expect(() => conn.read()).toThrow(expect.objectContaining({ code: 'HAWSER_BUSY' }));
      await expect(conn.lines({ max: 9 }).next()).rejects.toMatchObject({ code: 'HAWSER_BUSY' });
      break;
    }
    expect(String(await conn.read())).toBe('1:b,');
  });

  test('a frame that is cut off by the end, or is none, is an error of the peer', async () => {
    const { conn, transport } = openStream();
    const seen = collect(conn.frames(new NetstringDecoder({ maxBytes: 9 })));
    transport.receive('1:a,5:b');
    transport.receiveEnd();
    expect(await seen).toEqual(['a', '!HAWSER_INCOMPLETE']);
    expect(String(await conn.read())).toBe('5:b');
    const other = openStream();
    const bad = collect(other.conn.frames(new NetstringDecoder({ maxBytes: 9 })));
    other.transport.receive('1:a,x');
    expect(await bad).toEqual(['a', '!HAWSER_BAD_FRAME']);
  });

  test('leaving a loop that waits ends it', async () => {
    const { conn, transport } = openStream();
    const lines = conn.lines({ max: 9 });
    const waiting = lines.next();
    await lines.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await lines.next()).toEqual({ done: true, value: undefined });
    transport.receive('free\n');
    expect(await conn.readLine({ max: 9 })).toBe('free');
  });
});

describe('many small messages in one chunk', () => {
  test('leave others their turns', async () => {
    const { conn, transport } = openStream();
    transport.receive('\n'.repeat(5_000));
    transport.receiveEnd();
    let turns = 0;
    let ended = false;
    const count = (): void => {
      turns += 1;
      if (!ended) setImmediate(count);
    };
    setImmediate(count);
    let lines = 0;
    for await (const _ of conn.lines({ max: 9 })) lines += 1;
    ended = true;
    expect(lines).toBe(5_000);
    expect(turns).toBeGreaterThan(5);
  });

  test('are all read, also when the connection is lost in between', async () => {
    const { conn, transport } = openStream();
    transport.receive('\n'.repeat(2_000));
    const seen = collect(conn.lines({ max: 9 }));
    setImmediate(() => transport.lose(new Error('ECONNRESET')));
    const all = await seen;
    expect(all).toHaveLength(2_001);
    expect(all.at(-1)).toBe('!HAWSER_CLOSED');
  });

  test('another read meanwhile is still one too many', async () => {
    const { conn, transport } = openStream();
    transport.receive('\n'.repeat(2_000));
    const lines = conn.lines({ max: 9 });
    for (let i = 0; i < 500; i++) await lines.next();
    const waiting = lines.next();
    expect(() => conn.read()).toThrow(expect.objectContaining({ code: 'HAWSER_BUSY' }));
    expect(await waiting).toEqual({ done: false, value: '' });
    expect(await conn.read()).toHaveLength(1_499);
  });
});

describe('cancelling', () => {
  test('a read that waits loses no byte', async () => {
    const { conn, transport } = openStream();
    const gone = conn.readExactly(3);
    transport.receive('ab');
    gone.cancel();
    await expect(gone).rejects.toBeInstanceOf(CancelledError);
    transport.receive('c');
    expect(String(await conn.read())).toBe('abc');
  });

  test('a timeout runs on the clock of the reactor, and the next read goes on', async () => {
    const { conn, transport } = openStream();
    const { clock } = transport.reactor as unknown as { clock: { advance(ms: number): void } };
    const late = conn.readLine({ max: 9 }).timeout(50, transport.reactor.clock);
    transport.receive('slo');
    clock.advance(50);
    await expect(late).rejects.toBeInstanceOf(TimeoutError);
    transport.receive('w\n');
    expect(await conn.readLine({ max: 9 })).toBe('slow');
  });
});

describe('what nobody reads', () => {
  test('stops the peer at 64 KiB, and lets it go on at half of that', async () => {
    const { conn, transport } = openStream();
    transport.receive(Buffer.alloc(64 * KiB - 1));
    expect(transport.reading).toBe(true);
    transport.receive('x');
    expect(transport.reading).toBe(false);
    await conn.readExactly(30 * KiB);
    expect(transport.reading).toBe(false);
    await conn.readExactly(2 * KiB);
    expect(transport.reading).toBe(true);
  });

  test('stops the peer also while a loop takes frames out of it, one by one', async () => {
    const { conn, transport } = openStream();
    const frames = Buffer.from('1:x,'.repeat(16 * KiB));
    const loop = conn.frames(new NetstringDecoder({ maxBytes: 1 }));
    let received = 0;
    for (let i = 0; i < 100; i++) {
      for (; transport.reading; received += frames.length) transport.receive(Buffer.from(frames));
      await loop.next();
      await transport.settle();
    }
    expect(received).toBeLessThanOrEqual(256 * KiB);
    await loop.return?.();
    expect((await conn.read())?.length).toBe(received - 100 * 4);
  });

  test('waiting for more lets it go on at once', () => {
    const { conn, transport } = openStream();
    transport.receive(Buffer.alloc(64 * KiB));
    expect(transport.reading).toBe(false);
    void conn.readExactly(65 * KiB);
    expect(transport.reading).toBe(true);
  });

  test('a megabyte of single bytes is not quadratic', async () => {
    const { conn, transport } = openStream();
    const line = conn.readLine({ max: 2 ** 20 });
    const byte = Buffer.from('x');
    for (let i = 0; i < 300_000; i++) transport.receive(byte);
    transport.receive('\n');
    expect(await line).toHaveLength(300_000);
  });
});

describe('after the loss', () => {
  test('what has arrived is read, then reads reject with the reason', async () => {
    const { conn, transport } = openStream();
    transport.receive('one\ntwo\nhal');
    transport.lose(new Error('ECONNRESET'));
    expect(await conn.readLine({ max: 9 })).toBe('one');
    expect(await collect(conn.lines({ max: 9 }))).toEqual(['two', '!HAWSER_CLOSED']);
    expect(String(await conn.read())).toBe('hal');
    await expect(conn.read()).rejects.toMatchObject({
      code: 'HAWSER_CLOSED',
      cause: { kind: 'reset' },
    });
  });

  test('a read that waits rejects', async () => {
    for (const read of ['read', 'next'] as const) {
      const { conn, transport } = openStream();
      const waiting = read === 'read' ? conn.read() : conn.lines({ max: 9 }).next();
      transport.lose(new Error('ECONNRESET'));
      await expect(waiting).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
    }
  });

  test('behind the end of input there is still the end', async () => {
    const { conn, transport } = openStream();
    transport.receiveEnd();
    transport.lose(new Error('ECONNRESET'));
    expect(await conn.read()).toBeUndefined();
    expect(await collect(conn.frames(new LineDecoder({ maxBytes: 9 })))).toEqual([]);
  });
});
