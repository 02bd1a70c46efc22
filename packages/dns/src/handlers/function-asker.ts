// What a function says about a question: it is asked for the name, and for the names that aliases lead to.
import type { Answer } from '../contract/answer.ts';
import type { Eventually } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import { Name } from '../name.ts';
import { isMetaType, Type } from '../numbers.ts';
import type { HostRecords } from '../rdata/value.ts';
import { MAX_CHAIN } from '../zone/answer.ts';
import { answerAlone } from '../zone/answer-alone.ts';
import { toRRsets } from '../zone/host-records.ts';
import type { Zone } from '../zone/zone.ts';
import { answerOnce } from './answer-zone.ts';
import { type Lookup, QueryLookup } from './lookup.ts';
import { isPromise, type ResolveCalls } from './resolve-calls.ts';

/** Not ours to answer: whoever is next in the list of handlers may. */
export interface Pass {
  readonly kind: 'pass';
}

/** What the `resolve` function of a `dynamic` zone returns to let the next handler answer. */
export const pass: Pass = { kind: 'pass' };

/**
 * What a name holds: `undefined` if it does not exist (NXDOMAIN), `{}` if it does but holds nothing. Or what to do instead: an
 * answer such as `codeAnswer(Rcode.Refused)`, or {@link pass}.
 */
export type Resolution = HostRecords | undefined | Answer | Pass;

/** What the function made of a question. */
export interface Resolved {
  readonly said: Answer | Pass | Content;
  /** Only for clients of the subnet that the query tells of. */
  readonly subnet: boolean;
}

/** A zone to answer from. */
export interface Content {
  readonly kind: 'content';
  readonly zone: Zone;
  /** The last name of a chain of aliases is for somebody else to answer. */
  readonly open: boolean;
}

/** A function, and what it is asked for. */
export interface FunctionSource {
  /** SOA and NS. */
  readonly base: Zone;
  readonly resolve: (lookup: Lookup) => Eventually<Resolution>;
  /** TTL where an answer has none, in seconds. */
  readonly ttl: number;
  readonly calls: ResolveCalls;
}

/** One question on its way through aliases. */
interface Step {
  readonly query: DnsQuery;
  /** Keys of the names asked about, that of the query first. A few: a set costs more. */
  readonly asked: string[];
  subnet: boolean;
}

/** One thing that was said on that way. */
interface Said {
  readonly step: Step;
  readonly lookup: QueryLookup;
  readonly resolution: Resolution;
}

/** Asks a function. What it throws, or rejects with, is thrown or rejected with. */
export class FunctionAsker {
  readonly #source: FunctionSource;
  /** What is said about every name that is not there. */
  #missing: Resolved | undefined;

  constructor(source: FunctionSource) {
    this.#source = source;
  }

  ask(query: DnsQuery): Eventually<Resolved> {
    const { key } = query;
    const name = Name.fromParts(Buffer.from(key, 'latin1'), key);
    return this.#extend(this.#source.base, name, { query, asked: [], subnet: false });
  }

  /** `zone` with what the function says about `name`, and about the names its aliases lead to. */
  #extend(zone: Zone, name: Name, step: Step): Eventually<Resolved> {
    const { base, resolve, calls } = this.#source;
    const { query, asked } = step;
    asked.push(name.key);
    const lookup = new QueryLookup(query, name, base.origin);
    const resolution = resolve(lookup);
    if (!isPromise(resolution)) return this.#add(zone, name, { step, lookup, resolution });
    const made = calls.within(resolution, {
      reactor: query.reactor,
      what: lookup.name,
      abort: (reason) => lookup.abort(reason),
    });
    return made.then((late) => this.#add(zone, name, { step, lookup, resolution: late }));
  }

  #add(zone: Zone, name: Name, { step, lookup, resolution }: Said): Eventually<Resolved> {
    const { base, ttl } = this.#source;
    const { asked, query } = step;
    step.subnet ||= lookup.usesSubnet;
    const { subnet } = step;
    if (isInstead(resolution))
      return asked.length === 1 ? { said: resolution, subnet } : contentOf(zone, step, true);
    const plain = zone === base && name.key !== base.origin.key && !isMetaType(query.type);
    if (resolution === undefined) return plain ? this.#nobody(step) : contentOf(zone, step);
    const rrsets = toRRsets(name, resolution, { origin: base.origin, ttl });
    if (plain) {
      const said = answerAlone(zone, rrsets, query.type);
      if (said !== undefined) return { said, subnet };
    }
    const extended = zone.including(name, rrsets);
    const target = rrsets.find(({ type }) => type === Type.CNAME)?.records[0]?.target;
    if (target === undefined || !target.isSubdomainOf(base.origin))
      return contentOf(extended, step);
    // Whether the zone has the name says nothing: it has its origin, and what is above the names asked about.
    if (asked.length > MAX_CHAIN || asked.includes(target.key)) return contentOf(extended, step);
    return this.#extend(extended, target, step);
  }

  #nobody({ query, subnet }: Step): Resolved {
    this.#missing ??= { said: answerOnce(this.#source.base, query), subnet: false };
    return subnet ? { ...this.#missing, subnet } : this.#missing;
  }
}

function isInstead(resolution: Resolution): resolution is Answer | Pass {
  return (
    typeof resolution === 'object' &&
    resolution !== null &&
    'kind' in resolution &&
    (resolution.kind === 'answer' || resolution.kind === 'pass')
  );
}

function contentOf(zone: Zone, { subnet }: Step, open = false): Resolved {
  return { said: { kind: 'content', zone, open }, subnet };
}
