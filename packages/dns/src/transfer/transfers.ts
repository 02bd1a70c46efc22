// Transfers out: the whole zone (AXFR, RFC 5936), or what changed since a serial (IXFR, RFC 1995). Denied unless a rule
// allows it.
import { type Answer, answerWith, codeAnswer, type Outcome } from '../contract/answer.ts';
import type { DnsHandlerObject, Eventually, Next } from '../contract/handler.ts';
import type { TransferableZone } from '../contract/live-zone.ts';
import type { DnsQuery } from '../contract/query.ts';
import { usageError } from '../errors.ts';
import { ExtendedErrorCode, Opcode, Rcode, Type } from '../numbers.ts';
import type { RRset } from '../zone/rrset.ts';
import { isSerialAfter } from '../zone/serial.ts';
import { type ClientRuleLike, clientRules } from './client-rule.ts';
import { clientSerial } from './client-serial.ts';
import { expireOptions } from './expire-option.ts';
import { findIncrements, type Pinned } from './find-increments.ts';
import { fitsDatagram } from './fits-datagram.ts';
import { TransferQuota } from './transfer-quota.ts';
import { type Increments, incremental, wholeZone } from './transfer-records.ts';

/** Options for {@link transfers}. */
export interface TransfersOptions {
  /** Who may have the zones: a client that any of the rules lets through. */
  readonly allow: readonly ClientRuleLike[];
  /** Transfers at a time; more are answered with SERVFAIL, and come again. @defaultValue 50 */
  readonly maxConcurrent?: number | undefined;
  /** The same for one address. @defaultValue 10 */
  readonly maxPerClient?: number | undefined;
  /** Send changes where the client has an older version; false always sends the whole zone. @defaultValue true */
  readonly ixfr?: boolean | undefined;
  /**
   * Send one change from the client's version to the newest. Otherwise each change is sent as it was made, unless that is more
   * than the zone. @defaultValue false
   */
  readonly condense?: boolean | undefined;
}

/** What {@link transfers} did since it was made. */
export interface TransferCounters {
  /** Transfers of whole zones that began, those in place of an IXFR included. */
  readonly axfr: number;
  /** Transfers of changes that began. */
  readonly ixfr: number;
  /** Clients that had the newest version. */
  readonly upToDate: number;
  /** Clients told to come over TCP. */
  readonly tooLargeForUdp: number;
  readonly refused: number;
  readonly overQuota: number;
  /** Transfers whose client did not take all of it. */
  readonly failed: number;
  /** Transfers that run now. */
  readonly active: number;
}

/** A handler made by {@link transfers}. */
export interface Transfers extends DnsHandlerObject {
  readonly counters: TransferCounters;
}

/**
 * Lets clients copy `zones`, in front of them in a list of handlers. What else they are asked goes on to the next handler.
 * Whole zones go over TCP or TLS only, and changes over UDP only to clients that have a cookie of ours, or a signature.
 * @throws UsageError `HAWSER_DNS_OPTIONS`, `HAWSER_DNS_NAME`
 *
 * @example
 * dnsService(':53', [transfers(zone, { allow: ['192.0.2.53', { key: 'copy.example.net' }] }), zone]);
 */
export function transfers(
  zones: TransferableZone | readonly TransferableZone[],
  options: TransfersOptions,
): Transfers {
  return new OutgoingTransfers('origin' in zones ? [zones] : zones, options);
}

class OutgoingTransfers implements Transfers {
  readonly #zones: ReadonlyMap<string, TransferableZone>;
  readonly #allowed: (query: DnsQuery) => boolean;
  readonly #quota: TransferQuota;
  readonly #ixfr: boolean;
  readonly #condense: boolean;
  readonly #counts = {
    axfr: 0,
    ixfr: 0,
    upToDate: 0,
    tooLargeForUdp: 0,
    refused: 0,
    overQuota: 0,
    failed: 0,
  };

  constructor(zones: readonly TransferableZone[], options: TransfersOptions) {
    const { allow, maxConcurrent = 50, maxPerClient = 10 } = options;
    if (!(maxConcurrent >= 1 && maxPerClient >= 1)) {
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot transfer zones as maxConcurrent and maxPerClient must be 1 or more: ${maxConcurrent}, ${maxPerClient}`,
      );
    }
    this.#zones = new Map(zones.map((zone) => [zone.origin.key, zone]));
    this.#allowed = clientRules(allow);
    this.#quota = new TransferQuota({ most: maxConcurrent, mostPerClient: maxPerClient });
    this.#ixfr = options.ixfr ?? true;
    this.#condense = options.condense ?? false;
  }

  get counters(): TransferCounters {
    return { ...this.#counts, active: this.#quota.active };
  }

  handle(query: DnsQuery, next: Next): Eventually<Outcome> {
    const { opcode, type } = query;
    if (opcode !== Opcode.Query) return next(query);
    const transfer = type === Type.AXFR || type === Type.IXFR;
    if (!transfer && type !== Type.SOA) return next(query);
    const zone = this.#zones.get(query.key);
    if (zone === undefined) return next(query);
    return transfer ? this.#transfer(query, zone) : withExpire(query, zone, next);
  }

  #transfer(query: DnsQuery, zone: TransferableZone): Eventually<Outcome> {
    if (!this.#allowed(query)) {
      this.#counts.refused += 1;
      return answerWith(Rcode.Refused, { errors: [{ code: ExtendedErrorCode.Prohibited }] });
    }
    // One response of HTTP is one message, and RFC 8484 has nothing for many.
    if (query.transport === 'https') {
      return answerWith(Rcode.Refused, { errors: [{ code: ExtendedErrorCode.NotSupported }] });
    }
    const whole = query.type === Type.AXFR;
    const serial = whole ? undefined : clientSerial(query);
    if (whole ? query.transport === 'udp' : serial === undefined) return codeAnswer(Rcode.FormErr);
    const { snapshot } = zone;
    if (snapshot === undefined)
      return answerWith(Rcode.ServFail, { errors: [{ code: ExtendedErrorCode.NotReady }] });
    if (
      serial === snapshot.serial ||
      (serial !== undefined && isSerialAfter(serial, snapshot.serial))
    ) {
      this.#counts.upToDate += 1;
      return this.#newestSoa(query, { zone, snapshot });
    }
    // Anybody can send a datagram with the sender of a secondary: it does not make us read what changed since spring.
    if (query.transport === 'udp' && !query.addressProven && query.tsigKey === undefined)
      return this.#overTcp(query, { zone, snapshot });
    const over = this.#quota.take(query.client);
    if (over === undefined) {
      this.#counts.overQuota += 1;
      return answerWith(Rcode.ServFail, {
        errors: [{ code: ExtendedErrorCode.Other, text: 'too many transfers' }],
      });
    }
    const pinned = { zone, snapshot, over };
    const sameHalf = serial !== undefined && isSerialAfter(snapshot.serial, serial);
    // Half the circle away is neither before nor after: only the whole zone is right then (RFC 1982 §3.2).
    if (!this.#ixfr || !sameHalf) return this.#send(query, pinned, undefined);
    const wish = { serial, condense: this.#condense };
    return findIncrements(pinned, wish, query.reactor).then(
      (increments) => this.#send(query, pinned, increments),
      (error: unknown): never => {
        over();
        throw error;
      },
    );
  }

  /** Sends the changes, or the whole zone if there are none. */
  #send(query: DnsQuery, pinned: Running, increments: Increments | undefined): Outcome {
    const { zone, snapshot, over } = pinned;
    if (query.transport === 'udp') {
      over();
      if (increments === undefined || !fitsDatagram(query, incremental(increments)))
        return this.#overTcp(query, pinned);
      this.#counts.ixfr += 1;
      return this.#answer(query, zone, [...incremental(increments)]);
    }
    this.#counts[increments === undefined ? 'axfr' : 'ixfr'] += 1;
    return {
      kind: 'stream',
      rrsets: increments === undefined ? wholeZone(snapshot) : incremental(increments),
      options: expireOptions(query, zone),
      ended: (failure) => {
        if (failure !== undefined) this.#counts.failed += 1;
        over();
      },
    };
  }

  /** Not for a datagram: a newer start of authority alone says so (RFC 1995 §2). */
  #overTcp(query: DnsQuery, pinned: Pinned): Answer {
    this.#counts.tooLargeForUdp += 1;
    return this.#newestSoa(query, pinned);
  }

  #newestSoa(query: DnsQuery, { zone, snapshot }: Pinned): Answer {
    return this.#answer(query, zone, [snapshot.soa]);
  }

  #answer(query: DnsQuery, zone: TransferableZone, rrsets: readonly RRset[]): Answer {
    return answerWith(Rcode.NoError, {
      authoritative: true,
      answer: rrsets.map((rrset) => ({ rrset })),
      options: expireOptions(query, zone),
    });
  }
}

interface Running extends Pinned {
  /** To be called when it is over. */
  readonly over: () => void;
}

async function withOptions(
  outcome: Eventually<Outcome>,
  options: Answer['options'],
): Promise<Outcome> {
  const made = await outcome;
  if (made.kind !== 'answer' || made.rcode !== Rcode.NoError) return made;
  return { ...made, options: [...(made.options ?? []), ...(options ?? [])], shared: false };
}

function withExpire(query: DnsQuery, zone: TransferableZone, next: Next): Eventually<Outcome> {
  const options = expireOptions(query, zone);
  return options === undefined ? next(query) : withOptions(next(query), options);
}
