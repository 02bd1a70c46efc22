// The update protocol of routers and of ddclient and inadyn: GET /nic/update, answered with one word a host.
import { usageError } from '../../errors.ts';
import { CHANGING_TTL } from '../../zone/default-ttl.ts';
import { MAX_TTL } from '../../zone/rrset.ts';
import {
  authenticate,
  checkAccount,
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
import type { HostWish } from './host-change.ts';
import { HostUpdates } from './host-updates.ts';

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

interface Limits {
  readonly maxHosts: number;
  readonly maxInFlight: number;
}

class Dyndns2 {
  readonly #hosts: HostUpdates;
  readonly #accounts: ReadonlyMap<string, KnownAccount>;
  readonly #limits: Limits;
  readonly #options: Dyndns2Options;
  readonly #clientOf: ClientAddress;
  readonly #abuse: AbuseGuard;
  #inFlight = 0;

  constructor(zones: Zones, options: Dyndns2Options) {
    const { accounts, ttl = CHANGING_TTL, maxHosts = 20, maxInFlight = 100 } = options;
    const { maxTexts = 4, textLeaseSeconds = 3600 } = options;
    this.#options = options;
    const list = new ZoneList(zones);
    this.#accounts = new Map(
      accounts.map((account) => [account.user, checkAccount(account, list.origins)]),
    );
    if (this.#accounts.size !== accounts.length) {
      throw usageError('HAWSER_DNS_OPTIONS', 'Cannot use accounts as two have the same user');
    }
    const limits = { ttl, maxHosts, maxInFlight, maxTexts, textLeaseSeconds };
    for (const [name, limit] of Object.entries(limits)) {
      const least = name === 'ttl' ? 0 : 1;
      if (!Number.isInteger(limit) || limit < least || limit > MAX_TTL)
        throw usageError(
          'HAWSER_DNS_OPTIONS',
          `Cannot use ${name} as it must be ${least} or more: ${limit}`,
        );
    }
    this.#clientOf = clientAddress(options.trustedProxies);
    this.#limits = limits;
    this.#abuse = options.abuse ?? new AbuseGuard();
    this.#hosts = new HostUpdates(list, limits, this.#abuse);
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
    if (query === undefined || isLured(request) || this.#isBadAgent(request))
      return textReply('badagent');
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
    const lines = await this.#hosts.lines({ hosts, account, wish }, context);
    return textReply(lines.join('\n'));
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

/**
 * True if a page of somebody else makes a browser ask (W3C Fetch Metadata): it remembers the password, and an image is enough to
 * send it.
 */
function isLured(request: Request): boolean {
  const site = request.headers.get('sec-fetch-site');
  return site !== null && site !== 'none' && site !== 'same-origin';
}

function badauth(): Response {
  return textReply('badauth', {
    status: 401,
    headers: { 'www-authenticate': 'Basic realm="dyndns2"' },
  });
}
