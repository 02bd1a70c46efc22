// Dynamic updates (RFC 2136) as a handler in front of the zones they change.
import { type Address, AddressSet, UsageError } from '@hawser/core';
import { addressSet } from '../../address-set.ts';
import { type Answer, answerWith, codeAnswer, type Outcome } from '../../contract/answer.ts';
import type { DnsHandlerObject, Eventually, Next } from '../../contract/handler.ts';
import type { LiveZone } from '../../contract/live-zone.ts';
import type { DnsQuery } from '../../contract/query.ts';
import { usageError } from '../../errors.ts';
import { inTurns } from '../../in-turns.ts';
import type { UpdateLease } from '../../message/edns-option.ts';
import { Class, ExtendedErrorCode, Opcode, Rcode, Type } from '../../numbers.ts';
import { Retransmits } from './retransmits.ts';
import { checkLeaseLimits, type LeaseLimits, leaseOption } from './update-lease.ts';
import { checkPolicy } from './update-policy.ts';
import {
  decideRequest,
  type RequestRules,
  readRequest,
  type UpdateRequest,
} from './update-request.ts';
import type { UpdatePolicy } from './update-rule.ts';
import { failed, refused, type Verdict } from './verdict.ts';

/** What became of an UPDATE, for a log. Without the data of records. */
export interface UpdateReport {
  readonly zone: string;
  /** Name of the key that signed. */
  readonly key: string | undefined;
  readonly client: Address;
  readonly rcode: number;
  /** Why, for people. */
  readonly reason: string | undefined;
  /** RRsets that changed, the start of authority not counted. */
  readonly changed: number;
  readonly serial: number;
}

/** Options for {@link updates}. */
export interface UpdatesOptions {
  /** Who may change what. Whatever it does not allow is REFUSED, and with it the whole update. */
  readonly policy: UpdatePolicy;
  /**
   * Networks such as `"192.0.2.0/24"` from which updates without a signature are taken, as far as `unsigned` rules allow
   * them: over TCP, with a cookie of ours, or from this machine, as any other datagram can have a false sender.
   * @defaultValue none
   */
  readonly allowUnsigned?: readonly string[] | undefined;
  /**
   * Believes the sender of every datagram, so that `allowUnsigned` is true of whoever can send one with such an address. Only
   * where the network drops what comes from outside with addresses of the inside. @defaultValue false
   */
  readonly trustDatagrams?: boolean | undefined;
  /** Records in the prerequisite and update section together; more is REFUSED. @defaultValue 1000 */
  readonly maxRecords?: number | undefined;
  /** Updates of one zone that may wait for their turn; more are answered with SERVFAIL. @defaultValue 1000 */
  readonly maxWaiting?: number | undefined;
  /** Grants leases to clients that ask for them (RFC 9664). @defaultValue 30 seconds to a week */
  readonly leases?: LeaseLimits | 'ignored' | undefined;
  /** Called with every update, when it was answered. A throw is reported. */
  readonly onUpdate?: ((report: UpdateReport) => void) | undefined;
}

/**
 * Takes UPDATE messages (RFC 2136) for `zones` and passes everything else on: put it in front of them. An update is made
 * as a whole or not at all; NOERROR means that it is durable and served. Signatures (RFC 8945) are verified before.
 *
 * The order is that of the RFC but for one thing: who may do what is decided first, as BIND does, so that whoever may do
 * nothing costs nothing and learns nothing of the zone. Deleting all of a name takes the right to delete each type it has.
 *
 * What nobody may do, whatever the policy says: add or delete RRSIG, NSEC and NSEC3, and DNSKEY, CDS, CDNSKEY and NSEC3PARAM at
 * the origin of a signed zone. They belong to who signs it, follow what they are about, and stay when their name is deleted.
 * What the RFC tells to ignore is ignored: CNAME beside other data and other data beside CNAME, an older SOA, the end of the SOA
 * or of the last server of the zone.
 * @throws UsageError `HAWSER_DNS_OPTIONS`, `HAWSER_DNS_NAME`, `HAWSER_DNS_NUMBER` for a bad policy or option
 *
 * @example
 * dnsService(':53', [
 *   updates(zone, { policy: [{ key: 'acme', names: '_acme-challenge.*', types: ['TXT'], maxRecords: 4 }] }),
 *   zone,
 * ], { keys });
 */
export function updates(zones: LiveZone | readonly LiveZone[], options: UpdatesOptions): Updates {
  return new UpdateHandler(Array.isArray(zones) ? zones : [zones as LiveZone], options);
}

/** A handler made by {@link updates}. */
export interface Updates extends DnsHandlerObject {
  /** How many updates of its zones were answered since it was made, by response code. */
  readonly counters: Readonly<Record<number, number>>;
}

const thisMachine = new AddressSet(['127.0.0.0/8', '::1']);

class UpdateHandler implements Updates {
  readonly #zones: ReadonlyMap<string, LiveZone>;
  readonly #rules: RequestRules;
  readonly #unsigned: AddressSet;
  readonly #trustDatagrams: boolean;
  readonly #maxWaiting: number;
  readonly #onUpdate: ((report: UpdateReport) => void) | undefined;
  readonly #retransmits = new Retransmits();
  readonly #counts = new Map<number, number>();
  readonly #waiting = new Map<LiveZone, number>();
  /** When the last one that came has been read, and all before it. */
  readonly #reading = new Map<LiveZone, Promise<unknown>>();

  constructor(zones: readonly LiveZone[], options: UpdatesOptions) {
    const { allowUnsigned = [], trustDatagrams = false, leases = {}, onUpdate } = options;
    const { maxRecords = 1000, maxWaiting = 1000 } = options;
    this.#zones = new Map(zones.map((zone) => [zone.origin.key, zone]));
    if (zones.length === 0 || this.#zones.size !== zones.length) {
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        'Cannot take updates as each zone needs its own origin',
      );
    }
    this.#unsigned = addressSet(allowUnsigned, 'allowUnsigned');
    this.#trustDatagrams = trustDatagrams;
    for (const [name, limit] of Object.entries({ maxRecords, maxWaiting })) {
      if (!Number.isInteger(limit) || limit < 1)
        throw usageError(
          'HAWSER_DNS_OPTIONS',
          `Cannot use ${name} as it must be 1 or more: ${limit}`,
        );
    }
    this.#maxWaiting = maxWaiting;
    this.#rules = {
      policy: checkPolicy(options.policy),
      leases: leases === 'ignored' ? undefined : checkLeaseLimits(leases),
      maxRecords,
    };
    this.#onUpdate = onUpdate;
  }

  get counters(): Readonly<Record<number, number>> {
    return Object.fromEntries(this.#counts);
  }

  handle(query: DnsQuery, next: Next): Eventually<Outcome> {
    if (query.opcode !== Opcode.Update) return next(query);
    // The zone section must name the zone itself and not a name in it (RFC 2136 §3.1.1).
    const zone = this.#zones.get(query.key);
    if (zone === undefined) return next(query);
    if (query.type !== Type.SOA) return codeAnswer(Rcode.FormErr);
    if (query.class !== Class.IN) return codeAnswer(Rcode.NotAuth);
    // Before anything is remembered of it.
    const bar = this.#barOf(query);
    if (bar !== undefined) return this.#answer(query, zone, { verdict: refused(bar) });
    return this.#retransmits.once(query, () => this.#update(query, zone));
  }

  /** Never rejects. */
  async #update(query: DnsQuery, zone: LiveZone): Promise<Answer> {
    const waiting = this.#waiting.get(zone) ?? 0;
    if (waiting >= this.#maxWaiting) {
      return this.#answer(query, zone, { verdict: failed('too many updates wait') });
    }
    this.#waiting.set(zone, waiting + 1);
    try {
      const request = await this.#readInOrder(query, zone);
      if ('rcode' in request) return this.#answer(query, zone, { verdict: request });
      return await this.#change(query, zone, request);
    } catch (error) {
      // The zone would not be one any more, or larger than it may be.
      if (isRefusedByZone(error))
        return this.#answer(query, zone, { verdict: refused(error.message) });
      // Nothing was changed. The client may try again; why it failed is not for strangers.
      query.reactor.reports.problem('dns.update', error);
      return this.#answer(query, zone, { verdict: failed('the zone could not be changed') });
    } finally {
      this.#waiting.set(zone, (this.#waiting.get(zone) ?? 1) - 1);
    }
  }

  /** They are made in the order in which they came, though a long one takes several turns to read. */
  async #readInOrder(query: DnsQuery, zone: LiveZone): Promise<UpdateRequest | Verdict> {
    const reading = inTurns(readRequest(query, zone, this.#rules), query.reactor);
    // Without what was read: each would keep all before it.
    const read = Promise.allSettled([this.#reading.get(zone), reading]).then(() => undefined);
    this.#reading.set(zone, read);
    await read;
    return reading;
  }

  async #change(query: DnsQuery, zone: LiveZone, request: UpdateRequest): Promise<Answer> {
    const decided = await zone.transact((content) => decideRequest(content, request, query));
    const changes = decided.changeSet?.changes ?? [];
    const changed = changes.filter(({ type }) => type !== Type.SOA).length;
    return this.#answer(query, zone, { verdict: decided.result, lease: request.lease, changed });
  }

  /** Why this client may do nothing at all; undefined if it may do something. */
  #barOf({ tsigKey, client, addressProven }: DnsQuery): string | undefined {
    if (tsigKey === undefined) {
      if (!this.#unsigned.has(client)) return 'not signed';
      // The network stack drops what has this machine as its sender and comes from elsewhere.
      const isProven = addressProven || this.#trustDatagrams || thisMachine.has(client);
      if (!isProven) return 'anybody can send a datagram with this sender';
    }
    return this.#rules.policy.admits(tsigKey) ? undefined : 'no rule for this client';
  }

  #answer(query: DnsQuery, zone: LiveZone, ended: Ended): Answer {
    const { verdict, lease, changed = 0 } = ended;
    const { rcode } = verdict;
    this.#counts.set(rcode, (this.#counts.get(rcode) ?? 0) + 1);
    this.#report(query, {
      zone: zone.origin.toString(),
      key: query.tsigKey?.toString(),
      client: query.client,
      rcode,
      reason: verdict.reason,
      changed,
      serial: zone.snapshot.serial,
    });
    if (rcode === Rcode.NoError && lease !== undefined) {
      return answerWith(rcode, { options: [leaseOption(lease)] });
    }
    return rcode === Rcode.Refused
      ? answerWith(rcode, { errors: [{ code: ExtendedErrorCode.Prohibited }] })
      : codeAnswer(rcode);
  }

  #report({ reactor }: DnsQuery, report: UpdateReport): void {
    try {
      this.#onUpdate?.(report);
    } catch (error) {
      reactor.reports.problem('dns.update.onUpdate', error);
    }
  }
}

/** How an update ended, and what came of it. */
interface Ended {
  readonly verdict: Verdict;
  readonly lease?: UpdateLease | undefined;
  readonly changed?: number | undefined;
}

function isRefusedByZone(error: unknown): error is Error {
  return error instanceof UsageError && error.code === 'HAWSER_DNS_ZONE';
}
