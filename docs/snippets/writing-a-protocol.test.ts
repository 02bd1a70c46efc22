import {
  BaseProtocol,
  type DelayedCall,
  FramedProtocol,
  idleTimeout,
  LineDecoder,
  stack,
  streaming,
} from '@hawser/core';
import { createTestReactor, FakeTransport, feed } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';

// The program of docs/writing-a-protocol.md, step by step.

class Length extends BaseProtocol {
  readonly #lines = new LineDecoder({ maxBytes: 1024 });

  dataReceived(data: Buffer): void {
    for (const line of this.#lines.push(data)) {
      this.transport.write(Buffer.from(`${line.length}\n`));
    }
  }
}

class Count extends FramedProtocol {
  #next = 1;
  #last = 0;

  constructor() {
    super(new LineDecoder({ maxBytes: 20 }));
  }

  frameReceived(line: Buffer): void {
    this.#next = 1;
    this.#last = Number(line);
    if (Number.isNaN(this.#last)) this.transport.write(Buffer.from('not a number\n'));
    this.#count();
  }

  override writeDrained(): void {
    this.#count();
  }

  #count(): void {
    while (this.#next <= this.#last) {
      const more = this.transport.write(Buffer.from(`${this.#next++}\n`));
      if (!more) return this.transport.pauseReading();
    }
    this.transport.resumeReading();
  }
}

class LastLine extends BaseProtocol {
  readonly #lines = new LineDecoder({ maxBytes: 1024 });

  dataReceived(data: Buffer): void {
    for (const line of this.#lines.push(data)) this.#answer(line);
  }

  override readEnded(): void {
    const unfinished = this.#lines.rest();
    if (unfinished.length > 0) this.#answer(unfinished);
    this.transport.end();
  }

  #answer(line: Buffer): void {
    this.transport.write(Buffer.from(`${line.length}\n`));
  }
}

class Patient extends BaseProtocol {
  #deadline: DelayedCall | undefined;

  override connected(): void {
    const { clock } = this.transport.reactor;
    this.transport.write(Buffer.from('name?\n'));
    this.#deadline = clock.callLater(5_000, () => {
      this.transport.write(Buffer.from('too late\n'));
      this.transport.close();
    });
  }

  dataReceived(data: Buffer): void {
    this.#deadline?.cancel();
    this.transport.write(Buffer.concat([Buffer.from('hello '), data]));
  }

  override connectionLost(): void {
    this.#deadline?.cancel();
  }
}

class Polite extends BaseProtocol {
  dataReceived(data: Buffer): void {
    this.transport.write(data);
  }

  drainRequested(): void {
    if (!this.transport.ending) this.transport.write(Buffer.from('bye\n'));
    this.transport.close();
  }
}

const count = streaming(async (conn) => {
  for await (const line of conn.lines({ max: 20 })) {
    const last = Number(line);
    if (Number.isNaN(last)) await conn.write('not a number\n');
    for (let next = 1; next <= last; next++) await conn.write(`${next}\n`);
  }
  if (conn.draining) await conn.write('bye\n');
});

const patient = streaming(async (conn) => {
  const { clock } = conn.transport.reactor;
  await conn.write('name?\n');
  const said = conn.readLine({ max: 64 }).timeout(5_000, clock);
  const name = await said.catch(() => undefined);
  await conn.write(name === undefined ? 'too late\n' : `hello ${name}\n`);
});

test('answers each line with its length', () => {
  const transport = new FakeTransport();
  transport.start(new Length());
  transport.receive('hel');
  transport.receive('lo\n');
  expect(transport.takeText()).toBe('5\n');
});

test('however the network cuts them', async () => {
  const { written, closedWith } = await feed(() => new Length(), 'hello\r\n\nagain\n');
  expect(written.toString()).toBe('5\n0\n5\n');
  expect(closedWith).toBeUndefined();
});

test('a line that is too long ends the connection', async () => {
  const { closedWith, problems } = await feed(() => new Length(), 'x'.repeat(2000), { cuts: 7 });
  expect(closedWith).toMatchObject({ kind: 'protocol', error: { code: 'HAWSER_LINE_TOO_LONG' } });
  expect(problems).toEqual([]);
});

test('counts', async () => {
  const { written } = await feed(() => new Count(), '3\nx\n2\n');
  expect(written.toString()).toBe('1\n2\n3\nnot a number\n1\n2\n');
});

test('a client that does not read gets no more than fits', () => {
  const transport = new FakeTransport();
  transport.start(new Count());
  transport.stall();
  transport.receive('1000000\n');
  expect(transport.pendingBytes).toBeLessThan(20_000);
  expect(transport.reading).toBe(false);
});

test('and everything once it does', async () => {
  const transport = new FakeTransport();
  transport.start(new Count());
  transport.stall();
  transport.receive('10000\n');
  while (transport.pendingBytes > 0) {
    transport.drained();
    await transport.settle();
  }
  expect(transport.takeText()).toMatch(/^1\n2\n3\n[^]*\n9999\n10000\n$/);
  expect(transport.reading).toBe(true);
});

test('the end waits behind the work', async () => {
  const transport = new FakeTransport();
  transport.start(new Count());
  transport.stall();
  transport.receive('10000\n');
  transport.receiveEnd();
  expect(transport.wireState).toBe('open');
  while (transport.wireState === 'open') {
    transport.drained();
    await transport.settle();
  }
  expect(transport.takeText()).toMatch(/\n9999\n10000\n$/);
  expect(transport.wireState).toBe('ended');
});

test('answers a last line without a newline, then ends', async () => {
  const { written } = await feed(() => new LastLine(), 'one\nthree', { end: true });
  expect(written.toString()).toBe('3\n5\n');
});

test('a client that never says its name is told so', async () => {
  const reactor = createTestReactor();
  const transport = new FakeTransport({ reactor });
  transport.start(new Patient());
  await reactor.clock.elapse(5_000);
  expect(transport.takeText()).toBe('name?\ntoo late\n');
  expect(transport.wireState).toBe('ended');
});

test('a client that says its name may stay', async () => {
  const reactor = createTestReactor();
  const transport = new FakeTransport({ reactor });
  transport.start(new Patient());
  transport.receive('ann\n');
  await reactor.clock.elapse(60_000);
  expect(transport.takeText()).toBe('name?\nhello ann\n');
  expect(transport.closedWith).toBeUndefined();
  expect(reactor.clock.timers).toBe(0);
});

test('a silent client is cut off', async () => {
  const reactor = createTestReactor();
  const transport = new FakeTransport({ reactor });
  const factory = stack(idleTimeout(60_000))(() => new Length());
  transport.adopt(factory);
  await reactor.clock.elapse(75_000);
  expect(transport.closedWith).toEqual({ kind: 'timeout', timer: 'idle', afterMs: 60_000 });
});

test('says bye when the process stops', async () => {
  const transport = new FakeTransport();
  transport.start(new Polite());
  transport.requestDrain(10_000);
  expect(transport.takeText()).toBe('bye\n');

  transport.receiveEnd();
  await transport.settle();
  expect(transport.closedWith).toEqual({ kind: 'done' });
});

describe('with await', () => {
  test('counts the same, however the lines are cut', async () => {
    const { written } = await feed(count, '3\nx\n2\n');
    expect(written.toString()).toBe('1\n2\n3\nnot a number\n1\n2\n');
  });

  test('waits for a peer that does not read', async () => {
    const transport = new FakeTransport();
    transport.adopt(count);
    transport.stall();
    transport.receive('1000000\n');
    await transport.settle();
    expect(transport.pendingBytes).toBeLessThan(20_000);
    transport.lose();
    await transport.settle();
    expect(transport.closedWith).toEqual({ kind: 'done' });
  });

  test('an idle loop ends when the process stops', async () => {
    const transport = new FakeTransport();
    transport.adopt(count);
    transport.receive('2\n');
    await transport.settle();
    transport.requestDrain(10_000);
    await transport.settle();
    expect(transport.takeText()).toBe('1\n2\nbye\n');
    expect(transport.wireState).toBe('ended');
  });

  test.each([
    ['ann\n', 'name?\nhello ann\n'],
    ['', 'name?\ntoo late\n'],
  ])('a name in time: %j', async (input, answer) => {
    const reactor = createTestReactor();
    const transport = new FakeTransport({ reactor });
    transport.adopt(patient);
    transport.receive(input);
    await reactor.clock.elapse(5_000);
    expect(transport.takeText()).toBe(answer);
    expect(reactor.reports.problems).toEqual([]);
    expect(transport.ending).toBe(true);
  });
});
