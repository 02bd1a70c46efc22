// How long what an update adds shall live (RFC 9664).
import type { Clock } from '@hawser/core';
import type { AnswerOption } from '../../contract/answer.ts';
import type { LeaseEdit } from '../../contract/live-zone.ts';
import { usageError } from '../../errors.ts';
import { EdnsOption, optionIn } from '../../message/edns.ts';
import { ednsCodecs, type UpdateLease } from '../../message/edns-option.ts';
import type { Message } from '../../message/reader.ts';
import { Type } from '../../numbers.ts';
import type { Addition } from './apply-steps.ts';

/** Between what a client may choose, in seconds. What is outside becomes the nearer end, and the client is told. */
export interface LeaseLimits {
  /** @defaultValue 30 */
  readonly minSeconds?: number | undefined;
  /** @defaultValue 604_800, a week */
  readonly maxSeconds?: number | undefined;
  /** Of KEY records, which keep a name for its owner while the rest is gone. @defaultValue 1_209_600, two weeks */
  readonly maxKeySeconds?: number | undefined;
}

/** Limits that were checked. */
export type KnownLeaseLimits = Readonly<Record<'min' | 'max' | 'maxKey', number>>;

/** @throws UsageError `HAWSER_DNS_OPTIONS` */
export function checkLeaseLimits(limits: LeaseLimits): KnownLeaseLimits {
  const { minSeconds = 30, maxSeconds = 604_800, maxKeySeconds = 1_209_600 } = limits;
  const valid = [minSeconds, maxSeconds, maxKeySeconds].every(
    (seconds) => Number.isInteger(seconds) && seconds >= 1 && seconds <= 0xffff_ffff,
  );
  if (!valid || minSeconds > maxSeconds || minSeconds > maxKeySeconds) {
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot grant leases as minSeconds must be 1 up to the others: ${minSeconds}, ${maxSeconds}, ${maxKeySeconds}`,
    );
  }
  return { min: minSeconds, max: maxSeconds, maxKey: maxKeySeconds };
}

/** What a client is granted: undefined if it asks for no lease, `'malformed'` if the option is broken. */
export function grantLease(
  { bytes, edns }: Message,
  limits: KnownLeaseLimits,
): UpdateLease | 'malformed' | undefined {
  const data = optionIn(bytes, edns, EdnsOption.UpdateLease);
  if (data === undefined) return undefined;
  const asked = ednsCodecs.updateLease.decode(data);
  if (asked === undefined) return 'malformed';
  const leaseSeconds = clamp(asked.leaseSeconds, limits.min, limits.max);
  if (asked.keyLeaseSeconds === undefined) return { leaseSeconds };
  return { leaseSeconds, keyLeaseSeconds: clamp(asked.keyLeaseSeconds, limits.min, limits.maxKey) };
}

/** How the client hears of what it was granted. */
export function leaseOption(lease: UpdateLease): AnswerOption {
  return ednsCodecs.updateLease.encode(lease);
}

/**
 * The leases of what was added. Without a lease an addition is for good: whoever puts a record there and says nothing of its
 * end means it to stay.
 */
export function leaseEdits(
  added: readonly Addition[],
  lease: UpdateLease | undefined,
  clock: Pick<Clock, 'epoch'>,
): LeaseEdit[] {
  const now = clock.epoch();
  return added
    .filter(({ type }) => type !== Type.SOA)
    .map(({ name, type, rdata }) => {
      const seconds =
        type === Type.KEY ? (lease?.keyLeaseSeconds ?? lease?.leaseSeconds) : lease?.leaseSeconds;
      const expires = seconds === undefined ? undefined : now + seconds * 1000;
      return { name, type, rdata: rdata.wire, expires };
    });
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
