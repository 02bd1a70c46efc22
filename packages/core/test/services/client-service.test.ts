import { beforeEach, describe, expect, test } from 'vitest';
import { currentContext } from '../../src/connection/entry.ts';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { Deferred } from '../../src/deferred/deferred.ts';
import { CancelledError } from '../../src/errors.ts';
import { ClientService, type ClientServiceOptions } from '../../src/services/client-service.ts';
import { createTestReactor, type TestReactor } from '../../testing/test-reactor.ts';
import { ScriptedEndpoint } from './scripted-endpoint.ts';

let reactor: TestReactor;
let endpoint: ScriptedEndpoint;
let lost: CloseReason[];
let built: Client[];

class Client implements Protocol {
  transport: Transport | undefined;
  connectionMade(transport: Transport): void {
    this.transport = transport;
    built.push(this);
  }
  dataReceived(): void {}
  connectionLost(reason: CloseReason): void {
    lost.push(reason);
  }
}

/** Hears that it should finish, and does nothing about it. */
class Stubborn extends Client {
  deadlines: number[] = [];
  drainRequested(deadline: number): void {
    this.deadlines.push(deadline);
  }
}

beforeEach(() => {
  reactor = createTestReactor();
  endpoint = new ScriptedEndpoint();
  lost = [];
  built = [];
});

/** Without jitter, so that the times are known. */
function service(
  options: ClientServiceOptions<Client> = {},
  make: () => Client = () => new Client(),
): ClientService<Client> {
  return new ClientService(
    endpoint,
    { name: 'chat', buildProtocol: make },
    { jitter: false, ...options },
  );
}

async function started(...given: Parameters<typeof service>): Promise<ClientService<Client>> {
  const client = service(...given);
  await client.start(reactor);
  await reactor.clock.settle();
  return client;
}

/** The far side hangs up. */
async function hangUp(): Promise<void> {
  endpoint.servers.at(-1)?.close();
  await reactor.clock.settle();
}

describe('new', () => {
  test('waits for its start, also with whenConnected', async () => {
    const client = service();
    expect(client.state).toBe('new');
    const waiting = client.whenConnected();
    expect(waiting.peek().state).toBe('pending');
    await client.start(reactor);
    expect(await waiting).toBe(built[0]);
    expect(client.state).toBe('connected');
    await client.stop();
  });

  test('stop fails those who wait', async () => {
    const client = service();
    const waiting = client.whenConnected();
    await client.stop();
    await expect(waiting).rejects.toBeInstanceOf(CancelledError);
    expect(client.state).toBe('stopped');
  });

  test('a bad endpoint is a failed start', async () => {
    const client = new ClientService('tcp://nowhere:x', () => new Client());
    await expect(Promise.resolve(client.start(reactor))).rejects.toMatchObject({
      code: 'HAWSER_BAD_ENDPOINT',
    });
    expect(client.state).toBe('new');
  });
});

test('neither its name nor its line shows the password of an endpoint', async () => {
  endpoint.toString = () => 'socks5+tcp://me:s3cret@proxy:1080/irc.example:6667';
  const client = await started();
  endpoint.accept();
  await reactor.clock.settle();
  const shown = [client.name, ...client.describe()];
  expect(shown[0]).toBe('socks5+tcp://me:***@proxy:1080/irc.example:6667 chat');
  expect(shown.join(' ')).not.toContain('s3cret');
});

describe('connecting', () => {
  test('start settles at once, and again is a mistake', async () => {
    endpoint.script = ['later'];
    const client = await started();
    expect(client.state).toBe('connecting');
    await expect(Promise.resolve(client.start(reactor))).rejects.toMatchObject({
      code: 'HAWSER_SERVICE_STATE',
      message: 'Cannot start service "pipe://server chat": it is connecting',
    });
    await client.stop();
  });

  test('ready leads to connected, and all who wait get the protocol', async () => {
    endpoint.script = ['later'];
    const client = await started();
    const waiting = [client.whenConnected(), client.whenConnected({ failAfterFailures: 1 })];
    endpoint.accept();
    expect(await Promise.all(waiting)).toEqual([built[0], built[0]]);
    expect(client.state).toBe('connected');
    await client.stop();
  });

  test.each(['fails', 'throws'] as const)('an attempt that %s leads to waiting', async (how) => {
    endpoint.script = [how];
    const client = await started();
    expect([client.state, client.failures]).toEqual(['waiting', 1]);
    await client.stop();
  });

  test('stop gives up the attempt', async () => {
    endpoint.script = ['later'];
    const client = await started();
    const waiting = client.whenConnected();
    await client.stop();
    expect([client.state, endpoint.cancelled]).toEqual(['stopped', 1]);
    await expect(waiting).rejects.toBeInstanceOf(CancelledError);
    expect(reactor.clock.timers).toBe(0);
  });

  test('an endpoint that connects although it was told not to is refused', async () => {
    endpoint.script = ['later'];
    const client = await started();
    await client.stop();
    expect(() => endpoint.accept()).toThrow('the factory refused');
    expect(built).toEqual([]);
  });

  test('an endpoint may lose connections until it is content with one', async () => {
    endpoint.script = ['connects at second try'];
    const client = await started();
    expect([client.state, lost.length]).toEqual(['connecting', 1]);
    endpoint.accept();
    expect(client.state).toBe('connected');
    expect(await client.whenConnected()).toBe(built[1]);
    await client.stop();
    expect(lost).toHaveLength(2);
  });

  test('an attempt that takes too long counts as failed', async () => {
    endpoint.script = ['later'];
    const client = await started({ attemptTimeoutMs: 500 });
    const waiting = client.whenConnected({ failAfterFailures: 1 });
    await reactor.clock.elapse(500);
    await expect(waiting).rejects.toMatchObject({ code: 'HAWSER_TIMEOUT' });
    expect([client.state, endpoint.cancelled]).toEqual(['waiting', 1]);
    await client.stop();
  });
});

describe('connected', () => {
  test('whenConnected gives the protocol at once; start is a mistake', async () => {
    const client = await started();
    expect(client.whenConnected().peek()).toEqual({ state: 'fulfilled', value: built[0] });
    await expect(Promise.resolve(client.start(reactor))).rejects.toThrow('it is connected');
    await client.stop();
  });

  test('a lost connection leads to waiting, and to another connection', async () => {
    const client = await started();
    await hangUp();
    expect([client.state, client.failures]).toEqual(['waiting', 0]);
    const next = client.whenConnected();
    await reactor.clock.elapse(1_000);
    expect(await next).toBe(built[1]);
    expect(endpoint.attempts).toEqual([0, 1_000]);
    await client.stop();
  });

  test('stop closes, and settles when the connection is gone', async () => {
    const client = await started();
    const stopped = client.stop();
    expect(client.state).toBe('disconnecting');
    expect(lost).toEqual([]);
    await stopped;
    expect(lost).toEqual([{ kind: 'done' }]);
    expect(client.state).toBe('stopped');
    expect(reactor.clock.timers).toBe(0);
  });
});

describe('waiting', () => {
  test('the delay grows from the first one, up to a hard limit, and success resets it', async () => {
    endpoint.script = ['fails', 'fails', 'fails', 'fails', 'connects', 'fails', 'connects'];
    const client = await started({ initialDelayMs: 100, maxDelayMs: 250 });
    await reactor.clock.elapse(100 + 200 + 250 + 250);
    expect(endpoint.attempts).toEqual([0, 100, 300, 550, 800]);
    expect([client.state, client.failures]).toEqual(['connected', 0]);
    await hangUp();
    await reactor.clock.elapse(200);
    expect(endpoint.attempts.slice(5)).toEqual([900, 1_000]);
    await client.stop();
  });

  test('the jitter is full: any time up to the delay', async () => {
    endpoint.script = ['fails'];
    const client = await started({ initialDelayMs: 1_000, maxDelayMs: 1_000, jitter: true });
    await reactor.clock.elapse(60_000);
    await client.stop();
    const waits = endpoint.attempts
      .slice(1)
      .map((at, index) => at - (endpoint.attempts[index] ?? 0));
    expect(waits.length).toBeGreaterThan(60);
    expect(Math.max(...waits)).toBeLessThan(1_000);
    expect(Math.max(...waits)).toBeGreaterThan(800);
    expect(Math.min(...waits)).toBeLessThan(200);
  });

  test('after thousands of failures the delay is still the limit', async () => {
    endpoint.script = ['fails'];
    const client = await started({ initialDelayMs: 1, maxDelayMs: 2, factor: 10 });
    await reactor.clock.elapse(1_000);
    expect(endpoint.attempts.at(-1)).toBe(999);
    await client.stop();
  });

  test('stop ends it at once', async () => {
    endpoint.script = ['fails'];
    const client = await started();
    const waiting = client.whenConnected();
    expect(client.stop().peek().state).toBe('fulfilled');
    await expect(waiting).rejects.toBeInstanceOf(CancelledError);
    expect([client.state, reactor.clock.timers]).toEqual(['stopped', 0]);
  });

  test('start is a mistake', async () => {
    endpoint.script = ['fails'];
    const client = await started();
    await expect(Promise.resolve(client.start(reactor))).rejects.toThrow('it is waiting');
    await client.stop();
  });
});

describe('disconnecting', () => {
  test('a protocol that does not finish is aborted at the deadline', async () => {
    const client = await started({ closeTimeoutMs: 400 }, () => new Stubborn());
    const stopped = client.stop();
    expect((built[0] as Stubborn).deadlines).toEqual([400]);
    await reactor.clock.elapse(399);
    expect([client.state, lost]).toEqual(['disconnecting', []]);
    await reactor.clock.elapse(1);
    await stopped;
    expect(lost).toEqual([{ kind: 'shutdown' }]);
  });

  test('stop again joins; whenConnected fails', async () => {
    const client = await started({}, () => new Stubborn());
    const both = [client.stop(), client.stop()];
    await expect(client.whenConnected()).rejects.toBeInstanceOf(CancelledError);
    await hangUp();
    built[0]?.transport?.close();
    await Promise.all(both);
    expect(client.state).toBe('stopped');
  });

  test('an earlier deadline counts', async () => {
    const client = await started({ closeIn: 'drain', closeTimeoutMs: 100 }, () => new Stubborn());
    const drained = client.drain(10_000);
    const stopped = client.stop();
    await reactor.clock.elapse(100);
    await stopped;
    expect(await drained).toEqual({ chat: { finished: 0, aborted: 1 } });
    expect(reactor.clock.timers).toBe(0);
  });

  test('a stopped service can be started again', async () => {
    const client = await started();
    await client.stop();
    await expect(client.whenConnected()).rejects.toBeInstanceOf(CancelledError);
    await client.start(reactor);
    expect(await client.whenConnected()).toBe(built[1]);
    await client.stop();
  });
});

describe('restarting', () => {
  test('start during a stop connects again once the old connection is gone', async () => {
    const client = await started({}, () => new Stubborn());
    const stopped = client.stop();
    const again = client.start(reactor);
    expect(client.state).toBe('restarting');
    const next = client.whenConnected();
    await reactor.clock.settle();
    expect([endpoint.attempts.length, again.peek().state]).toEqual([1, 'pending']);
    built[0]?.transport?.close();
    await Promise.all([stopped, again]);
    expect(await next).toBe(built[1]);
    await expect(Promise.resolve(client.start(reactor))).rejects.toThrow('it is connected');
    built[1]?.transport?.close();
    await client.stop();
  });

  test('stop gives up the restart; start again is a mistake', async () => {
    const client = await started({}, () => new Stubborn());
    const stopped = client.stop();
    const again = client.start(reactor);
    await expect(Promise.resolve(client.start(reactor))).rejects.toThrow('it is restarting');
    const waiting = client.whenConnected();
    const last = client.stop();
    expect(client.state).toBe('disconnecting');
    await expect(again).rejects.toBeInstanceOf(CancelledError);
    await expect(waiting).rejects.toBeInstanceOf(CancelledError);
    built[0]?.transport?.close();
    await Promise.all([stopped, last]);
    expect([client.state, endpoint.attempts.length]).toEqual(['stopped', 1]);
  });
});

describe('whenConnected', () => {
  test('gives up after as many failures as it was told, from then on', async () => {
    endpoint.script = ['fails', 'fails', 'fails', 'connects'];
    const client = await started({ initialDelayMs: 100 });
    const one = client.whenConnected({ failAfterFailures: 1 });
    const two = client.whenConnected({ failAfterFailures: 2 });
    const three = client.whenConnected({ failAfterFailures: 3 });
    await reactor.clock.elapse(100);
    expect([one.peek().state, two.peek().state]).toEqual(['rejected', 'pending']);
    await expect(one).rejects.toMatchObject({ code: 'HAWSER_CONNECT' });
    await reactor.clock.elapse(200);
    await expect(two).rejects.toMatchObject({ code: 'HAWSER_CONNECT' });
    await reactor.clock.elapse(400);
    expect(await three).toBe(built[0]);
    await client.stop();
  });

  test('can be given up alone', async () => {
    endpoint.script = ['later'];
    const client = await started();
    const controller = new AbortController();
    const first = client.whenConnected({ signal: controller.signal });
    const second = client.whenConnected();
    controller.abort();
    await expect(first).rejects.toBeInstanceOf(CancelledError);
    endpoint.accept();
    expect(await second).toBe(built[0]);
    await client.stop();
  });

  test('so many may wait, and no more', async () => {
    const client = service();
    const waiting = Array.from({ length: 10_000 }, () => client.whenConnected());
    await expect(client.whenConnected()).rejects.toMatchObject({ code: 'HAWSER_QUEUE' });
    waiting[0]?.cancel();
    expect(client.whenConnected().peek().state).toBe('pending');
    expect(() => client.whenConnected({ failAfterFailures: 0 })).toThrow(RangeError);
  });

  test('a callback may stop the service', async () => {
    const client = service();
    const stopped = client.whenConnected().addCallback(() => client.stop());
    await client.start(reactor);
    await stopped;
    expect(client.state).toBe('stopped');
  });
});

describe('prepareConnection', () => {
  test('has to succeed before the connection counts', async () => {
    const ready = new Deferred<void>();
    const prepared: Client[] = [];
    const client = await started({
      prepareConnection(protocol) {
        prepared.push(protocol);
        return ready;
      },
    });
    expect([client.state, prepared]).toEqual(['connecting', built]);
    const waiting = client.whenConnected();
    ready.resolve();
    expect(await waiting).toBe(built[0]);
    await client.stop();
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('no login');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no login'))],
  ])(
    'one that %s aborts the connection and counts as a failed attempt',
    async (_, prepareConnection) => {
      const client = service({ prepareConnection });
      const waiting = client.whenConnected({ failAfterFailures: 1 });
      await client.start(reactor);
      await expect(waiting).rejects.toThrow('no login');
      expect([client.state, client.failures]).toEqual(['waiting', 1]);
      expect(lost).toMatchObject([{ kind: 'aborted', error: { message: 'no login' } }]);
      await client.stop();
    },
  );

  test('one that never ends is given up', async () => {
    const client = await started({
      prepareConnection: () => new Deferred(),
      attemptTimeoutMs: 700,
    });
    await reactor.clock.elapse(700);
    expect([client.state, client.failures, lost.length]).toEqual(['waiting', 1, 1]);
    await client.stop();
  });

  test('a connection that is lost meanwhile counts as a failed attempt', async () => {
    const client = await started({ prepareConnection: () => new Deferred() });
    const waiting = client.whenConnected({ failAfterFailures: 1 });
    await hangUp();
    await expect(waiting).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
    expect([client.state, client.failures]).toEqual(['waiting', 1]);
    await client.stop();
  });

  test('stop meanwhile aborts the connection and waits for its end', async () => {
    const client = await started({ prepareConnection: () => new Deferred() });
    const stopped = client.stop();
    expect([client.state, lost]).toEqual(['disconnecting', []]);
    await stopped;
    expect([client.state, lost.length]).toEqual(['stopped', 1]);
  });

  test('may stop the service', async () => {
    const client = service({
      prepareConnection() {
        void client.stop();
        return new Deferred();
      },
    });
    await client.start(reactor);
    await reactor.clock.settle();
    expect([client.state, lost.length, endpoint.attempts.length]).toEqual(['stopped', 1, 1]);
    expect(reactor.clock.timers).toBe(0);
  });

  test('runs in a context named after the service', async () => {
    let label: string | undefined;
    const client = await started({
      name: 'upstream',
      prepareConnection() {
        label = currentContext()?.label;
      },
    });
    expect(label).toBe('upstream');
    await client.stop();
  });
});

describe('in a shutdown', () => {
  test('the connection lasts until the stop phase, for those who still need it', async () => {
    const client = await started();
    expect(await client.drain(1_000)).toEqual({});
    expect(client.state).toBe('connected');
    await client.stop();
  });

  test('it may end with the drain, and is counted', async () => {
    const client = await started({ closeIn: 'drain' });
    expect(await client.drain(1_000)).toEqual({ chat: { finished: 1, aborted: 0 } });
    expect(client.state).toBe('stopped');
    expect(lost).toEqual([{ kind: 'done' }]);
    await client.stop();
  });

  test('who is closed and runs out of time by its own timer was cut off', async () => {
    class Hasty extends Client {
      drainRequested(): void {
        this.transport?.close({ deadlineMs: 100 });
      }
    }
    const client = await started({ closeIn: 'drain' }, () => new Hasty());
    // The far side does not read.
    endpoint.servers.at(-1)?.pauseReading();
    built[0]?.transport?.write(Buffer.alloc(1_000_000));
    const drained = client.drain(1_000);
    await reactor.clock.elapse(100);
    expect(await drained).toEqual({ chat: { finished: 0, aborted: 1 } });
  });

  test('without a connection there is nothing to count', async () => {
    endpoint.script = ['fails'];
    const client = await started({ closeIn: 'drain' });
    expect(await client.drain(1_000)).toEqual({});
  });

  test('describes where it connects to', async () => {
    expect(service().describe()).toEqual(['to pipe://server chat']);
  });
});

test('delays that make no sense are refused', () => {
  expect(() => service({ initialDelayMs: 0 })).toThrow(RangeError);
  expect(() => service({ initialDelayMs: 10, maxDelayMs: 5 })).toThrow(RangeError);
  expect(() => service({ factor: 0.5 })).toThrow(RangeError);
});

test('who gives up waiting for the end of a connection does not keep others from it', async () => {
  const client = await started({ closeTimeoutMs: 500 }, () => new Stubborn());
  const stopped = client.stop();
  client.stop().cancel();
  expect(client.state).toBe('disconnecting');
  await reactor.clock.elapse(500);
  await stopped;
  expect(lost).toEqual([{ kind: 'shutdown' }]);
  expect(client.state).toBe('stopped');
});
