import { describe, expect, test, vi } from 'vitest';
import { currentContext, enter } from '../../src/connection/entry.ts';
import { EntryContext } from '../../src/connection/entry-context.ts';
import type { Reports } from '../../src/contract/reports.ts';
import { Deferred } from '../../src/deferred/deferred.ts';
import { fail } from '../../src/deferred/fail.ts';
import { fromPromise } from '../../src/deferred/from-promise.ts';
import { succeed } from '../../src/deferred/succeed.ts';
import { CancelledError, TimeoutError } from '../../src/errors.ts';

const boom = new Error('boom');

function manualClock(): {
  callLater: (ms: number, call: () => void) => never;
  fire(): void;
  active: boolean;
} {
  const clock = {
    active: false,
    fire: (): void => undefined,
    callLater: (_ms: number, call: () => void): never => {
      clock.active = true;
      clock.fire = () => {
        if (clock.active) call();
      };
      return { cancel: () => (clock.active = false) } as never;
    },
  };
  return clock;
}

const endOfTurn = (): Promise<void> => new Promise((done) => setImmediate(done));

describe('as a promise', () => {
  test('await gives the value and throws the error', async () => {
    const later = new Deferred<number>();
    queueMicrotask(() => later.resolve(7));
    expect(await later).toBe(7);
    await expect(fail(boom)).rejects.toBe(boom);
  });

  test('then calls back in a microtask and gives a real promise', async () => {
    const seen: string[] = [];
    const answer = succeed('x').then((value) => seen.push(value));
    expect(seen).toEqual([]);
    expect(answer).toBeInstanceOf(Promise);
    await answer;
    expect(seen).toEqual(['x']);
  });

  test('catch and finally work', async () => {
    const settled = vi.fn<() => void>();
    expect(await fail(boom).catch((error) => error)).toBe(boom);
    expect(await succeed(1).finally(settled)).toBe(1);
    expect(settled).toHaveBeenCalledOnce();
  });

  test('only the first settle counts', async () => {
    const once = new Deferred<number>();
    once.resolve(1);
    once.resolve(2);
    once.reject(boom);
    expect(await once).toBe(1);
  });

  test('resolving with a thenable follows it, and later settles are ignored', async () => {
    const outer = new Deferred<number>();
    outer.resolve(Promise.resolve(3));
    outer.resolve(4);
    expect(outer.peek()).toEqual({ state: 'pending' });
    expect(await outer).toBe(3);
  });

  test('a thenable whose then throws rejects', () => {
    const outer = new Deferred<number>();
    const evil = {
      // oxlint-disable-next-line unicorn/no-thenable -- the point of the test
      get then(): never {
        throw boom;
      },
    };
    outer.resolve(evil as unknown as PromiseLike<number>);
    expect(outer.peek()).toEqual({ state: 'rejected', error: boom });
  });

  test('a promise that cannot be followed rejects', () => {
    const promise = Promise.resolve(1);
    void Object.defineProperty(promise, 'constructor', {
      get() {
        throw boom;
      },
    });
    expect(fromPromise(promise).peek()).toEqual({ state: 'rejected', error: boom });
  });

  test('resolving with itself rejects', () => {
    const self = new Deferred<unknown>();
    self.resolve(self);
    expect(self.peek()).toMatchObject({ state: 'rejected', error: expect.any(TypeError) });
  });
});

describe('the synchronous chain', () => {
  test('callbacks run in the turn that settles, in order, depth first', () => {
    const source = new Deferred<number>();
    const seen: string[] = [];
    void source
      .addCallback((value) => {
        seen.push(`a${value}`);
        return value + 1;
      })
      .addCallback((value) => seen.push(`b${value}`));
    void source.addCallback((value) => seen.push(`c${value}`));
    source.resolve(1);
    expect(seen).toEqual(['a1', 'b2', 'c1']);
  });

  test('callbacks run at once on a settled one', () => {
    expect(
      succeed(1)
        .addCallback((value) => value + 1)
        .peek(),
    ).toEqual({
      state: 'fulfilled',
      value: 2,
    });
  });

  test('a throw rejects the derived one, and an errback mends it', () => {
    const broken = succeed(1).addCallback(() => {
      throw boom;
    });
    expect(broken.peek()).toEqual({ state: 'rejected', error: boom });
    expect(
      broken
        .addCallback(() => 'skipped')
        .addErrback(() => 'mended')
        .peek(),
    ).toEqual({
      state: 'fulfilled',
      value: 'mended',
    });
  });

  test('addBoth sees either outcome', () => {
    const states: string[] = [];
    void succeed(1).addBoth(({ state }) => states.push(state));
    void fail(boom).addBoth(({ state }) => states.push(state));
    expect(states).toEqual(['fulfilled', 'rejected']);
  });

  test('a callback that returns a deferred makes the chain wait for it, in the same turn', () => {
    const inner = new Deferred<string>();
    const outer = succeed(1).addCallback(() => inner);
    expect(outer.peek().state).toBe('pending');
    inner.resolve('in');
    expect(outer.peek()).toEqual({ state: 'fulfilled', value: 'in' });
  });

  test('a chain of 100,000 links settles without exhausting the stack', () => {
    const source = new Deferred<number>();
    let last: Deferred<number> = source;
    for (let i = 0; i < 100_000; i++) last = last.addCallback((value) => value + 1);
    source.resolve(0);
    expect(last.peek()).toEqual({ state: 'fulfilled', value: 100_000 });
  });

  test('following 100,000 deferreds, one after the other, does not exhaust the stack', () => {
    const innermost = new Deferred<string>();
    let outer = innermost;
    for (let i = 0; i < 100_000; i++) {
      const next = new Deferred<string>();
      next.resolve(outer);
      outer = next;
    }
    innermost.resolve('deep');
    expect(outer.peek()).toEqual({ state: 'fulfilled', value: 'deep' });
  });
});

describe('cancel', () => {
  test('walks up to the source, runs its canceller once and rejects with the reason as cause', () => {
    const canceller = vi.fn<() => void>();
    const source = new Deferred<number>({ canceller });
    const end = source.addCallback((value) => value).addCallback((value) => value);
    end.cancel('not needed');
    end.cancel('again');
    source.cancel();
    expect(canceller).toHaveBeenCalledOnce();
    for (const each of [source, end]) {
      const seen = each.peek();
      expect(seen).toMatchObject({ state: 'rejected', error: { code: 'HAWSER_CANCELLED' } });
      expect(seen.state === 'rejected' && (seen.error as Error).cause).toBe('not needed');
    }
  });

  test('what the source says after it is ignored', () => {
    const source = new Deferred<number>();
    source.cancel();
    source.resolve(1);
    source.reject(boom);
    expect(source.peek()).toMatchObject({ error: expect.any(CancelledError) });
  });

  test('a canceller may settle the answer itself', () => {
    const source: Deferred<string> = new Deferred({ canceller: () => source.resolve('partial') });
    source.cancel();
    expect(source.peek()).toEqual({ state: 'fulfilled', value: 'partial' });
  });

  test('a throwing canceller rejects with its error', () => {
    const source = new Deferred({
      canceller: () => {
        throw boom;
      },
    });
    source.cancel();
    expect(source.peek()).toEqual({ state: 'rejected', error: boom });
  });

  test('reaches the deferred that a callback returned', () => {
    const canceller = vi.fn<() => void>();
    const chain = succeed(1).addCallback(() => new Deferred({ canceller }));
    chain.cancel();
    expect(canceller).toHaveBeenCalledOnce();
    expect(chain.peek().state).toBe('rejected');
  });

  test('reaches the new work with which an errback answered the cancellation', () => {
    const canceller = vi.fn<() => void>();
    const chain = new Deferred().addErrback(() => new Deferred({ canceller }));
    chain.cancel();
    expect(canceller).toHaveBeenCalledOnce();
    expect(chain.peek()).toMatchObject({ error: expect.any(CancelledError) });
  });

  test('inside of a callback reaches the work that this callback gives', () => {
    const source = new Deferred<void>();
    const work = new Deferred<void>();
    const derived: Deferred<void> = source.addCallback(() => {
      derived.cancel('enough');
      return work;
    });
    source.resolve();
    expect(work.peek()).toMatchObject({ error: { code: 'HAWSER_CANCELLED', cause: 'enough' } });
    expect(work.peek()).toEqual(derived.peek());
  });

  test('always settles, even when errbacks retry for ever', () => {
    const retry = (): Deferred<never> => new Deferred<never>().addErrback(retry);
    const chain = retry();
    chain.cancel();
    expect(chain.peek()).toMatchObject({ error: expect.any(CancelledError) });
  });

  test('stops waiting for a promise and runs the canceller given for it', async () => {
    const canceller = vi.fn<() => void>();
    const slow = fromPromise(new Promise(() => undefined), { canceller });
    slow.cancel();
    expect(canceller).toHaveBeenCalledOnce();
    await expect(slow).rejects.toBeInstanceOf(CancelledError);
  });

  test.each([2, 3, 7, 100])('ends %i deferreds that follow each other in a circle', (length) => {
    const circle = Array.from({ length }, () => new Deferred<void>());
    circle.forEach((each, i) => each.resolve(circle[(i + 1) % length] as Deferred<void>));
    const behind = (circle[0] as Deferred<void>).addCallback(() => 1).addCallback(() => 2);
    behind.cancel();
    expect([behind, ...circle].map((each) => each.peek().state)).not.toContain('pending');
  });

  test('a chain of 100,000 links does not exhaust the stack', () => {
    const source = new Deferred<void>();
    let end = source;
    for (let i = 0; i < 100_000; i++) end = end.addCallback(() => undefined);
    end.cancel();
    expect([source, end].map((each) => each.peek().state)).toEqual(['rejected', 'rejected']);
  });

  test('on a settled one changes nothing', () => {
    const done = succeed(1);
    done.cancel();
    expect(done.peek()).toEqual({ state: 'fulfilled', value: 1 });
  });
});

describe('timeout', () => {
  test('cancels the source and rejects with TimeoutError', () => {
    const clock = manualClock();
    const canceller = vi.fn<() => void>();
    const late = new Deferred({ canceller, where: 'lookup' }).timeout(50, clock);
    clock.fire();
    expect(canceller).toHaveBeenCalledOnce();
    const seen = late.peek();
    expect(seen).toMatchObject({ state: 'rejected', error: expect.any(TimeoutError) });
    expect(seen).toHaveProperty('error.message', 'Cannot finish lookup within 50 ms');
  });

  test('an answer in time stops the timer', () => {
    const clock = manualClock();
    const source = new Deferred<number>();
    const timed = source.timeout(50, clock);
    source.resolve(1);
    expect(clock.active).toBe(false);
    expect(timed.peek()).toEqual({ state: 'fulfilled', value: 1 });
  });

  test('a cancellation by somebody else stays a cancellation', () => {
    const clock = manualClock();
    const timed = new Deferred().timeout(50, clock);
    timed.cancel();
    expect(timed.peek()).toMatchObject({ error: expect.any(CancelledError) });
    expect(clock.active).toBe(false);
  });

  test('a settled one needs no timer', () => {
    const clock = manualClock();
    void succeed(1).timeout(50, clock);
    expect(clock.active).toBe(false);
  });
});

describe('a failure that nobody handles', () => {
  function collect(): Reports & { readonly problems: [string, unknown][] } {
    const problems: [string, unknown][] = [];
    return { problems, problem: (where, error) => void problems.push([where, error]) };
  }

  test('is reported at the end of the turn, with the place it was made', async () => {
    const reports = collect();
    function makeIt(): Deferred<never> {
      return fail(boom, { reports, where: 'test.op' });
    }
    void makeIt().addCallback(() => 1);
    expect(reports.problems).toEqual([]);
    await endOfTurn();
    expect(reports.problems).toEqual([['test.op', expect.objectContaining({ cause: boom })]]);
    expect(reports.problems[0]?.[1]).toHaveProperty('stack', expect.stringContaining('makeIt'));
  });

  test('is not reported when an errback or an await takes it in the same turn', async () => {
    const reports = collect();
    void fail(boom, { reports }).addErrback(() => undefined);
    const asked = async (): Promise<unknown> => await fail(boom, { reports });
    await expect(asked()).rejects.toBe(boom);
    await expect((async () => fail(boom, { reports }))()).rejects.toBe(boom);
    await endOfTurn();
    expect(reports.problems).toEqual([]);
  });

  test('is reported also when it came by a deferred that a chain waited for', async () => {
    const reports = collect();
    void succeed()
      .addCallback(() => fail(boom, { reports, where: 'at once' }))
      .addCallback(() => 1);
    const late = new Deferred<void>({ reports, where: 'later' });
    void succeed()
      .addCallback(() => late)
      .addCallback(() => 1);
    late.reject(boom);
    void fromPromise(fail(boom, { reports })).addErrback(() => undefined);
    await endOfTurn();
    expect(reports.problems.map(([where]) => where)).toEqual(['at once', 'later']);
  });

  test('is reported once, however many branches end with it', async () => {
    const reports = collect();
    const source = new Deferred<never>({ reports });
    void source.addCallback(() => 1);
    void source.addErrback(() => undefined);
    void source.addCallback(() => 2).addBoth(() => Promise.reject(boom));
    source.reject(boom);
    await endOfTurn();
    expect(reports.problems).toEqual([['Deferred', expect.objectContaining({ cause: boom })]]);
  });

  test('is reported for each branch that fails in a way of its own', async () => {
    const reports = collect();
    const source = new Deferred<void>({ reports });
    for (const message of ['a', 'b']) {
      void source.addCallback(() => {
        throw new Error(message);
      });
    }
    source.resolve();
    await endOfTurn();
    const causes = reports.problems.map(([, problem]) => String((problem as Error).cause));
    expect(causes).toEqual(['Error: a', 'Error: b']);
  });

  test('is not reported when it was cancelled', async () => {
    const reports = collect();
    new Deferred({ reports }).cancel();
    await endOfTurn();
    expect(reports.problems).toEqual([]);
  });

  test('is silent without reports, when nobody touched it', async () => {
    const unhandled = vi.fn<() => void>();
    process.on('unhandledRejection', unhandled);
    void fail(boom);
    void fail(boom).addCallback(() => 1);
    await endOfTurn();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('on whose behalf a callback runs', () => {
  const contexts = ['a', 'b'].map((label) => new EntryContext(label));
  const inContext = <T>(which: number, call: () => T): T | undefined =>
    enter({ context: contexts[which], failed: () => undefined }, 'test', () => call(), undefined);

  test('that of who added it, whoever settles it, and the chain goes on there', () => {
    const source = new Deferred<number>();
    const seen: unknown[] = [];
    inContext(0, () => {
      void source
        .addCallback(() => seen.push(currentContext()?.label))
        .addBoth(() => seen.push(currentContext()?.label));
    });
    void source.addCallback(() => seen.push(currentContext()));
    inContext(1, () => {
      source.resolve(1);
      seen.push(currentContext()?.label);
    });
    expect(seen).toEqual(['a', 'a', undefined, 'b']);
  });

  test('what it throws is still the rejection', () => {
    const source = new Deferred<number>();
    const derived = inContext(0, () =>
      source.addCallback(() => {
        throw boom;
      }),
    );
    inContext(1, () => source.resolve(1));
    expect(derived?.peek()).toEqual({ state: 'rejected', error: boom });
  });
});
