// The update protocol of routers and of ddclient and inadyn: GET /nic/update, answered with one word a host.
import { HawserError } from '@hawser/core';
import type { LiveZone } from '../../contract/live-zone.ts';
import { usageError } from '../../errors.ts';
import { Name } from '../../name.ts';
import { Type } from '../../numbers.ts';
import { MAX_TTL } from '../../zone/rrset.ts';
import {
  authenticate,
  checkAccount,
  isChallenge,
  type KnownAccount,
  type UpdateAccount,
} from '../http/account.ts';
import { type ClientAddress, clientAddress, type TrustedProxies } from '../http/client-address.ts';
import type { HttpUpdateContext, HttpUpdateHandler } from '../http/http-context.ts';
import { readBody } from '../http/read-body.ts';
import { textReply } from '../http/reply.ts';
import { ZoneList, type Zones } from '../http/zone-list.ts';
import { AbuseGuard } from './abuse-guard.ts';
import { addressesOf, basicCredentials, hostsOf } from './dyndns2-request.ts';
import { changeOfHost, type HostChange, type HostTerms, type HostWish } from './host-change.ts';

/** Options for {@link dyndns2}. */
export interface Dyndns2Options {
  readonly accounts: readonly UpdateAccount[];
  /** TTL of what is updated, in seconds. @defaultValue 60 */
  readonly ttl?: number | undefined;
  /** Hosts in one request; more are answered with `numhost`. @defaultValue 20 */
  readonly maxHosts?: number | undefined;
  /** Requests of accounts that may be worked on at the same time; more are answered with `911`. @defaultValue 100 */
  readonly maxInFlight?: number | undefined;
  /** Takes `username` and `password` of the query as well: they get into the logs of others. @defaultValue false */
  readonly queryCredentials?: boolean | undefined;
  /** An empty `myip` deletes the IPv4 addresses, an empty `myipv6` the others, instead of saying nothing. @defaultValue false */
  readonly emptyDeletes?: boolean | undefined;
  /** Takes loopback addresses. @defaultValue false */
  readonly allowLoopback?: boolean | undefined;
  /** Proxies that are believed when they say who the client is. @defaultValue none */
  readonly trustedProxies?: TrustedProxies | undefined;
  /** Clients that are answered with `badagent`, besides those without a `User-Agent`. @defaultValue none */
  readonly blockedAgents?: readonly RegExp[] | undefined;
  /** Texts of one `_acme-challenge` name, the oldest of which goes for a new one. @defaultValue 4 */
  readonly maxTexts?: number | undefined;
  /** How long such a text stays, in seconds. @defaultValue 3600 */
  readonly textLeaseSeconds?: number | undefined;
  /** Counts needless updates and wrong credentials. @defaultValue one that forgets with the process */
  readonly abuse?: AbuseGuard | undefined;
  /** True while updates cannot be taken: answered with `911`, and tried again by clients. @defaultValue never */
  readonly maintenance?: (() => boolean) | undefined;
}

/** Longest query string, and largest form taken by POST. */
const MAX_FORM_BYTES = 4096;
/** Longest character-string (RFC 1035 §3.3). */
const MAX_TEXT_BYTES = 255;

/**
 * A handler for `/nic/update`, `/v3/update` and `/update`, mounted where you like, for hosts of `zones`. When it says `good`, the
 * change is stored and already served. All hosts of one request that are in the same zone change together or not at all.
 *
 * Parameters: `hostname` (several, with commas), `myip`, `ip`, `myipv4`, `myipv6`, `ipv6` (without any: the address of the
 * client, of its family only); `2001:db8:1::/56` replaces that many bits and keeps the rest; `preserve` keeps a family;
 * `offline=YES` deletes both; `txt` adds a text to an `_acme-challenge` host, an empty one deletes all.
 *
 * Bad credentials are 401 `badauth`; every other outcome is status 200 with a word for each host: `good` and `nochg` with
 * the addresses, `notfqdn`, `nohost` (also for hosts of others), `dnserr` (bad address, or the store failed), `abuse`; or with
 * one word for all: `numhost`, `badagent`, `911`, `abuse`.
 * @throws UsageError `HAWSER_DNS_OPTIONS`, `HAWSER_DNS_NAME`, `HAWSER_DNS_NUMBER` for a bad account or option
 *
 * @example
 * const update = dyndns2(zone, { accounts: [{ user: 'home', token, hosts: ['home.example.net'] }] });
 */
export function dyndns2(zones: Zones, options: Dyndns2Options): HttpUpdateHandler {
  const endpoint = new Dyndns2(zones, options);
  return (request, context) => endpoint.answer(request, context);
}

/** One host of a request. */
interface Asked {
  readonly name: Name | undefined;
  /** What to say, once that is known. */
  line: string | undefined;
}

interface Limits {
  readonly ttl: number;
  readonly maxHosts: number;
  readonly maxInFlight: number;
  readonly maxTexts: number;
  readonly textLeaseSeconds: number;
}

class Dyndns2 {
  readonly #zones: ZoneList;
  readonly #accounts: ReadonlyMap<string, KnownAccount>;
  readonly #limits: Limits;
  readonly #options: Dyndns2Options;
  readonly #clientOf: ClientAddress;
  readonly #abuse: AbuseGuard;
  #inFlight = 0;

  constructor(zones: Zones, options: Dyndns2Options) {
    const { accounts, ttl = 60, maxHosts = 20, maxInFlight = 100 } = options;
    const { maxTexts = 4, textLeaseSeconds = 3600 } = options;
    this.#options = options;
    this.#zones = new ZoneList(zones);
    this.#accounts = new Map(
      accounts.map((account) => [account.user, checkAccount(account, this.#zones.origins)]),
    );
    if (this.#accounts.size !== accounts.length) {
      throw usageError('HAWSER_DNS_OPTIONS', 'Cannot use accounts as two have the same user');
    }
    this.#limits = { ttl, maxHosts, maxInFlight, maxTexts, textLeaseSeconds };
    for (const [name, limit] of Object.entries(this.#limits)) {
      const least = name === 'ttl' ? 0 : 1;
      if (!Number.isInteger(limit) || limit < least || limit > MAX_TTL)
        throw usageError(
          'HAWSER_DNS_OPTIONS',
          `Cannot use ${name} as it must be ${least} or more: ${limit}`,
        );
    }
    this.#clientOf = clientAddress(options.trustedProxies);
    this.#abuse = options.abuse ?? new AbuseGuard();
  }

  async answer(request: Request, context: HttpUpdateContext): Promise<Response> {
    try {
      if (this.#options.maintenance?.()) return textReply('911');
      return await this.#answer(request, context);
    } catch (error) {
      context.reactor.reports.problem('dns.dyndns2', error);
      return textReply('911');
    }
  }

  async #answer(request: Request, context: HttpUpdateContext): Promise<Response> {
    const client = this.#clientOf(request, context);
    if (!this.#abuse.mayTry(client, context)) return textReply('abuse');
    const query = await parametersOf(request);
    const account = this.#authenticate(request, query);
    if (account === undefined) {
      this.#abuse.failed(client, context);
      return badauth();
    }
    if (query === undefined || this.#isBadAgent(request)) return textReply('badagent');
    // Strangers, and requests that have not come as a whole, take no place.
    if (this.#inFlight >= this.#limits.maxInFlight) return textReply('911');
    this.#inFlight++;
    try {
      return await this.#update(query, account, { client, context });
    } finally {
      this.#inFlight--;
    }
  }

  async #update(
    query: URLSearchParams,
    account: KnownAccount,
    {
      client,
      context,
    }: { readonly client: string | undefined; readonly context: HttpUpdateContext },
  ): Promise<Response> {
    const hosts = hostsOf(query);
    if (hosts.length === 0 && account.user.includes('.')) hosts.push(account.user);
    if (hosts.length === 0) return textReply('notfqdn');
    if (hosts.length > this.#limits.maxHosts) return textReply('numhost');
    const wish = this.#wishOf(query, client);
    if (wish === undefined) return textReply(hosts.map(() => 'dnserr').join('\n'));
    const asked = hosts.map((host) => this.#judge(host, account, wish));
    await this.#admit(asked, context);
    await this.#change(asked, wish, context);
    return textReply(asked.map(({ line }) => line ?? '911').join('\n'));
  }

  #authenticate(request: Request, query: URLSearchParams | undefined): KnownAccount | undefined {
    const basic = basicCredentials(request.headers.get('authorization'));
    const inQuery = this.#options.queryCredentials && basic === undefined;
    const claim = inQuery
      ? { user: query?.get('username') ?? '', token: query?.get('password') ?? '' }
      : basic;
    return authenticate(this.#accounts, claim ?? { user: '', token: '' });
  }

  #isBadAgent(request: Request): boolean {
    const agent = (request.headers.get('user-agent') ?? '').trim();
    // A pattern with a memory of its last match would let every second one pass.
    return (
      agent === '' ||
      (this.#options.blockedAgents ?? []).some((blocked) => agent.search(blocked) >= 0)
    );
  }

  #wishOf(query: URLSearchParams, client: string | undefined): HostWish | undefined {
    const { emptyDeletes = false, allowLoopback: loopback = false } = this.#options;
    const txt = query.get('txt') ?? undefined;
    if (txt !== undefined) {
      return Buffer.byteLength(txt) <= MAX_TEXT_BYTES ? { addresses: undefined, txt } : undefined;
    }
    const addresses = addressesOf(query, client, { emptyDeletes, loopback });
    return addresses && { addresses, txt };
  }

  /** The same for a host of somebody else as for none, so that nobody can find out which there are. */
  #judge(host: string, account: KnownAccount, wish: HostWish): Asked {
    const name = fullName(host);
    if (name === undefined) return { name, line: 'notfqdn' };
    const types =
      wish.txt !== undefined
        ? [Type.TXT]
        : (['A', 'AAAA'] as const)
            .filter((family) => wish.addresses?.[family].kind !== 'keep')
            .map((family) => Type[family]);
    const allowed = (types.length > 0 ? types : [Type.A]).every((type) =>
      account.mayUpdate(name, type),
    );
    const fits = wish.txt === undefined || isChallenge(name);
    const known = this.#zones.of(name) !== undefined;
    return { name, line: known && allowed && fits ? undefined : 'nohost' };
  }

  async #admit(asked: readonly Asked[], context: HttpUpdateContext): Promise<void> {
    for (const each of asked) {
      if (each.name === undefined || each.line !== undefined) continue;
      // oxlint-disable-next-line no-await-in-loop -- at most once for each host of this process
      if (!(await this.#abuse.admits(each.name, context))) each.line = 'abuse';
    }
  }

  async #change(
    asked: readonly Asked[],
    wish: HostWish,
    context: HttpUpdateContext,
  ): Promise<void> {
    const byZone = new Map<LiveZone, Asked[]>();
    for (const each of asked) {
      const zone = each.name && each.line === undefined ? this.#zones.of(each.name) : undefined;
      if (zone !== undefined) byZone.set(zone, [...(byZone.get(zone) ?? []), each]);
    }
    await Promise.all(
      [...byZone].map(([zone, hosts]) => this.#changeZone(zone, { hosts, wish, context })),
    );
  }

  async #changeZone(
    zone: LiveZone,
    {
      hosts,
      wish,
      context,
    }: {
      readonly hosts: readonly Asked[];
      readonly wish: HostWish;
      readonly context: HttpUpdateContext;
    },
  ): Promise<void> {
    const { clock, reports } = context.reactor;
    const { ttl, maxTexts, textLeaseSeconds } = this.#limits;
    const terms: HostTerms = {
      ttl,
      maxTexts,
      textExpires: clock.epoch() + textLeaseSeconds * 1000,
    };
    const names = hosts.flatMap(({ name }) => name ?? []);
    try {
      const { result } = await zone.transact((content) => {
        const changes = names.map((name) => changeOfHost(content, name, { wish, terms }));
        const fine = changes.every(({ ok }) => ok);
        const made = fine ? changes.flatMap((change) => (change.ok ? [change] : [])) : [];
        return {
          edits: made.flatMap(({ edits }) => edits),
          leases: made.flatMap(({ leases }) => leases),
          result: changes,
        };
      });
      const failed = result.some(({ ok }) => !ok);
      for (const [index, each] of hosts.entries()) {
        const change = result[index];
        each.line =
          change === undefined || (failed && !isNothing(change)) ? 'dnserr' : lineOf(change);
        if (each.name === undefined) continue;
        if (each.line.startsWith('good')) this.#abuse.changed(each.name, context);
        if (each.line.startsWith('nochg')) this.#abuse.unchanged(each.name, context);
      }
    } catch (error) {
      // What was served still is. That the disk is full is for the operator to know; that a zone is full, too.
      reports.problem('dns.dyndns2', error);
      for (const each of hosts) each.line = error instanceof HawserError ? 'dnserr' : '911';
    }
  }
}

function isNothing(change: HostChange): boolean {
  return change.ok && change.edits.length === 0;
}

function lineOf(change: HostChange): string {
  if (!change.ok) return 'dnserr';
  const word = change.edits.length > 0 ? 'good' : 'nochg';
  return `${word} ${change.addresses.join(',')}`.trimEnd();
}

/** A host name of letters, digits, `-`, `_`, with at least one dot. */
function fullName(host: string): Name | undefined {
  if (!/^(?:[\w-]{1,63}\.)+[\w-]{1,63}\.?$/.test(host) || host.length > 254) return undefined;
  try {
    return Name.parse(host);
  } catch {
    return undefined;
  }
}

async function parametersOf(request: Request): Promise<URLSearchParams | undefined> {
  const { search, searchParams } = new URL(request.url);
  if (search.length > MAX_FORM_BYTES) return undefined;
  // Not HEAD: whoever only looks must not change anything.
  if (request.method === 'GET') return searchParams;
  if (request.method !== 'POST') return undefined;
  const type = request.headers.get('content-type') ?? '';
  if (!type.startsWith('application/x-www-form-urlencoded')) return searchParams;
  const form = await readBody(request, MAX_FORM_BYTES);
  if (form === undefined) return undefined;
  return new URLSearchParams([...searchParams, ...new URLSearchParams(form)]);
}

function badauth(): Response {
  return textReply('badauth', {
    status: 401,
    headers: { 'www-authenticate': 'Basic realm="dyndns2"' },
  });
}
