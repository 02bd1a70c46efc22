import { layer } from '../../connection/stack.ts';
import { TransformWire } from '../../connection/transform-wire.ts';
import type { Clock } from '../../contract/clock.ts';
import type { Layer } from '../../contract/layer.ts';
import type { TokenBucketOptions } from '../token-bucket.ts';
import { Allowance } from './allowance.ts';

/** Options for {@link throttle} and {@link sharedThrottle}. A direction without a rate is not limited. */
export interface ThrottleOptions {
  /** Bytes from the peer. */
  readonly readBytesPerSecond?: number | undefined;
  /** Bytes to the peer. */
  readonly writeBytesPerSecond?: number | undefined;
  /** Bytes in each direction that may pass at once after a pause. @defaultValue what passes in a second */
  readonly burst?: number | undefined;
}

/** The allowances of both directions. */
interface Allowances {
  readonly read: Allowance | undefined;
  readonly write: Allowance | undefined;
}

/**
 * Limits how fast each connection may send and receive. What is written too fast waits here: it counts as pending, an
 * end or a close follows behind it, and the deadline of `close` holds. What the peer sends too fast is left to wait in
 * the peer.
 *
 * @throws RangeError if a rate is not above 0, or `burst` not a number from 1 on
 */
export function throttle(options: ThrottleOptions): Layer {
  const make = maker(options);
  return throttling('throttle', options, make);
}

/**
 * Limits how fast all connections together may send and receive; those who want to take turns. One value used in
 * several stacks is one limit for all of them, on each reactor.
 *
 * @throws RangeError as {@link throttle}
 */
export function sharedThrottle(options: ThrottleOptions): Layer {
  const make = maker(options);
  const byClock = new WeakMap<Clock, Allowances>();
  return throttling('sharedThrottle', options, (clock) => {
    const known = byClock.get(clock) ?? make(clock);
    byClock.set(clock, known);
    return known;
  });
}

function throttling(
  name: string,
  { readBytesPerSecond, writeBytesPerSecond }: ThrottleOptions,
  allowances: (clock: Clock) => Allowances,
): Layer {
  return layer({
    kind: 'transform',
    label: `${name}(${readBytesPerSecond ?? '-'}/${writeBytesPerSecond ?? '-'})`,
    build(inner, incoming) {
      const { read, write } = allowances(incoming.reactor.clock);
      return new TransformWire(inner, incoming, () => ({ receivePace: read, sendPace: write }));
    },
  });
}

function maker(options: ThrottleOptions): (clock: Clock) => Allowances {
  const { readBytesPerSecond, writeBytesPerSecond, burst } = options;
  const read = bucket(readBytesPerSecond, burst);
  const write = bucket(writeBytesPerSecond, burst);
  return (clock) => ({
    read: read && new Allowance(clock, read),
    write: write && new Allowance(clock, write),
  });
}

function bucket(
  perSecond: number | undefined,
  given: number | undefined,
): TokenBucketOptions | undefined {
  if (perSecond === undefined) return undefined;
  const burst = given ?? Math.max(1, perSecond);
  for (const [name, value, least] of [
    ['bytes per second', perSecond, Number.MIN_VALUE],
    ['burst', burst, 1],
  ] as const) {
    if (!Number.isFinite(value) || value < least) {
      throw new RangeError(`Cannot throttle as ${name} must be a number above 0: ${value}`);
    }
  }
  return { perSecond, burst };
}
