import assert from 'node:assert/strict';
import type { ReactorCase } from './reactor-harness.ts';
import { until } from './reactor-listening.ts';

/** Time, and what else needs no network. */
export const clockCases: readonly ReactorCase[] = [
  {
    name: 'calls come in the order of their time, each not before it',
    async run({ server: { clock }, elapse }) {
      const seen: string[] = [];
      const note = (name: string, at: number) => (): void => {
        // A system that counts whole milliseconds may be one early.
        seen.push(clock.now() < at - 1 ? `${name} too early` : name);
      };
      const now = clock.now();
      clock.callLater(40, note('later', now + 40));
      clock.callLater(10, note('sooner', now + 10));
      clock.callLater(0, note('at once', now));
      clock.callLater(-10, note('never negative', now));
      await elapse(80);
      assert.deepEqual(seen, ['at once', 'never negative', 'sooner', 'later']);
    },
  },
  {
    name: 'calls for the same time come in the order they were made',
    async run({ server: { clock }, elapse }) {
      const seen: number[] = [];
      for (const number of [1, 2, 3, 4, 5]) clock.callLater(10, () => seen.push(number));
      await elapse(40);
      assert.deepEqual(seen, [1, 2, 3, 4, 5]);
    },
  },
  {
    name: 'callSoon calls in a later turn, in order, before a timer that is not due',
    async run({ server: { clock }, elapse }) {
      const seen: string[] = [];
      clock.callLater(30, () => seen.push('timer'));
      clock.callSoon(() => {
        seen.push('one');
        clock.callSoon(() => seen.push('three'));
      });
      clock.callSoon(() => seen.push('two'));
      seen.push('now');
      await elapse(60);
      assert.deepEqual(seen, ['now', 'one', 'two', 'three', 'timer']);
    },
  },
  {
    name: 'callLater(0) inside of a call comes in a later turn',
    async run(harness) {
      const { clock } = harness.server;
      const seen: string[] = [];
      clock.callLater(0, () => {
        clock.callLater(0, () => seen.push('inner'));
        seen.push('outer');
      });
      await until(harness, () => seen.length === 2);
      assert.deepEqual(seen, ['outer', 'inner']);
    },
  },
  {
    name: 'a cancelled call never comes, cancelling again is harmless, and it knows whether it is active',
    async run({ server: { clock }, elapse }) {
      const seen: string[] = [];
      const cancelled = clock.callLater(10, () => seen.push('cancelled'));
      const disposed = clock.callLater(10, () => seen.push('disposed'));
      const kept = clock.callLater(10, () => seen.push('kept'));
      assert.ok(kept.at >= clock.now());
      assert.deepEqual([cancelled.active, kept.active], [true, true]);
      cancelled.cancel();
      cancelled.cancel();
      disposed[Symbol.dispose]();
      await elapse(40);
      kept.cancel();
      assert.deepEqual(seen, ['kept']);
      assert.deepEqual([cancelled.active, disposed.active, kept.active], [false, false, false]);
    },
  },
  {
    name: 'a call may cancel one that is due at the same time',
    async run({ server: { clock }, elapse }) {
      const seen: string[] = [];
      clock.callLater(10, () => {
        seen.push('first');
        second.cancel();
      });
      const second = clock.callLater(10, () => seen.push('second'));
      await elapse(40);
      assert.deepEqual(seen, ['first']);
    },
  },
  {
    name: 'a call that throws is reported, and the others come',
    async run(harness) {
      const { clock } = harness.server;
      const seen: string[] = [];
      const mistake = new Error('a mistake');
      const fail = (): void => {
        throw mistake;
      };
      clock.callSoon(fail);
      clock.callLater(5, fail);
      clock.callLater(5, () => seen.push('after'));
      clock.callLater(10, () => seen.push('later'));
      await harness.elapse(40);
      assert.deepEqual(seen, ['after', 'later']);
      assert.deepEqual(
        harness.problems.map(({ error }) => error),
        [mistake, mistake],
      );
    },
  },
  {
    name: 'time does not go back, and epoch is in milliseconds since 1970',
    async run({ server: { clock }, elapse }) {
      const [now, epoch] = [clock.now(), clock.epoch()];
      await elapse(20);
      assert.ok(clock.now() >= now + 15);
      assert.ok(clock.epoch() >= epoch + 10);
      assert.ok(epoch > Date.UTC(2020, 0, 1));
    },
  },
  {
    name: 'random gives bytes and numbers below one',
    async run({ server: { random } }) {
      assert.equal(random.bytes(32).length, 32);
      assert.notDeepEqual(random.bytes(32), random.bytes(32));
      for (let i = 0; i < 100; i++) {
        const number = random.float();
        assert.ok(number >= 0 && number < 1);
      }
    },
  },
  {
    name: 'an IP address is its own answer',
    async run({ server: { resolver }, wait }) {
      const four = await wait(resolver.lookup('192.0.2.7'));
      assert.deepEqual(four, [{ host: '192.0.2.7', family: 4 }]);
      const six = await wait(resolver.lookup('2001:db8::1', { family: 6 }));
      assert.deepEqual(six, [{ host: '2001:db8::1', family: 6 }]);
    },
  },
  {
    name: 'an address of the wrong family is a name that cannot be resolved',
    async run({ server: { resolver }, wait }) {
      await assert.rejects(wait(resolver.lookup('192.0.2.7', { family: 6 })), {
        code: 'HAWSER_RESOLVE',
      });
    },
  },
  {
    name: 'a disposed signal listener hears nothing, and disposing twice is harmless',
    async run({ server: { lifecycle } }) {
      const listening = lifecycle.onSignal('SIGHUP', () => undefined);
      listening[Symbol.dispose]();
      listening[Symbol.dispose]();
    },
  },
  {
    name: 'phase listeners are waited for, and one that throws is reported',
    async run(harness) {
      const { lifecycle } = harness.server;
      const seen: string[] = [];
      const mistake = new Error('a mistake');
      lifecycle.onPhase('drain', async (deadline) => {
        await Promise.resolve();
        seen.push(`drain ${deadline}`);
      });
      lifecycle.onPhase('drain', () => {
        throw mistake;
      });
      lifecycle.onPhase('stop', () => void seen.push('stop'));
      lifecycle.onPhase('drain', () => void seen.push('disposed'))[Symbol.dispose]();
      await lifecycle.runPhase('drain', 5);
      assert.deepEqual(seen, ['drain 5']);
      assert.deepEqual(
        harness.problems.map(({ error }) => error),
        [mistake],
      );
    },
  },
  {
    name: 'a requested stop aborts the signal, once',
    async run({ server: { lifecycle } }) {
      assert.equal(lifecycle.stopping.aborted, false);
      lifecycle.requestStop();
      lifecycle.requestStop();
      assert.equal(lifecycle.stopping.aborted, true);
    },
  },
];
