import { expect, test } from 'vitest';
import { stack } from '../../../src/connection/stack.ts';
import type { Port } from '../../../src/contract/port.ts';
import { maxConnections } from '../../../src/layers/admission/max-connections.ts';
import { Arrivals, silent } from '../arrive.ts';

/** A port that only knows whether it accepts. */
function fakePort(): Port & { readonly pauses: number } {
  let pauses = 0;
  return {
    get pauses() {
      return pauses;
    },
    pauseAccepting() {
      pauses += 1;
      return {
        [Symbol.dispose]() {
          pauses -= 1;
        },
      };
    },
  } as Port & { readonly pauses: number };
}

test('a connection above the limit is refused, and a place that is free again is given', async () => {
  const server = new Arrivals(stack(maxConnections(1))(silent));
  const first = server.arrive();
  const second = server.arrive();
  await second.settle();
  expect(second.closedWith).toEqual({
    kind: 'refused',
    by: 'max(1)',
    why: '1 connections are open',
  });
  expect(first.ending).toBe(false);
  first.abort();
  await first.settle();
  expect(server.admits('192.0.2.1')).toEqual([true]);
});

test('one value used in two stacks is one limit', () => {
  const limit = maxConnections(1);
  expect(new Arrivals(stack(limit)(silent)).admits('192.0.2.1')).toEqual([true]);
  expect(new Arrivals(stack(limit)(silent)).admits('192.0.2.1')).toEqual([false]);
});

test('a factory behind it that refuses or throws gives the place back', async () => {
  let turn = 0;
  const server = new Arrivals(
    stack(maxConnections(1))(() => {
      turn += 1;
      if (turn === 1) return undefined;
      if (turn === 2) throw new Error('a mistake');
      return { dataReceived() {} };
    }),
  );
  for (const ending of [true, true, false]) {
    const transport = server.arrive();
    expect(transport.ending).toBe(ending);
    await transport.settle();
  }
  expect(server.reactor.reports.problems).toHaveLength(1);
});

test('once full it refuses until resumeAt connections are left', async () => {
  const server = new Arrivals(stack(maxConnections(4, { resumeAt: 2 }))(silent));
  const open = [1, 2, 3, 4].map(() => server.arrive());
  const close = async (): Promise<boolean> => {
    open.pop()?.abort();
    await open[0]?.settle();
    const next = server.arrive();
    await next.settle();
    return !next.ending;
  };
  expect(await close()).toBe(false);
  expect(await close()).toBe(true);
});

test('a full server stops accepting on all its ports, and resumes at resumeAt', async () => {
  const limit = maxConnections(4, { policy: 'stop-accepting', resumeAt: 2 });
  const factory = stack(limit)(silent);
  const [one, two, late] = [fakePort(), fakePort(), fakePort()];
  factory.started?.(one);
  stack(limit)(silent).started?.(two);
  const pauses = (): number[] => [one, two, late].map((port) => port.pauses);
  const server = new Arrivals(factory);
  const open = [1, 2, 3].map(() => server.arrive());
  expect(pauses()).toEqual([0, 0, 0]);
  open.push(server.arrive());
  expect(pauses()).toEqual([1, 1, 0]);
  factory.started?.(late);
  expect(pauses()).toEqual([1, 1, 1]);

  open.pop()?.abort();
  await server.reactor.clock.settle();
  expect(pauses()).toEqual([1, 1, 1]);
  // It was accepted before the pause took hold.
  open.push(server.arrive());
  expect(open[3]?.ending).toBe(false);
  expect(server.admits('192.0.2.1')).toEqual([false]);
  expect(pauses()).toEqual([1, 1, 1]);

  for (const each of open.splice(2)) each.abort();
  await server.reactor.clock.settle();
  expect(pauses()).toEqual([0, 0, 0]);
});

test('ports that let in at once who waits may be full again before all have resumed', async () => {
  const factory = stack(maxConnections(1, { policy: 'stop-accepting' }))(silent);
  const server = new Arrivals(factory);
  let waiting = 1;
  let pauses = 0;
  const eager = (): Port =>
    ({
      pauseAccepting() {
        pauses += 1;
        return {
          [Symbol.dispose]() {
            pauses -= 1;
            if (pauses < 2 && waiting > 0) {
              waiting -= 1;
              server.arrive();
            }
          },
        };
      },
    }) as unknown as Port;
  factory.started?.(eager());
  factory.started?.(eager());
  const first = server.arrive();
  expect(pauses).toBe(2);
  first.abort();
  await first.settle();
  expect([waiting, pauses]).toEqual([0, 2]);
});

test('ports on which many wait are served in turns', async () => {
  const factory = stack(maxConnections(1, { policy: 'stop-accepting' }))(silent);
  const server = new Arrivals(factory);
  const served: string[] = [];
  let open = server.arrive();
  /** A port on which somebody always waits. */
  const crowded = (name: string): Port => {
    let pauses = 0;
    return {
      pauseAccepting() {
        pauses += 1;
        return {
          [Symbol.dispose]() {
            pauses -= 1;
            if (pauses > 0) return;
            served.push(name);
            open = server.arrive();
          },
        };
      },
    } as unknown as Port;
  };
  for (const name of ['a', 'b', 'c']) factory.started?.(crowded(name));
  for (let turn = 0; turn < 6; turn++) {
    open.abort();
    await open.settle();
  }
  expect(served).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
});

test('a port that stops while paused gets its pause back', () => {
  const factory = stack(maxConnections(1, { policy: 'stop-accepting' }))(silent);
  const port = fakePort();
  factory.started?.(port);
  new Arrivals(factory).arrive();
  expect(port.pauses).toBe(1);
  factory.stopped?.(port);
  expect(port.pauses).toBe(0);
});

test('a port behind which the limit stands twice resumes as any other', async () => {
  const limit = maxConnections(2, { policy: 'stop-accepting', resumeAt: 1 });
  const server = new Arrivals(stack(limit)(silent));
  const [first] = [server.arrive(), server.arrive()];
  const port = fakePort();
  stack(limit, limit)(silent).started?.(port);
  expect(port.pauses).toBe(1);
  first.abort();
  await first.settle();
  expect(port.pauses).toBe(0);
});

test('where a port cannot pause, or nobody listens, stop-accepting refuses', () => {
  const factory = stack(maxConnections(1, { policy: 'stop-accepting' }))(silent);
  factory.started?.({} as Port);
  expect(new Arrivals(factory).admits('192.0.2.1', '192.0.2.1')).toEqual([true, false]);
});

test.each([0, -1, 1.5, Number.NaN])('a limit of %d is a mistake', (limit) => {
  expect(() => maxConnections(limit)).toThrow(RangeError);
});

test.each([-1, 10, 0.5])('resuming a limit of 10 at %d is a mistake', (resumeAt) => {
  expect(() => maxConnections(10, { resumeAt })).toThrow(RangeError);
});
