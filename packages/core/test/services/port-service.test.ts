import { beforeEach, describe, expect, test } from 'vitest';
import type { InetAddress } from '../../src/contract/address.ts';
import type { Port } from '../../src/contract/port.ts';
import type { Service } from '../../src/contract/service.ts';
import type { DatagramPort } from '../../src/contract/udp.ts';
import { Deferred } from '../../src/deferred/deferred.ts';
import { succeed } from '../../src/deferred/succeed.ts';
import { CancelledError, ListenError } from '../../src/errors.ts';
import { portService, serve } from '../../src/services/port-service.ts';
import { udpService } from '../../src/services/udp-service.ts';
import { createTestReactor, type TestReactor } from '../../testing/test-reactor.ts';

const address: InetAddress = { kind: 'tcp', host: '127.0.0.1', port: 7000, family: 4 };
let log: string[];
/** What listening and binding answer. */
let listening: Deferred<Port>;
let binding: Deferred<DatagramPort>;
let reactor: TestReactor;

beforeEach(() => {
  log = [];
  listening = new Deferred<Port>({ canceller: () => void log.push('listen cancelled') });
  binding = new Deferred<DatagramPort>();
  const refuse = (): never => expect.unreachable();
  reactor = createTestReactor({
    tcp: { listen: () => listening, connect: refuse },
    udp: { bind: () => binding },
  });
});

function fakePort(): Port {
  const step = (what: string): Deferred<void> => {
    log.push(what);
    return succeed();
  };
  return {
    address,
    protocol: 'echo',
    connections: 3,
    quiesce: () => step('quiesce'),
    drain(deadline) {
      log.push(`drain until ${deadline}`);
      return succeed({ finished: 2, aborted: 1 });
    },
    stop: () => step('stop'),
    toString: () => 'tcp://127.0.0.1:7000 echo',
    [Symbol.asyncDispose]: async () => undefined,
  };
}

const echo = { name: 'echo', buildProtocol: () => undefined };

describe('a port service', () => {
  test('is there when start settles, and passes the phases to its port', async () => {
    const service = serve('tcp://:7000', echo);
    expect(service.name).toBe('tcp://:7000 echo');
    const started = service.start(reactor);
    expect(started.peek().state).toBe('pending');
    expect(service.describe()).toEqual([]);
    listening.resolve(fakePort());
    await started;
    expect(service.port?.address).toBe(address);
    expect(service.describe()).toEqual(['tcp://127.0.0.1:7000 echo']);
    await service.quiesce();
    expect(await service.drain(500)).toEqual({ echo: { finished: 2, aborted: 1 } });
    await service.stop();
    expect(log).toEqual(['quiesce', 'drain until 500', 'stop']);
    expect(service.port).toBeUndefined();
  });

  test('a failed start leaves it stopped, to be started again', async () => {
    const service = portService('tcp://:7000', echo);
    const taken = new ListenError('HAWSER_ADDRESS_IN_USE', 'Cannot listen on tcp://:7000');
    const started = service.start(reactor);
    listening.reject(taken);
    await expect(started).rejects.toBe(taken);
    listening = succeed(fakePort());
    await service.start(reactor);
    expect(service.port).toBeDefined();
  });

  test('starting twice is a mistake in every state but stopped', async () => {
    const service = portService('tcp://:7000', echo, { name: 'web' });
    const first = service.start(reactor);
    await expect(service.start(reactor)).rejects.toMatchObject({
      code: 'HAWSER_SERVICE_STATE',
      message: 'Cannot start service "web": it is starting',
    });
    listening.resolve(fakePort());
    await first;
    await expect(service.start(reactor)).rejects.toThrow('it is running');
  });

  test('stopping while it starts cancels the listening', async () => {
    const service = portService('tcp://:7000', echo);
    const started = service.start(reactor);
    await service.stop();
    expect(log).toEqual(['listen cancelled']);
    await expect(started).rejects.toBeInstanceOf(CancelledError);
  });

  test('stopping twice stops the port once; before the start it is harmless', async () => {
    const service = portService('tcp://:7000', echo);
    await service.stop();
    const gone = new Deferred<void>();
    listening = succeed({
      ...fakePort(),
      stop() {
        log.push('stop');
        return gone;
      },
    });
    await service.start(reactor);
    const both = [service.stop(), service.stop()];
    // Whoever gives up waiting does not make it stopped.
    service.stop().cancel();
    await expect(service.start(reactor)).rejects.toThrow('it is stopping');
    gone.resolve();
    await Promise.all(both);
    expect(log).toEqual(['stop']);
  });

  test('a bad endpoint is a failed start', async () => {
    const service: Service = serve('tcp://x:99999', echo);
    await expect(service.start(reactor)).rejects.toMatchObject({ code: 'HAWSER_BAD_ENDPOINT' });
    await service.stop();
  });
});

test('a UDP service stops receiving at once, and keeps its port open until the stop', async () => {
  const service = udpService('udp://:53', { datagramReceived: () => undefined }, { name: 'dns' });
  const started = service.start(reactor);
  binding.resolve({
    address: { ...address, kind: 'udp', port: 53 },
    dropped: 0,
    send: () => true,
    quiesce() {
      log.push('quiesce');
      return succeed();
    },
    stop() {
      log.push('stop');
      return succeed();
    },
    [Symbol.asyncDispose]: async () => undefined,
  });
  await started;
  expect(service.describe()).toEqual(['udp://127.0.0.1:53 dns']);
  await service.quiesce();
  expect(await service.drain(0)).toEqual({});
  expect(log).toEqual(['quiesce']);
  await service.stop();
  expect(log).toEqual(['quiesce', 'stop']);
});
