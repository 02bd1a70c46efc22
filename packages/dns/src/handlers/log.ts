// Who asked what, and what became of it.
import { type Address, formatAddress } from '@hawser/core';
import type { Outcome } from '../contract/answer.ts';
import type { DnsHandlerFunction, Eventually, Next } from '../contract/handler.ts';
import type { DnsQuery, QueryTransport } from '../contract/query.ts';
import { usageError } from '../errors.ts';
import { formatClass, formatRcode, formatType, Opcode } from '../numbers.ts';
import { isPromise } from './resolve-calls.ts';

/** One query and its answer. Its text is one line: `String(entry)`. */
export interface QueryLogEntry {
  /** When it was answered, in milliseconds since 1970. */
  readonly time: number;
  readonly client: Address;
  readonly transport: QueryTransport;
  /** `"QUERY"`, `"UPDATE"` and so on. */
  readonly opcode: string;
  /** As it was spelled. Octets that are no printable ASCII are escaped, so that it fits into a line. */
  readonly name: string;
  readonly type: string;
  readonly class: string;
  /** What is set: RD, CD, DO, `E` for EDNS and `S` for a verified signature. */
  readonly flags: readonly string[];
  /** `"NOERROR"` and so on; `"-"` if nothing was said, `"SERVFAIL"` for a handler that failed. */
  readonly rcode: string;
  /** RRsets in the answer section. */
  readonly answers: number;
  /** Between the query and its answer by the handlers behind; without the time it takes to write it. */
  readonly ms: number;
  toString(): string;
}

/** Options for {@link log}. */
export interface LogOptions {
  /** Share of queries that are logged, picked at random: 0.01 is one in a hundred. @defaultValue 1 */
  readonly sample?: number | undefined;
}

/**
 * Tells `sink` of each query that gets here, when the handlers behind have answered it: put it first to see all. It changes
 * nothing. A throw of `sink`, or a rejection if it is async, is reported, once until it works again, and spoils no answer.
 * @throws UsageError `HAWSER_DNS_OPTIONS`
 *
 * @example
 * dnsService(':53', [log((entry) => console.log(String(entry))), zone]);
 * // 2026-01-01T00:00:00.000Z 192.0.2.7:53124 udp QUERY www.example.net IN A RD,E,DO NOERROR 1 0.112ms
 */
export function log(
  sink: (entry: QueryLogEntry) => void,
  options: LogOptions = {},
): DnsHandlerFunction {
  const { sample = 1 } = options;
  if (typeof sink !== 'function' || !(sample >= 0 && sample <= 1)) {
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot log queries as sink must be a function and sample 0 to 1: ${sample}`,
    );
  }
  let failing = false;
  const tell = (query: DnsQuery, since: number, outcome: Outcome | undefined): void => {
    const failed = (error: unknown): void => {
      if (!failing) query.reactor.reports.problem('dns.log', error);
      failing = true;
    };
    try {
      const said: unknown = sink(new LogEntry(query, query.reactor.clock.now() - since, outcome));
      // A function without a result may be one that has it later, and fails then.
      if (isPromise(said)) said.then(() => (failing = false), failed);
      else failing = false;
    } catch (error) {
      failed(error);
    }
  };
  return (query, next) => {
    if (sample < 1 && query.reactor.random.float() >= sample) return next(query);
    return observed(query, next, tell);
  };
}

type Tell = (query: DnsQuery, since: number, outcome: Outcome | undefined) => void;

function observed(query: DnsQuery, next: Next, tell: Tell): Eventually<Outcome> {
  const since = query.reactor.clock.now();
  let outcome: Eventually<Outcome>;
  try {
    outcome = next(query);
  } catch (error) {
    tell(query, since, undefined);
    throw error;
  }
  if (!isPromise(outcome)) {
    tell(query, since, outcome);
    return outcome;
  }
  return outcome.then(
    (value) => {
      tell(query, since, value);
      return value;
    },
    (error: unknown) => {
      tell(query, since, undefined);
      throw error;
    },
  );
}

const opcodeNames = new Map<number, string>(
  Object.entries(Opcode).map(([name, code]) => [code, name.toUpperCase()]),
);

class LogEntry implements QueryLogEntry {
  readonly time: number;
  readonly client: Address;
  readonly transport: QueryTransport;
  readonly opcode: string;
  readonly name: string;
  readonly type: string;
  readonly class: string;
  readonly flags: readonly string[];
  readonly rcode: string;
  readonly answers: number;
  readonly ms: number;

  constructor(query: DnsQuery, ms: number, outcome: Outcome | undefined) {
    this.time = query.reactor.clock.epoch();
    this.client = query.client;
    this.transport = query.transport;
    this.opcode = opcodeNames.get(query.opcode) ?? `OPCODE${query.opcode}`;
    this.name = query.name.toString();
    this.type = formatType(query.type);
    this.class = formatClass(query.class);
    this.flags = flagsOf(query);
    this.rcode = rcodeOf(outcome);
    this.answers = outcome?.kind === 'answer' ? outcome.answer.length : 0;
    this.ms = ms;
  }

  toString(): string {
    const { client, transport, opcode, name, type, flags, rcode, answers, ms } = this;
    const time = formatTime(this.time);
    const set = flags.join(',') || '-';
    const what = `${opcode} ${name} ${this.class} ${type} ${set}`;
    return `${time} ${hostAndPort(client)} ${transport} ${what} ${rcode} ${answers} ${ms.toFixed(3)}ms`;
  }
}

function flagsOf(query: DnsQuery): string[] {
  const flags: string[] = [];
  if (query.recursionDesired) flags.push('RD');
  if (query.checkingDisabled) flags.push('CD');
  if (query.edns !== undefined) flags.push('E');
  if (query.dnssecOk) flags.push('DO');
  if (query.tsigKey !== undefined) flags.push('S');
  return flags;
}

function rcodeOf(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'SERVFAIL';
  if (outcome.kind === 'silence') return '-';
  return formatRcode(outcome.kind === 'answer' ? outcome.rcode : 0);
}

function hostAndPort(client: Address): string {
  return formatAddress(client).replace(/^(?:tcp|udp):\/\//, '');
}

function formatTime(epochMs: number): string {
  // oxlint-disable-next-line no-restricted-globals -- written, not asked for the time
  return new Date(epochMs).toISOString();
}
