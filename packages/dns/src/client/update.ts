// Changing a zone on its server (RFC 2136).
import {
  type Deferred,
  fail,
  formatIp,
  inlineCallbacks,
  type OperationOptions,
  type Reactor,
} from '@hawser/core';
import { usageError } from '../errors.ts';
import type { EdnsOptionData } from '../message/edns.ts';
import type { DnsMessage } from '../message/parse-message.ts';
import type { DnsRecord } from '../message/record.ts';
import { Name } from '../name.ts';
import { Class, formatRcode, Opcode, Rcode, Type } from '../numbers.ts';
import { decodeSoa } from '../rdata/decode-rdata.ts';
import { encodeRdata } from '../rdata/encode-rdata.ts';
import type { Rdata } from '../rdata/rdata.ts';
import type { OneOrMany, RecordValue } from '../rdata/value.ts';
import type { TsigKey } from '../tsig/key.ts';
import { CHANGING_TTL } from '../zone/default-ttl.ts';
import { MAX_TTL } from '../zone/rrset.ts';
import { DnsClientError } from './client-error.ts';
import { DnsClient } from './dns-client.ts';
import { nameOf, typeOf } from './dns-request.ts';
import type { DnsServerLike } from './dns-server.ts';
import type { Prerequisite } from './prerequisite.ts';

/** Options for {@link update}: a client, or a reactor to make one of for the time of the update. */
export interface UpdateOptions extends OperationOptions {
  readonly client?: DnsClient | undefined;
  readonly reactor?: Reactor | undefined;
  /** The primary server of the zone. @defaultValue the one its SOA names, which the servers of the client are asked for */
  readonly server?: DnsServerLike | undefined;
  /** Sign the update, and insist on a signed reply. */
  readonly key?: TsigKey | undefined;
  /** TTL of records without one, in seconds. @defaultValue 60 */
  readonly ttl?: number | undefined;
  /** Longest wait for the reply, in milliseconds. @defaultValue 10_000 */
  readonly timeoutMs?: number | undefined;
  /**
   * `datagram` repeats the update until there is a reply, octet by octet: servers that know it again, as ours do, carry it out
   * once. @defaultValue 'stream'
   */
  readonly over?: 'stream' | 'datagram' | undefined;
  /** EDNS options, such as UL, how long what is added shall live (RFC 9664). */
  readonly options?: readonly EdnsOptionData[] | undefined;
}

/**
 * One update in the making: changes in their order, all of which are carried out or none. Names are whole if they are in the zone
 * or end with a dot, otherwise relative to the zone; `"@"` is the zone itself. In values a single label without a dot is
 * relative to the zone, and every other name is whole.
 *
 * Every method but `send` gives the update itself, and throws UsageError for names, types, values and TTLs that cannot be.
 */
export class Update {
  readonly zone: Name;
  readonly #options: UpdateOptions;
  readonly #prerequisites: DnsRecord[] = [];
  readonly #changes: DnsRecord[] = [];

  constructor(zone: Name, options: UpdateOptions) {
    this.zone = zone;
    this.#options = options;
    if (
      options.client === undefined &&
      (options.reactor === undefined || options.server === undefined)
    ) {
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot update "${zone}" as it takes a client, or a reactor and a server`,
      );
    }
  }

  /** Changes nothing unless these hold. */
  require(...prerequisites: readonly Prerequisite[]): this {
    for (const each of prerequisites) this.#prerequisites.push(...each(this.#nameIn));
    return this;
  }

  /** Adds records. What is there already stays, with the new TTL. */
  add(
    name: Name | string,
    type: number | string,
    values: OneOrMany<RecordValue>,
    { ttl = this.#options.ttl ?? CHANGING_TTL }: { readonly ttl?: number | undefined } = {},
  ): this {
    if (!Number.isInteger(ttl) || ttl < 0 || ttl > MAX_TTL)
      throw usageError(
        'HAWSER_DNS_RDATA',
        `Cannot use a TTL as it must be 0 to ${MAX_TTL}: ${ttl}`,
      );
    for (const rdata of this.#data(type, values))
      this.#changes.push({ ...this.#owner(name, type), class: Class.IN, ttl, rdata });
    return this;
  }

  /** Deletes everything a name has, its records of one type, or one record. */
  delete(name: Name | string, type?: number | string, values?: OneOrMany<RecordValue>): this {
    const owner = this.#owner(name, type ?? Type.ANY);
    if (type === undefined || values === undefined) {
      this.#changes.push({ ...owner, class: Class.ANY, ttl: 0, rdata: undefined });
      return this;
    }
    for (const rdata of this.#data(type, values))
      this.#changes.push({ ...owner, class: Class.NONE, ttl: 0, rdata });
    return this;
  }

  /** Makes the records of one name and type be these. */
  replace(
    name: Name | string,
    type: number | string,
    values: OneOrMany<RecordValue>,
    options: { readonly ttl?: number | undefined } = {},
  ): this {
    return this.delete(name, type).add(name, type, values, options);
  }

  /**
   * Sends it. When it settles, the server has carried it out.
   * @throws DnsClientError `HAWSER_DNS_SERVER` with the code: `Rcode.NXDomain`, `NXRRSet`, `YXDomain`, `YXRRSet` if a prerequisite
   * did not hold, `Refused` or `NotAuth` if we may not; otherwise as {@link DnsClient.query}
   */
  send(): Deferred<DnsMessage> {
    const { client, reactor } = this.#options;
    if (client !== undefined) return this.#sending(client);
    if (reactor === undefined) return fail(new TypeError('Cannot send without a reactor'));
    const own = new DnsClient({ reactor });
    return this.#sending(own).addBoth((outcome) => {
      void own.close();
      if (outcome.state === 'rejected') throw outcome.error;
      return outcome.value;
    });
  }

  readonly #sending: (client: DnsClient) => Deferred<DnsMessage> = inlineCallbacks(
    (client: DnsClient) => this.#steps(client),
    { where: 'dns.update' },
  );

  *#steps(client: DnsClient): Generator<unknown, DnsMessage, unknown> {
    const { key, signal, timeoutMs = 10_000, over = 'stream', options } = this.#options;
    const server = this.#options.server ?? (yield* this.#primary(client));
    const request = {
      name: this.zone,
      type: Type.SOA,
      opcode: Opcode.Update,
      answer: this.#prerequisites,
      authority: this.#changes,
      options,
    };
    const how = { stream: over === 'stream', timeoutMs, attempts: 1 };
    const reply = yield* client.exchange(request, server, { key, signal, ...how });
    if (reply.rcode === Rcode.NoError) return reply;
    const { rcode } = reply;
    const text = `Cannot update "${this.zone}": the server says ${formatRcode(rcode)}`;
    throw new DnsClientError('HAWSER_DNS_SERVER', text, { reply });
  }

  /** The address of the server that the SOA names (RFC 2136 §4.2). */
  *#primary(client: DnsClient): Generator<unknown, string, unknown> {
    const { signal } = this.#options;
    const { answer, authority } = yield* client.query(this.zone, Type.SOA, { signal });
    const soa = [...answer, ...authority].find(
      ({ name, type, rdata }) => type === Type.SOA && name.equals(this.zone) && rdata,
    );
    if (soa?.rdata === undefined) {
      const text = `Cannot update "${this.zone}" as nobody knows its SOA`;
      throw new DnsClientError('HAWSER_DNS_REPLY', text);
    }
    const primary = Name.parse(decodeSoa(soa.rdata.wire).mname);
    for (const type of ['A', 'AAAA']) {
      const reply = yield* client.query(primary, type, { signal });
      const found = reply.answer.find((record) => record.type === typeOf(type))?.rdata;
      if (found !== undefined) return formatIp(found.wire);
    }
    const text = `Cannot update "${this.zone}" as its primary "${primary}" has no address`;
    throw new DnsClientError('HAWSER_DNS_REPLY', text);
  }

  #owner(name: Name | string, type: number | string): { name: Name; type: number } {
    return { name: this.#nameIn(name), type: typeOf(type) };
  }

  #data(type: number | string, values: OneOrMany<RecordValue>): Rdata[] {
    const list = Array.isArray(values)
      ? (values as readonly RecordValue[])
      : [values as RecordValue];
    return list.map((value) => encodeRdata(typeOf(type), value, this.zone));
  }

  readonly #nameIn = (text: Name | string): Name => {
    const name = typeof text !== 'string' ? text : text === '@' ? this.zone : Name.parse(text);
    if (name.isSubdomainOf(this.zone)) return name;
    if (typeof text === 'string' && !text.endsWith('.')) return name.concat(this.zone);
    throw usageError('HAWSER_DNS_OUT_OF_ZONE', `Cannot change "${name}" in zone "${this.zone}"`);
  };
}

/**
 * Begins an update of `zone`.
 * @throws UsageError `HAWSER_DNS_NAME`, `HAWSER_DNS_OPTIONS`
 *
 * @example
 * await update('example.net', { client, key })
 *   .require(nameMissing('printer'))
 *   .add('printer', 'A', '192.0.2.17', { ttl: 300 })
 *   .delete('plotter')
 *   .send();
 */
export function update(zone: Name | string, options: UpdateOptions): Update {
  return new Update(nameOf(zone), options);
}
