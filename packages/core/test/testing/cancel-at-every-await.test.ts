import { describe, expect, test } from 'vitest';
import { Deferred } from '../../src/deferred/deferred.ts';
import { DeferredLock } from '../../src/deferred/deferred-lock.ts';
import { delay } from '../../src/deferred/delay.ts';
import { CancelledError } from '../../src/errors.ts';
import { StreamProtocol } from '../../src/stream/stream-protocol.ts';
import { streaming } from '../../src/stream/streaming.ts';
import { type CancelledRun, cancelAtEveryAwait } from '../../testing/cancel-at-every-await.ts';
import { connectPipe } from '../../testing/pipe.ts';

test('cancels each await once, also in functions that are called, and then none', async () => {
  const log: string[] = [];
  const runs: (number | undefined)[] = [];
  const awaits = await cancelAtEveryAwait(
    async ({ clock }) => {
      const inner = async (): Promise<void> => {
        await delay(10, clock);
        log.push('2');
      };
      await delay(100_000, clock);
      log.push('1');
      await inner();
      await new Promise((done) => clock.callLater(5, () => done(undefined)));
      await delay(1, clock);
      log.push('3');
    },
    {
      check({ cancelledAt, outcome, reactor }) {
        runs.push(cancelledAt);
        expect(reactor.clock.timers).toBe(0);
        const cancelled = outcome.state === 'rejected' && outcome.error instanceof CancelledError;
        expect(cancelled).toBe(cancelledAt !== undefined);
        log.push('|');
      },
    },
  );
  expect(awaits).toBe(3);
  expect(runs).toEqual([1, 2, 3, undefined]);
  expect(log.join('')).toBe('|1|12|123|');
});

describe('it finds', () => {
  /** Takes the lock, waits, works, and gives it back; well or badly. */
  async function work(
    lock: DeferredLock,
    wait: () => Deferred<void>,
    well: boolean,
  ): Promise<void> {
    const held = await lock.acquire();
    if (!well) await wait();
    try {
      await wait();
    } finally {
      held[Symbol.dispose]();
    }
  }

  function tryOut(well: boolean): Promise<number> {
    let lock = new DeferredLock();
    return cancelAtEveryAwait(
      ({ clock }) => {
        lock = new DeferredLock();
        void lock.run(() => delay(5, clock));
        return work(lock, () => delay(10, clock), well);
      },
      {
        async check({ reactor }) {
          await reactor.clock.elapse(100);
          expect(lock.locked).toBe(false);
        },
      },
    );
  }

  test('a lock that is not given back', async () => {
    await expect(tryOut(false)).rejects.toThrow('when await 2 was cancelled');
    expect(await tryOut(true)).toBe(2);
  });

  test('a connection that is left open', async () => {
    const conversation = async (
      reactor: CancelledRun['reactor'],
      close: boolean,
    ): Promise<void> => {
      const client = new StreamProtocol();
      connectPipe(
        reactor,
        streaming(async (conn) => {
          for await (const line of conn.lines({ max: 9 })) await conn.write(`${line}!\n`);
        }),
        () => client,
      );
      const conn = client.connection;
      try {
        await conn.write('hello\n');
        expect(await conn.readLine({ max: 9 })).toBe('hello!');
        await conn.write('bye\n');
        expect(await conn.readLine({ max: 9 })).toBe('bye!');
      } finally {
        if (close) await conn.close();
        open = !conn.signal.aborted;
      }
    };
    let open = false;
    const check = (): void => expect(open).toBe(false);
    expect(await cancelAtEveryAwait((reactor) => conversation(reactor, true), { check })).toBe(3);
    await expect(
      cancelAtEveryAwait((reactor) => conversation(reactor, false), { check }),
    ).rejects.toThrow('when await 1 was cancelled');
  });

  test('a function that never ends, fails by itself, or awaits for ever', async () => {
    await expect(
      cancelAtEveryAwait(async () => {
        await new Deferred().addErrback(() => undefined);
        await new Promise(() => undefined);
      }),
    ).rejects.toThrow('it still waits');
    await expect(cancelAtEveryAwait(() => Promise.reject(new Error('by itself')))).rejects.toThrow(
      'by itself',
    );
    await expect(
      cancelAtEveryAwait(
        async ({ clock }) => {
          for (;;) await delay(1, clock).addErrback(() => undefined);
        },
        { maxAwaits: 3 },
      ),
    ).rejects.toThrow('more than 3');
  });
});

test('a deferred as the result is an await as well', async () => {
  const seen: unknown[] = [];
  const awaits = await cancelAtEveryAwait(({ clock }) => delay(5, clock), {
    check: ({ outcome }) => void seen.push(outcome.state),
  });
  expect([awaits, seen]).toEqual([1, ['rejected', 'fulfilled']]);
});

test('afterwards deferreds are what they were', async () => {
  const before = Object.getOwnPropertyDescriptor(Deferred.prototype, 'then');
  await cancelAtEveryAwait(({ clock }) => delay(5, clock));
  expect(Object.getOwnPropertyDescriptor(Deferred.prototype, 'then')).toEqual(before);
});
