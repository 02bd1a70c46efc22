import type { DnsClient } from '../client/dns-client.ts';
import { type DnsServer, type DnsServerLike, toDnsServer } from '../client/dns-server.ts';
import { usageError } from '../errors.ts';
import { checkJournal } from '../store/journal-limits.ts';
import type { JournalLimits, ZoneStore } from '../store/zone-store.ts';
import type { TsigKey } from '../tsig/key.ts';
import type { ClientRuleLike } from './client-rule.ts';
import type { CopyLimits } from './copy-limits.ts';

/** A server to copy a zone from. */
export interface Primary {
  /** With `tls` as its transport nothing of the zone goes over the network in the clear (RFC 9103). */
  readonly server: DnsServerLike;
  /** Signs questions, and answers must be signed with it (RFC 8945). */
  readonly key?: TsigKey | undefined;
}

/** Bounds of what a start of authority asks for, in seconds. */
export interface TimerBounds {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** Options for {@link secondaryZone}. */
export interface SecondaryOptions {
  /** Where to copy from. The one that worked last is asked first. */
  readonly primaries: readonly (DnsServerLike | Primary)[];
  /** Keeps the copy over restarts, with its changes, so that others can have them. @defaultValue none is kept */
  readonly store?: ZoneStore | undefined;
  /** How many of its changes are kept for others. @defaultValue 1000 changes, and 16 MiB */
  readonly journal?: JournalLimits | undefined;
  /** Who besides the primaries may say that there is news. @defaultValue nobody */
  readonly notifyFrom?: readonly ClientRuleLike[] | undefined;
  /**
   * Whose updates are sent on to the primary (RFC 2136 §6), signed with its key. Others are refused, and what is not signed and
   * comes in a datagram without a cookie of ours, whose sender can be false. At most 100 wait for it at a time, and 4 that say the
   * same: copies that name each other as primary end an update with SERVFAIL so, and report it.
   * One that is signed with a key this server does not have goes on as it is, over TCP or TLS, and so does its reply (RFC 8945
   * §5.5): who has signed it nobody here knows, so that rules about keys do not let it through, but those about addresses do.
   * @defaultValue nobody's
   */
  readonly forwardUpdates?: readonly ClientRuleLike[] | undefined;
  /** Ask for changes only, where there is a copy. @defaultValue true */
  readonly ixfr?: boolean | undefined;
  /** @defaultValue 60 to 2_419_200, four weeks */
  readonly refreshSeconds?: TimerBounds | undefined;
  /** @defaultValue 10 to 1_209_600, two weeks */
  readonly retrySeconds?: TimerBounds | undefined;
  /** @defaultValue 300 to 14_515_200, 24 weeks */
  readonly expireSeconds?: TimerBounds | undefined;
  /** Shortest time between two looks that notices cause, in milliseconds. @defaultValue 1000 */
  readonly notifyIntervalMs?: number | undefined;
  /** Most records of a transfer. @defaultValue 10_000_000 */
  readonly maxRecords?: number | undefined;
  /** Most octets of a transfer. @defaultValue 1_073_741_824 */
  readonly maxBytes?: number | undefined;
  /** Longest wait for one message of a transfer, in milliseconds. @defaultValue 30_000 */
  readonly transferTimeoutMs?: number | undefined;
  /** How much is copied at a time. Give one to all copies of a server that has many. @defaultValue limits of its own */
  readonly limits?: CopyLimits | undefined;
  /** Asks with it. @defaultValue one of its own */
  readonly client?: DnsClient | undefined;
}

/** A {@link Primary} that was checked. */
export interface CheckedPrimary extends Primary {
  readonly place: DnsServer;
}

/** From the least to the most, in seconds. */
export type Bounds = readonly [min: number, max: number];

/** The numbers of {@link SecondaryOptions}, filled in and checked. */
export interface SecondarySettings {
  readonly primaries: readonly CheckedPrimary[];
  readonly refresh: Bounds;
  readonly retry: Bounds;
  readonly expire: Bounds;
  readonly notifyIntervalMs: number;
  readonly transfer: {
    readonly ixfr: boolean;
    readonly maxRecords: number | undefined;
    readonly maxBytes: number | undefined;
    readonly timeoutMs: number;
  };
}

/** @throws UsageError `HAWSER_DNS_OPTIONS` */
export function secondarySettings(options: SecondaryOptions): SecondarySettings {
  const { notifyIntervalMs = 1_000, transferTimeoutMs = 30_000, ixfr = true } = options;
  const primaries = options.primaries.map(toPrimary);
  if (primaries.length === 0) throw wrong('it has no primaries');
  if (!(notifyIntervalMs >= 0 && transferTimeoutMs > 0))
    throw wrong(`these times are not above 0: ${notifyIntervalMs}, ${transferTimeoutMs}`);
  checkJournal(options.journal);
  return {
    primaries,
    refresh: toBounds(options.refreshSeconds, [60, 2_419_200]),
    retry: toBounds(options.retrySeconds, [10, 1_209_600]),
    expire: toBounds(options.expireSeconds, [300, 14_515_200]),
    notifyIntervalMs,
    transfer: {
      ixfr,
      maxRecords: options.maxRecords,
      maxBytes: options.maxBytes,
      timeoutMs: transferTimeoutMs,
    },
  };
}

function toPrimary(like: DnsServerLike | Primary): CheckedPrimary {
  const primary = typeof like === 'object' && 'server' in like ? like : { server: like };
  return { ...primary, place: toDnsServer(primary.server) };
}

function toBounds(given: TimerBounds = {}, [least, most]: Bounds): Bounds {
  const { min = Math.min(least, given.max ?? least), max = Math.max(most, min) } = given;
  if (min > 0 && max >= min) return [min, max];
  throw wrong(`these are no bounds: ${min} to ${max} seconds`);
}

function wrong(why: string): Error {
  return usageError('HAWSER_DNS_OPTIONS', `Cannot copy a zone as ${why}`);
}
