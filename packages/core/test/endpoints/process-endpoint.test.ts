import { beforeEach, expect, test } from 'vitest';
import type { ChildProcess, ProcessProtocol, SpawnOptions } from '../../src/contract/process.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { Deferred } from '../../src/deferred/deferred.ts';
import { parseClientEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { CancelledError, describeReason } from '../../src/errors.ts';
import { createTestReactor, type TestReactor } from '../../testing/test-reactor.ts';

/** Plays the child; `log` has what was asked of it. */
class FakeChild implements ChildProcess {
  readonly pid = 7;
  pendingBytes = 0;
  readonly log: string[] = [];
  full = false;
  write(data: Uint8Array): boolean {
    this.log.push(`write ${String(Buffer.from(data))}`);
    return !this.full;
  }
  end(): void {
    this.log.push('end');
  }
  pauseReading(): void {
    this.log.push('pause');
  }
  resumeReading(): void {}
  kill(signal = 'SIGTERM'): void {
    this.log.push(`kill ${signal}`);
  }
  ended(): never {
    return expect.unreachable();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.log.push('dispose');
  }
}

let child: FakeChild;
let spawned: { options: SpawnOptions; protocol: ProcessProtocol };
let reactor: TestReactor;
let transport: Transport;
let heard: string[];
const protocol: Protocol = {
  connectionMade(made) {
    transport = made;
  },
  dataReceived: (data) => void heard.push(String(data)),
  readEnded: () => void heard.push('ended'),
  writeDrained: () => void heard.push('drained'),
  connectionLost: (reason) => void heard.push(describeReason(reason)),
};

beforeEach(() => {
  child = new FakeChild();
  heard = [];
  reactor = createTestReactor({
    process: {
      spawn(options, started) {
        spawned = { options, protocol: started };
        started.processStarted?.(child);
        const running = new Deferred<ChildProcess>();
        running.resolve(child);
        return running;
      },
    },
  });
});

async function connected(text = 'process:/bin/x'): Promise<ProcessProtocol> {
  expect(await parseClientEndpoint(text).connect(reactor, () => protocol)).toBe(protocol);
  return spawned.protocol;
}

test('the text names the program, its arguments in order, and where it runs', async () => {
  const text = 'process:/usr/bin/ssh?arg=-W&arg=a%26b%20c:1&arg=-v&cwd=/tmp';
  await connected(text);
  expect(spawned.options).toMatchObject({
    command: '/usr/bin/ssh',
    args: ['-W', 'a&b c:1', '-v'],
    cwd: '/tmp',
  });
  expect(String(parseClientEndpoint(text))).toBe(text);
  expect(String(parseClientEndpoint('process:cat'))).toBe('process:cat');
  expect(transport.peer).toEqual({ kind: 'memory', name: '/usr/bin/ssh' });
});

test.each([
  ['process:', 'command is missing'],
  ['process:/x%00', 'must have no zero byte'],
  ['process:/x?arg=%00', 'must have no zero byte'],
  ['process:/x?args=1', 'option "args" is unknown: did you mean "arg"?'],
  ['process:/x?cwd=/a&cwd=/b', 'option "cwd" is given twice'],
])('%s is refused', (text, why) => {
  expect(() => parseClientEndpoint(text)).toThrow(why);
});

test('output is data, and input what was written', async () => {
  const process = await connected();
  process.outReceived?.(Buffer.from('hello'));
  transport.write(Buffer.from('world'));
  await reactor.clock.settle();
  expect(heard).toEqual(['hello']);
  expect(child.log).toEqual(['write world']);
});

test('a child that exits with 0 after both ends is a clean end', async () => {
  const process = await connected();
  process.outEnded?.();
  await reactor.clock.settle();
  transport.end();
  await reactor.clock.settle();
  expect(child.log).toEqual(['end']);
  process.inClosed?.();
  await reactor.clock.settle();
  expect(heard).toEqual(['ended']);
  process.processEnded?.({ kind: 'exited', code: 0 });
  await reactor.clock.settle();
  expect(heard).toEqual(['ended', 'closed cleanly']);
  expect(reactor.clock.timers).toBe(0);
});

test('output that was not read yet comes before the end of the child', async () => {
  const process = await connected();
  transport.pauseReading();
  process.outReceived?.(Buffer.from('last words'));
  process.outEnded?.();
  process.processEnded?.({ kind: 'exited', code: 0 });
  await reactor.clock.settle();
  expect(heard).toEqual([]);
  transport.resumeReading();
  await reactor.clock.settle();
  expect(heard).toEqual(['last words', 'ended', 'closed cleanly']);
});

test.each([
  [{ kind: 'exited', code: 255 } as const, '"/bin/x" exited with code 255: "no route"'],
  [{ kind: 'killed', signal: 'SIGSEGV' } as const, '"/bin/x" was killed by SIGSEGV: "no route"'],
])('a child that ends by %j is a reset, with its last words', async (status, why) => {
  const process = await connected();
  process.errReceived?.(Buffer.from(`${'debug '.repeat(5_000)}\nno `));
  process.errReceived?.(Buffer.from('route\n'));
  process.outEnded?.();
  process.inClosed?.();
  process.processEnded?.(status);
  await reactor.clock.settle();
  expect(heard).toEqual(['ended', `reset: ${why}`]);
});

test('a child that does not read holds the writer back', async () => {
  const process = await connected();
  child.full = true;
  expect(transport.write(Buffer.alloc(100_000))).toBe(false);
  await reactor.clock.settle();
  expect(heard).toEqual([]);
  child.full = false;
  process.inDrained?.();
  await reactor.clock.settle();
  expect(heard).toEqual(['drained']);
});

test('a protocol that does not read holds the child back', async () => {
  const process = await connected();
  transport.pauseReading();
  process.outReceived?.(Buffer.alloc(100_000));
  await reactor.clock.settle();
  expect(child.log).toEqual(['pause']);
});

test('abort kills it', async () => {
  const process = await connected();
  transport.abort();
  expect(child.log).toContain('kill SIGKILL');
  process.outEnded?.();
  process.processEnded?.({ kind: 'killed', signal: 'SIGKILL' });
  await reactor.clock.settle();
  expect(heard).toEqual(['aborted']);
});

test('a child that has closed both ends but stays is ended after five seconds', async () => {
  const process = await connected();
  process.outEnded?.();
  await reactor.clock.settle();
  transport.close();
  process.inClosed?.();
  await reactor.clock.elapse(4_999);
  expect(child.log).toEqual(['end']);
  await reactor.clock.elapse(1);
  expect(child.log).toEqual(['end', 'dispose']);
  process.processEnded?.({ kind: 'killed', signal: 'SIGTERM' });
  await reactor.clock.settle();
  expect(heard.length).toBe(2);
});

test('writing to a child that has closed its input breaks the connection', async () => {
  const process = await connected();
  process.inClosed?.();
  transport.write(Buffer.from('x'));
  await reactor.clock.settle();
  process.processEnded?.({ kind: 'killed', signal: 'SIGKILL' });
  await reactor.clock.settle();
  expect(heard).toEqual(['reset: Cannot write as "/bin/x" has closed its input']);
});

test('a factory that refuses is HAWSER_REFUSED, and the child is ended', async () => {
  await expect(
    parseClientEndpoint('process:/bin/x?arg=s3cret').connect(reactor, () => undefined),
  ).rejects.toMatchObject({
    code: 'HAWSER_REFUSED',
    // Arguments may be secret.
    message: 'Cannot connect to process:/bin/x: the factory refused the connection',
  });
  expect(child.log).toContain('kill SIGKILL');
});

test('cancelling before the child has started cancels the start', async () => {
  let cancelled = 0;
  const slow = createTestReactor({
    process: { spawn: () => new Deferred({ canceller: () => void (cancelled += 1) }) },
  });
  const controller = new AbortController();
  const { signal } = controller;
  const connecting = parseClientEndpoint('process:x').connect(slow, () => protocol, { signal });
  controller.abort();
  await expect(connecting).rejects.toBeInstanceOf(CancelledError);
  expect(cancelled).toBe(1);
});
