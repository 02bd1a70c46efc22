// Names to addresses as the system would find them (hosts file, search list, DNS), with a cache: a resolver for a reactor.
import {
  CancelledError,
  ConnectError,
  type Deferred,
  fail,
  gather,
  inlineCallbacks,
  type LookupOptions,
  type OperationOptions,
  parseIp,
  type Reactor,
  type ResolvedAddress,
  type Resolver,
  succeed,
  toError,
  withSignal,
} from '@hawser/core';
import type { DnsMessage } from '../../message/parse-message.ts';
import type { DnsRecord } from '../../message/record.ts';
import type { Name } from '../../name.ts';
import { Rcode, Type } from '../../numbers.ts';
import { formatIPv4, formatIPv6 } from '../../rdata/address.ts';
import { decodeRdata } from '../../rdata/decode-rdata.ts';
import type { MxValue, SrvValue } from '../../rdata/value.ts';
import { DnsClientError } from '../client-error.ts';
import { DnsClient } from '../dns-client.ts';
import type { QueryOptions } from '../dns-client-options.ts';
import { nameOf, typeOf } from '../dns-request.ts';
import { SingleFlight } from '../single-flight.ts';
import { checkResolverOptions } from './check-resolver-options.ts';
import type { DnsResolverOptions } from './dns-resolver-options.ts';
import { type Followed, followAliases } from './follow-aliases.ts';
import { HostsFile } from './hosts-file.ts';
import { candidateNames, literalAddress, loopbackAddresses } from './lookup-names.ts';
import { parseResolvConf, type ResolvConf } from './resolv-conf.ts';
import { ResolverCache } from './resolver-cache.ts';
import { reverseName } from './reverse-name.ts';
import { SystemFile } from './system-file.ts';

/** Replies one question may take, as aliases lead from one to the next. */
const MAX_QUERIES = 8;

/**
 * Looks names up: what is in the hosts file there, everything else at the servers of resolv.conf, along its search list.
 * Answers are remembered as long as their TTL, and nobody asks what is being asked already. `localhost` never leaves the
 * machine (RFC 6761 §6.3).
 *
 * @example
 * // Every connection by name goes through it.
 * const reactor = createNodeReactor({
 *   resolver: (own) => dnsResolver({ reactor: own, servers: ['tls://192.0.2.53#dns.example.net'] }),
 * });
 */
export class DnsResolver implements Resolver, AsyncDisposable {
  readonly #reactor: Reactor;
  readonly #options: DnsResolverOptions;
  readonly #client: DnsClient;
  readonly #conf: SystemFile<ResolvConf> | ResolvConf;
  readonly #hosts: SystemFile<HostsFile> | HostsFile;
  readonly #cache: ResolverCache<Followed>;
  readonly #flights = new SingleFlight<Followed>();
  #turn = 0;

  /** @throws UsageError `HAWSER_DNS_OPTIONS` */
  constructor(options: DnsResolverOptions) {
    const { reactor, maxEntries = 10_000, timeoutMs, attempts, https } = options;
    const { resolvConf, resolvConfPath = '/etc/resolv.conf' } = options;
    const { hosts, hostsPath = '/etc/hosts' } = options;
    const { clock } = reactor;
    checkResolverOptions(options);
    this.#reactor = reactor;
    this.#options = options;
    this.#client = new DnsClient({
      reactor,
      timeoutMs,
      attempts,
      https,
      deadlineMs: 30_000,
    });
    this.#cache = new ResolverCache(maxEntries);
    this.#conf =
      resolvConf === undefined
        ? new SystemFile(resolvConfPath, { clock, parse: parseResolvConf })
        : parseResolvConf(resolvConf);
    this.#hosts =
      hosts === undefined
        ? new SystemFile(hostsPath, { clock, parse: (text) => new HostsFile(text) })
        : new HostsFile(hosts);
  }

  /**
   * All addresses of `host`, IPv4 first; an IP address is its own answer.
   * @throws ConnectError `HAWSER_RESOLVE`, with the DnsClientError as its cause if there is one
   */
  lookup(host: string, options: LookupOptions = {}): Deferred<readonly ResolvedAddress[]> {
    const { family, signal } = options;
    const { reports } = this.#reactor;
    const unheard = { reports, where: 'lookup' };
    const known = literalAddress(host) ?? loopbackAddresses(host);
    if (known !== undefined) {
      const fitting = known.filter((each) => family === undefined || each.family === family);
      if (fitting.length > 0) return withSignal(succeed(fitting), signal);
      return fail(resolveError(host, `it has no IPv${family} address`), unheard);
    }
    return withSignal(this.#finding(host, family), signal);
  }

  /** Mail exchangers of `name`, the preferred ones first. */
  resolveMx(name: Name | string, options: OperationOptions = {}): Deferred<MxValue[]> {
    return this.#values<MxValue>(name, Type.MX, options).addCallback((values) =>
      values.sort((one, other) => one.preference - other.preference),
    );
  }

  /** Where a service is, in the order to try (RFC 2782): by priority, and at random by weight. */
  resolveSrv(name: Name | string, options: OperationOptions = {}): Deferred<SrvValue[]> {
    return this.#values<SrvValue>(name, Type.SRV, options).addCallback((values) => {
      const { random } = this.#reactor;
      // A key for each, so that the first is chosen as often as its weight says (Efraimidis and Spirakis).
      const keyed = values.map((value) => ({
        value,
        key: Math.log(random.float() || Number.MIN_VALUE) / Math.max(value.weight, 0.01),
      }));
      keyed.sort((one, other) => one.value.priority - other.value.priority || other.key - one.key);
      return keyed.map(({ value }) => value);
    });
  }

  /** Texts of `name`; of one in several strings they are joined, as SPF and DKIM do. */
  resolveTxt(name: Name | string, options: OperationOptions = {}): Deferred<string[]> {
    return this.#values<string | readonly string[]>(name, Type.TXT, options).addCallback((values) =>
      values.map((value) => (typeof value === 'string' ? value : value.join(''))),
    );
  }

  /** Names of an IP address, those in the hosts file first; or where another name points to. */
  resolvePtr(address: string, options: OperationOptions = {}): Deferred<string[]> {
    const octets = parseIp(address);
    if (octets === undefined) return this.#values<string>(address, Type.PTR, options);
    return this.#hostsFile().addCallback((hosts) => {
      const text = octets.length === 4 ? formatIPv4(octets) : formatIPv6(octets);
      const known = hosts.namesOf(text);
      if (known.length > 0) return [...known];
      return this.#values<string>(reverseName(address), Type.PTR, options);
    });
  }

  /** Asks the servers, whatever is remembered: as {@link DnsClient.query}. */
  query(
    name: Name | string,
    type: number | string,
    options: QueryOptions = {},
  ): Deferred<DnsMessage> {
    return this.#configuration().addCallback((conf) =>
      this.#client.query(name, type, { ...this.#queryOptions(conf), ...options }),
    );
  }

  /** Forgets all answers. */
  clear(): void {
    this.#cache.clear();
  }

  /** Ends all lookups. */
  async close(): Promise<void> {
    await this.#client.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  readonly #finding: (
    host: string,
    family: 4 | 6 | undefined,
  ) => Deferred<readonly ResolvedAddress[]> = inlineCallbacks(
    (host: string, family: 4 | 6 | undefined) => this.#find(host, family),
    { where: 'lookup' },
  );

  *#find(
    host: string,
    family: 4 | 6 | undefined,
  ): Generator<unknown, readonly ResolvedAddress[], unknown> {
    const hosts = yield* this.#hostsFile();
    const inFile = hosts
      .addressesOf(host.replace(/\.$/, ''))
      .filter((each) => family === undefined || each.family === family);
    if (inFile.length > 0) return inFile;
    let why: Error | undefined;
    const conf = yield* this.#configuration();
    for (const candidate of candidateNames(host, conf)) {
      try {
        const found = yield* this.#addresses(candidate, family);
        if (found.length > 0) return found;
      } catch (error) {
        if (error instanceof CancelledError) throw error;
        why ??= toError(error);
        // Servers that fail for one zone may know the next, as every system tries it; those that are silent do not.
        if (!isRefusal(error)) break;
      }
    }
    const what = family === undefined ? 'it has no address' : `it has no IPv${family} address`;
    throw resolveError(host, why?.message ?? what, why);
  }

  /** None if there are none; an error if that is not known for sure. */
  #addresses(name: Name, family: 4 | 6 | undefined): Deferred<ResolvedAddress[]> {
    const ask = (type: number): Deferred<Followed | Error> =>
      this.#resolve(name, type).addErrback((error) => toError(error));
    const types = family === undefined ? [Type.A, Type.AAAA] : [family === 4 ? Type.A : Type.AAAA];
    return gather(types.map(ask)).addCallback((results) => {
      const found = results.flatMap((each) => ('records' in each ? addressesIn(each.records) : []));
      const failed = results.find((each) => each instanceof Error);
      if (found.length === 0 && failed !== undefined) throw failed;
      return found;
    });
  }

  #values<T>(name: Name | string, type: number, { signal }: OperationOptions): Deferred<T[]> {
    const values = this.#resolve(nameOf(name), type).addCallback(({ kind, records }) => {
      if (kind === 'nxdomain') {
        const text = `Cannot resolve "${name}" as there is no such name`;
        throw new DnsClientError('HAWSER_DNS_SERVER', text, { rcode: Rcode.NXDomain });
      }
      return records.flatMap(({ rdata }) => (rdata ? [decodeRdata(type, rdata) as T] : []));
    });
    return withSignal(values, signal);
  }

  /** What is remembered, or what the servers say. */
  #resolve(name: Name, type: number): Deferred<Followed> {
    const { clock } = this.#reactor;
    const key = `${type}/${name.key}`;
    const remembered = this.#cache.get(key, clock.now());
    if (remembered !== undefined) return succeed(remembered);
    return this.#flights.run(key, () =>
      this.#asking(name, type).addCallback((followed) => {
        const { maxTtl = 86_400, maxNegativeTtl = 3_600 } = this.#options;
        const ttl = Math.min(followed.ttl, followed.kind === 'data' ? maxTtl : maxNegativeTtl);
        if (ttl > 0) this.#cache.set(key, followed, clock.now() + ttl * 1_000);
        return followed;
      }),
    );
  }

  readonly #asking: (name: Name, type: number) => Deferred<Followed> = inlineCallbacks(
    (name: Name, type: number) => this.#ask(name, type),
    { where: 'dns.resolve' },
  );

  *#ask(name: Name, type: number): Generator<unknown, Followed, unknown> {
    const options = this.#queryOptions(yield* this.#configuration());
    let ttl = Number.POSITIVE_INFINITY;
    let at = name;
    for (let count = 0; count < MAX_QUERIES; count++) {
      const reply = yield* this.#client.query(at, type, options);
      const followed = followAliases(reply, at, typeOf(type));
      ttl = Math.min(ttl, followed.ttl);
      if (followed.kind !== 'alias') return { ...followed, ttl };
      at = followed.name;
    }
    throw new DnsClientError('HAWSER_DNS_REPLY', `Cannot resolve "${name}" along so many aliases`);
  }

  #queryOptions(conf: ResolvConf): QueryOptions {
    const { servers = conf.servers, timeoutMs = conf.timeoutMs } = this.#options;
    const { attempts = conf.attempts, rotate = conf.rotate } = this.#options;
    const first = rotate ? this.#turn++ % servers.length : 0;
    const order = [...servers.slice(first), ...servers.slice(0, first)];
    return { servers: order, timeoutMs, attempts };
  }

  #configuration(): Deferred<ResolvConf> {
    const { search, ndots } = this.#options;
    const read = this.#conf instanceof SystemFile ? this.#conf.read() : succeed(this.#conf);
    return read.addCallback((conf) => ({
      ...conf,
      search: search ?? conf.search,
      ndots: ndots ?? conf.ndots,
    }));
  }

  #hostsFile(): Deferred<HostsFile> {
    return this.#hosts instanceof SystemFile ? this.#hosts.read() : succeed(this.#hosts);
  }
}

/** Makes a {@link DnsResolver}. @throws UsageError `HAWSER_DNS_OPTIONS` */
export function dnsResolver(options: DnsResolverOptions): DnsResolver {
  return new DnsResolver(options);
}

function isRefusal(error: unknown): boolean {
  return error instanceof DnsClientError && error.code === 'HAWSER_DNS_SERVER';
}

function addressesIn(records: readonly DnsRecord[]): ResolvedAddress[] {
  return records.flatMap(({ rdata }): ResolvedAddress[] => {
    if (rdata?.wire.length === 4) return [{ host: formatIPv4(rdata.wire), family: 4 }];
    return rdata === undefined ? [] : [{ host: formatIPv6(rdata.wire), family: 6 }];
  });
}

function resolveError(host: string, why: string, cause?: Error): ConnectError {
  return new ConnectError('HAWSER_RESOLVE', `Cannot resolve "${host}": ${why}`, { cause });
}
