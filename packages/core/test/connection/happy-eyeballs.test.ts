import { beforeEach, describe, expect, test } from 'vitest';
import {
  type AttemptError,
  connectHappily,
  type HappyOptions,
} from '../../src/connection/happy-eyeballs.ts';
import type { ResolvedAddress } from '../../src/contract/resolver.ts';
import { Deferred } from '../../src/deferred/deferred.ts';
import { fail } from '../../src/deferred/fail.ts';
import { succeed } from '../../src/deferred/succeed.ts';
import { CancelledError, ConnectError, UsageError } from '../../src/errors.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { createTestReactor, type TestReactor } from '../../testing/test-reactor.ts';

/** Plays the resolver and the network, and writes down what happens when. */
class Stage {
  readonly log: string[] = [];
  readonly lookups = new Map<number, Deferred<readonly ResolvedAddress[]>>();
  readonly attempts = new Map<string, Deferred<string>>();
  readonly discarded: string[] = [];
  /** Connections that are open: at most the winner when all is over. */
  readonly open = new Set<string>();
  readonly reactor: TestReactor = createTestReactor({
    resolver: {
      lookup: (_host, options = {}) => {
        const { family = 0 } = options;
        const answer = new Deferred<readonly ResolvedAddress[]>({
          canceller: () => this.#note(`lookup ${family} cancelled`),
        });
        this.lookups.set(family, answer);
        this.#note(`lookup ${family}`);
        return answer;
      },
    },
  });

  connect(options: Partial<HappyOptions<string>> = {}): Deferred<string> {
    return connectHappily({
      reactor: this.reactor,
      host: 'example.net',
      where: 'tcp://example.net:25',
      attempt: ({ host }) => {
        this.#note(`try ${host}`);
        const attempt = new Deferred<string>({ canceller: () => this.#note(`drop ${host}`) });
        this.attempts.set(host, attempt);
        return attempt;
      },
      discard: (late) => void this.discarded.push(late),
      ...options,
    });
  }

  answer(family: 4 | 6, ...hosts: readonly string[]): void {
    this.lookups.get(family)?.resolve(hosts.map((host) => ({ host, family })));
  }

  unknown(family: 4 | 6): void {
    const error = new ConnectError('HAWSER_RESOLVE', 'Cannot resolve "example.net": ENOTFOUND');
    this.lookups.get(family)?.reject(error);
  }

  accept(host: string): void {
    this.attempts.get(host)?.resolve(`socket to ${host}`);
  }

  refuse(host: string): void {
    const error = Object.assign(new Error(`connect ECONNREFUSED ${host}`), {
      code: 'ECONNREFUSED',
    });
    this.attempts.get(host)?.reject(error);
  }

  pass(ms: number): void {
    this.reactor.clock.advance(ms);
  }

  /** Since the last look, with the time of each. */
  look(): string[] {
    return this.log.splice(0);
  }

  #note(what: string): void {
    this.log.push(`${this.reactor.clock.now()} ${what}`);
  }
}

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

/** Nothing may be left behind, however it ended. */
function expectQuiet(): void {
  expect(stage.reactor.clock.timers).toBe(0);
  for (const lookup of stage.lookups.values()) expect(lookup.peek().state).not.toBe('pending');
  for (const attempt of stage.attempts.values()) expect(attempt.peek().state).not.toBe('pending');
}

describe('looking up', () => {
  test('IPv6 answers start the race at once, without waiting for IPv4', () => {
    void stage.connect();
    expect(stage.look()).toEqual(['0 lookup 6', '0 lookup 4']);
    stage.answer(6, '::1');
    expect(stage.look()).toEqual(['0 try ::1']);
  });

  test('IPv4 answers wait 50 ms for the IPv6 ones', () => {
    void stage.connect();
    stage.look();
    stage.answer(4, '10.0.0.1');
    stage.pass(49);
    expect(stage.look()).toEqual([]);
    stage.pass(1);
    expect(stage.look()).toEqual(['50 try 10.0.0.1']);
  });

  test('IPv6 answers that come within the 50 ms go first', () => {
    void stage.connect();
    stage.answer(4, '10.0.0.1');
    stage.pass(30);
    stage.look();
    stage.answer(6, '::1');
    expect(stage.look()).toEqual(['30 try ::1']);
    stage.pass(250);
    expect(stage.look()).toEqual(['280 try 10.0.0.1']);
  });

  test.each([['unknown'], ['empty']])('an %s IPv6 answer ends the wait', (how) => {
    void stage.connect();
    stage.answer(4, '10.0.0.1');
    stage.pass(10);
    stage.look();
    if (how === 'unknown') stage.unknown(6);
    else stage.answer(6);
    expect(stage.look()).toEqual(['10 try 10.0.0.1']);
  });

  test('IPv4 need not wait when IPv6 has failed before', () => {
    void stage.connect();
    stage.unknown(6);
    stage.look();
    stage.answer(4, '10.0.0.1');
    expect(stage.look()).toEqual(['0 try 10.0.0.1']);
  });

  test('answers that come after all attempts have failed still join', async () => {
    const connected = stage.connect();
    stage.answer(6, '::1');
    stage.refuse('::1');
    stage.look();
    expect(connected.peek().state).toBe('pending');
    stage.pass(3_000);
    stage.answer(4, '10.0.0.1');
    expect(stage.look()).toEqual(['3000 try 10.0.0.1']);
    stage.accept('10.0.0.1');
    expect(await connected).toBe('socket to 10.0.0.1');
    expectQuiet();
  });

  test('answers that come late take turns with those that wait', () => {
    void stage.connect();
    stage.answer(4, '10.0.0.1', '10.0.0.2', '10.0.0.3');
    stage.pass(50);
    stage.answer(6, '::1', '::2');
    stage.pass(1_000);
    expect(stage.look().filter((line) => line.includes('try'))).toEqual([
      '50 try 10.0.0.1',
      '300 try ::1',
      '550 try 10.0.0.2',
      '800 try ::2',
      '1050 try 10.0.0.3',
    ]);
  });

  test('both lookups fail: HAWSER_RESOLVE with both reasons below', async () => {
    const connected = stage.connect();
    stage.unknown(4);
    stage.unknown(6);
    await expect(connected).rejects.toMatchObject({
      name: 'ConnectError',
      code: 'HAWSER_RESOLVE',
      message: 'Cannot connect to tcp://example.net:25: Cannot resolve "example.net": ENOTFOUND',
      cause: { errors: [{ code: 'HAWSER_RESOLVE' }, { code: 'HAWSER_RESOLVE' }] },
    });
    expectQuiet();
  });

  test('both lookups are empty: HAWSER_RESOLVE', async () => {
    const connected = stage.connect();
    stage.answer(4);
    stage.answer(6);
    await expect(connected).rejects.toMatchObject({
      code: 'HAWSER_RESOLVE',
      message: 'Cannot connect to tcp://example.net:25: "example.net" has no address',
    });
  });

  test('a reactor that has no resolver says so in its own words', async () => {
    const reactor = createTestReactor();
    await expect(stage.connect({ reactor })).rejects.toBeInstanceOf(UsageError);
  });

  test('a resolver that throws, or answers with the other family, is only unlucky', async () => {
    const reactor = createTestReactor({
      resolver: {
        lookup(_host, options) {
          if (options?.family === 6) throw new Error('out of order');
          const answer = new Deferred<readonly ResolvedAddress[]>();
          answer.resolve([
            { host: '::1', family: 6 },
            { host: '10.0.0.1', family: 4 },
          ]);
          return answer;
        },
      },
    });
    const connected = stage.connect({ reactor });
    stage.accept('10.0.0.1');
    expect(await connected).toBe('socket to 10.0.0.1');
    expect([...stage.attempts.keys()]).toEqual(['10.0.0.1']);
  });

  test.each(['::1', 'fe80::1%eth0', '127.0.0.1'])('%s is not looked up', (host) => {
    void stage.connect({ host });
    expect(stage.look()).toEqual([`0 try ${host}`]);
  });

  test('of hundreds of addresses 16 of each family are tried, each once', async () => {
    const connected = stage.connect();
    const many = Array.from({ length: 400 }, (_, i) => `10.0.0.${i % 200}`);
    stage.answer(4, ...many);
    stage.answer(6, ...many.map((host) => `::${host}`));
    while (connected.peek().state === 'pending') {
      const last = [...stage.attempts.keys()].at(-1);
      stage.refuse(last ?? '');
    }
    expect(stage.attempts.size).toBe(32);
    await expect(connected).rejects.toThrow('all 32 addresses failed');
  });
});

describe('racing', () => {
  test('attempts start 250 ms apart, families interleaved, IPv6 first', () => {
    void stage.connect();
    stage.answer(6, '::1', '::2', '::3');
    stage.answer(4, '10.0.0.1', '10.0.0.2');
    stage.look();
    stage.pass(2_000);
    expect(stage.look()).toEqual([
      '250 try 10.0.0.1',
      '500 try ::2',
      '750 try 10.0.0.2',
      '1000 try ::3',
    ]);
    expect([...stage.attempts.keys()][0]).toBe('::1');
  });

  test('the next attempt starts at once when one fails, and has its 250 ms', () => {
    void stage.connect();
    stage.answer(6, '::1', '::2', '::3');
    stage.answer(4);
    stage.pass(100);
    stage.look();
    stage.refuse('::1');
    expect(stage.look()).toEqual(['100 try ::2']);
    stage.pass(249);
    expect(stage.look()).toEqual([]);
    stage.pass(1);
    expect(stage.look()).toEqual(['350 try ::3']);
  });

  test('the first success cancels the others, before it is told', () => {
    const connected = stage.connect();
    const told = connected.addCallback((socket) => stage.log.push(socket));
    stage.answer(6, '::1', '::2', '::3');
    stage.pass(300);
    stage.look();
    stage.accept('::1');
    expect(stage.look()).toEqual(['300 lookup 4 cancelled', '300 drop ::2', 'socket to ::1']);
    expect(told.peek().state).toBe('fulfilled');
    expectQuiet();
  });

  test('an attempt that succeeds in spite of being cancelled is discarded', async () => {
    const stubborn = new Deferred<string>({ canceller: () => stubborn.resolve('late socket') });
    const quick = new Deferred<string>();
    const connected = stage.connect({
      attempt: ({ family }) => (family === 6 ? stubborn : quick),
    });
    stage.answer(6, '::1');
    stage.answer(4, '10.0.0.1');
    stage.pass(250);
    quick.resolve('winner');
    expect(await connected).toBe('winner');
    expect(stage.discarded).toEqual(['late socket']);
  });

  test('all fail: each address with its reason', async () => {
    const connected = stage.connect();
    stage.answer(6, '::1');
    stage.answer(4, '10.0.0.1');
    stage.refuse('::1');
    stage.refuse('10.0.0.1');
    const error = await connected.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({
      code: 'HAWSER_CONNECT',
      message:
        'Cannot connect to tcp://example.net:25: all 2 addresses failed: ::1 (ECONNREFUSED), 10.0.0.1 (ECONNREFUSED)',
      cause: expect.any(AggregateError),
    });
    const { errors } = (error as { cause: AggregateError }).cause;
    expect(errors.map((each: AttemptError) => each.address)).toEqual([
      { host: '::1', family: 6 },
      { host: '10.0.0.1', family: 4 },
    ]);
    expectQuiet();
  });

  test('the only address fails: its reason alone', async () => {
    const connected = stage.connect({ host: '::1', where: 'tcp://[::1]:25' });
    stage.refuse('::1');
    await expect(connected).rejects.toThrow(
      'Cannot connect to tcp://[::1]:25: connect ECONNREFUSED ::1',
    );
  });

  test('an attempt that throws counts as failed', async () => {
    const connected = stage.connect({
      host: '::1',
      attempt: () => {
        throw new Error('no such port');
      },
    });
    await expect(connected).rejects.toThrow('no such port');
    expectQuiet();
  });
});

describe('everything in one turn', () => {
  const both = [
    { host: '::1', family: 6 },
    { host: '127.0.0.1', family: 4 },
  ] as const;
  const resolver = { lookup: () => succeed(both) };

  test('the first address connects', () => {
    const tried: string[] = [];
    const connected = stage.connect({
      reactor: { ...stage.reactor, resolver },
      attempt: ({ host }) => {
        tried.push(host);
        return succeed(host);
      },
    });
    expect(connected.peek()).toEqual({ state: 'fulfilled', value: '::1' });
    expect(tried).toEqual(['::1']);
    expect(stage.discarded).toEqual([]);
    expectQuiet();
  });

  test('IPv6 is unreachable', () => {
    const connected = stage.connect({
      reactor: { ...stage.reactor, resolver },
      attempt: ({ host, family }) =>
        family === 6 ? fail(new Error('connect ENETUNREACH')) : succeed(host),
    });
    expect(connected.peek()).toEqual({ state: 'fulfilled', value: '127.0.0.1' });
    expectQuiet();
  });

  test('all of 32 addresses are unreachable', () => {
    const many = Array.from({ length: 64 }, (_, i) =>
      i % 2
        ? ({ host: `10.0.0.${i}`, family: 4 } as const)
        : ({ host: `::${i}`, family: 6 } as const),
    );
    const connected = stage.connect({
      reactor: { ...stage.reactor, resolver: { lookup: () => succeed(many) } },
      attempt: () => fail(new Error('connect ENETUNREACH')),
    });
    const { error } = connected.peek() as { error: ConnectError };
    expect((error.cause as AggregateError).errors).toHaveLength(32);
    expectQuiet();
  });

  test('two that succeed while they are cancelled are discarded once each', () => {
    const attempts: Deferred<string>[] = [];
    const connected = stage.connect({
      reactor: { ...stage.reactor, resolver },
      attempt: ({ host }) => {
        const attempt: Deferred<string> = new Deferred({ canceller: () => attempt.resolve(host) });
        attempts.push(attempt);
        return attempt;
      },
    });
    stage.pass(250);
    connected.cancel();
    for (const attempt of attempts) attempt.resolve('again');
    expect(stage.discarded).toEqual(['::1', '127.0.0.1']);
    expect(connected.peek()).toMatchObject({ state: 'rejected' });
    expectQuiet();
  });
});

describe('giving up', () => {
  test('the timeout covers lookups and attempts, and says what is known', async () => {
    const connected = stage.connect({ timeoutMs: 1_000 });
    stage.pass(400);
    stage.answer(6, '::1', '::2');
    stage.refuse('::1');
    stage.pass(600);
    await expect(connected).rejects.toMatchObject({
      code: 'HAWSER_CONNECT_TIMEOUT',
      message:
        'Cannot connect to tcp://example.net:25: no answer after 1000 ms (connect ECONNREFUSED ::1)',
    });
    expectQuiet();
  });

  test('a signal cancels it; one that is aborted already starts nothing', async () => {
    const controller = new AbortController();
    const connected = stage.connect({ signal: controller.signal });
    stage.answer(6, '::1');
    controller.abort('enough');
    await expect(connected).rejects.toMatchObject({ code: 'HAWSER_CANCELLED', cause: 'enough' });
    expectQuiet();
    stage.look();
    await expect(stage.connect({ signal: controller.signal })).rejects.toBeInstanceOf(
      CancelledError,
    );
    expect(stage.look()).toEqual([]);
  });

  test('a delay out of bounds is refused', () => {
    for (const attemptDelayMs of [9, 2_001, Number.NaN])
      expect(() => stage.connect({ attemptDelayMs })).toThrow(RangeError);
  });

  test.each(Array.from({ length: 60 }, (_, seed) => seed))(
    'seed %i: at whatever point it is cancelled or won, nothing is left open',
    async (seed) => {
      const random = new SeededRandom(seed);
      const connected = stage.connect({ timeoutMs: 5_000 });
      const outcome = Promise.allSettled([connected]);
      const steps = 1 + random.below(25);
      const v6 = ['::1', '::2', '::3'];
      const v4 = ['10.0.0.1', '10.0.0.2'];
      for (let step = 0; step < steps; step++) {
        const host = [...v6, ...v4][random.below(5)] as string;
        const moves = [
          () => stage.answer(6, ...v6.slice(random.below(4))),
          () => stage.answer(4, ...v4.slice(random.below(3))),
          () => stage.unknown(random.below(2) ? 4 : 6),
          () => stage.refuse(host),
          () => stage.refuse(host),
          () => random.below(4) || stage.accept(host),
          () => stage.pass(random.below(400)),
          () => stage.pass(random.below(400)),
        ];
        moves[random.below(moves.length)]?.();
      }
      connected.cancel();
      const [settled] = await outcome;
      expectQuiet();
      const made = [...stage.attempts.values()].filter((each) => each.peek().state === 'fulfilled');
      expect(made.length).toBe(settled?.status === 'fulfilled' ? 1 : 0);
      expect(stage.reactor.reports.problems).toEqual([]);
    },
  );
});
