import type { Address } from '@hawser/core';
import type { DnsQuery, QueryTransport } from '../contract/query.ts';
import { EdnsOption } from '../message/edns.ts';
import { type ClientSubnet, ednsCodecs } from '../message/edns-option.ts';
import type { Name } from '../name.ts';
import { formatType } from '../numbers.ts';

/** What a function that answers for names is asked. */
export interface Lookup {
  /** The name relative to the zone, in lower case: `"www"`, `"a.b"`, `"@"` for the zone itself. */
  readonly label: string;
  /** The whole name, in lower case. */
  readonly name: string;
  /** The type asked for, such as `"A"`. Other types may be returned too. */
  readonly type: string;
  readonly client: Address;
  readonly transport: QueryTransport;
  /** Name of the key whose signature on the query was verified (RFC 8945). */
  readonly tsigKey: string | undefined;
  /**
   * For whom a resolver asks, if it says so (RFC 7871): anybody can claim anything here. Whoever reads it makes an answer that
   * is for that subnet, and the reply says so.
   */
  readonly subnet: ClientSubnet | undefined;
  /** Aborted when the answer is not awaited any more. */
  readonly signal: AbortSignal;
}

/** A {@link Lookup} of a query. What costs more than most functions need is made when it is read. */
export class QueryLookup implements Lookup {
  readonly label: string;
  readonly name: string;
  readonly type: string;
  readonly client: Address;
  readonly transport: QueryTransport;
  readonly tsigKey: string | undefined;
  readonly #query: DnsQuery;
  readonly #abort: { controller?: AbortController; reason?: unknown } = {};
  #readSubnet = false;

  constructor(query: DnsQuery, name: Name, origin: Name) {
    this.label = name.relativeTo(origin);
    this.name = name.toString();
    this.type = formatType(query.type);
    this.client = query.client;
    this.transport = query.transport;
    this.tsigKey = query.tsigKey?.toString();
    this.#query = query;
  }

  get subnet(): ClientSubnet | undefined {
    this.#readSubnet = true;
    return subnetOf(this.#query);
  }

  get signal(): AbortSignal {
    if (this.#abort.controller === undefined) {
      this.#abort.controller = new AbortController();
      if ('reason' in this.#abort) this.#abort.controller.abort(this.#abort.reason);
    }
    return this.#abort.controller.signal;
  }

  /** The answer may depend on {@link subnet}. */
  get usesSubnet(): boolean {
    return this.#readSubnet;
  }

  /** Nobody awaits the answer any more. */
  abort(reason: unknown): void {
    this.#abort.reason = reason;
    this.#abort.controller?.abort(reason);
  }
}

/** The client subnet option of a query. Undefined also for a broken one. */
export function subnetOf({ edns, message }: DnsQuery): ClientSubnet | undefined {
  const option = edns?.options.find(({ code }) => code === EdnsOption.ClientSubnet);
  if (option === undefined) return undefined;
  const data = message.bytes.subarray(option.offset, option.offset + option.length);
  return ednsCodecs.clientSubnet.decode(data);
}
