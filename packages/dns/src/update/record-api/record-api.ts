// Records as JSON over HTTP: to list, add, change and delete them. Here: who may ask for what.
import type { LiveZone } from '../../contract/live-zone.ts';
import { usageError } from '../../errors.ts';
import { Name } from '../../name.ts';
import { CHANGING_TTL } from '../../zone/default-ttl.ts';
import { MAX_TTL } from '../../zone/rrset.ts';
import {
  type ClientAddress,
  clientAddress,
  networkOf,
  type TrustedProxies,
} from '../http/client-address.ts';
import type { HttpUpdateContext, HttpUpdateHandler } from '../http/http-context.ts';
import { type Rate, RateMemory } from '../http/rate-memory.ts';
import { ZoneList, type Zones } from '../http/zone-list.ts';
import type { ApiLimits } from './api-call.ts';
import { accepts, decoded, toProblem, withoutBody } from './api-http.ts';
import { type ApiToken, checkTokens, type FindToken, type KnownApiToken } from './api-token.ts';
import { ChangeCalls, type Propagated } from './change-calls.ts';
import { Problem, problemReply } from './problem.ts';
import { listRecords, listZones, showRRset, showZone } from './read-calls.ts';
import { readName, readType } from './record-changes.ts';

/** Options for {@link recordApi}. */
export interface RecordApiOptions {
  readonly tokens: readonly ApiToken[];
  /** What comes before `/zones` in the path. @defaultValue nothing */
  readonly prefix?: string | undefined;
  /** TTL of records without one, in seconds. @defaultValue 60 */
  readonly ttl?: number | undefined;
  /** Octets of a body; more is 413. @defaultValue 262_144 */
  readonly maxBodyBytes?: number | undefined;
  /** Changes of one batch; more is 413. @defaultValue 500 */
  readonly maxChanges?: number | undefined;
  /** RRsets on one page, which ends at 10,000 records in any case. @defaultValue 1000 */
  readonly maxPage?: number | undefined;
  /** Wrong tokens from one address, or /64 of IPv6; then 429. @defaultValue 30 at once, 3 a minute */
  readonly failureRate?: Rate | undefined;
  /** Proxies that are believed when they say who the client is. @defaultValue none */
  readonly trustedProxies?: TrustedProxies | undefined;
  /**
   * Waits for `?wait=propagated` until all secondaries have a serial: `(zone, serial) => propagated(zone, { reactor, serial })`.
   * A TimeoutError is answered with 504; the change is made all the same. @defaultValue waiting is 400
   */
  readonly propagated?: Propagated | undefined;
}

/**
 * A handler for the records of `zones` as JSON. Requests carry `Authorization: Bearer <token>`. Names are whole, or relative to the zone, or
 * `@`; values are written as in zone files, or given as objects, and names in them are whole, with or without a final dot, but for a
 * single label without one, which is in the zone. A change that is answered is stored and served.
 *
 * - `GET /zones`: `{"zones": [{"name", "serial", "names"}]}`
 * - `GET /zones/{zone}`: one of them
 * - `GET /zones/{zone}/records?limit=100&after=…&name=…&type=…`: `{"records": [{"name", "type", "ttl", "values"}], "next"}` in
 *   canonical order; `next`, if there is more, is the `after` of the next page
 * - `POST /zones/{zone}/records`: `{"changes": [{"operation", "name", "type", "ttl", "values", "leaseSeconds"}]}`, all or none,
 *   in their order; `operation` is `set` (all values there are), `add`, `remove` (single values) or `delete` (of a type, or
 *   without one of the whole name). 200 with `{"serial", "changed"}`
 * - `GET /zones/{zone}/records/{name}/{type}`: an RRset
 * - `PUT` of the same with `{"ttl", "values", "leaseSeconds"}`: creates (201) or replaces (200) it
 * - `PATCH` of the same with `{"add": [], "remove": [], "ttl", "leaseSeconds"}`: adds and removes single values
 * - `DELETE` of the same, or of `/zones/{zone}/records/{name}`: 204, 404 if there was nothing
 *
 * `ETag` is the serial of the zone: with `If-Match` a change is made only if nothing else was changed since, else 412;
 * `If-None-Match: *` only if the RRset is new; `If-None-Match` of a GET gives 304. `?wait=propagated` answers when the
 * secondaries have the change. HEAD and OPTIONS work everywhere. Errors are problem documents (RFC 9457): 400, 401, 403, 404,
 * 405, 406, 409 (the zone would not be one any more), 412, 413, 415, 422 (with `index` in a batch), 429, 503, 504.
 * @throws UsageError `HAWSER_DNS_OPTIONS`, `HAWSER_DNS_NAME`, `HAWSER_DNS_NUMBER`
 *
 * @example
 * const api = recordApi(zone, { tokens: [{ name: 'ci', token: hashToken(secret), names: ['*.lab.example.net'] }] });
 */
export function recordApi(zones: Zones, options: RecordApiOptions): HttpUpdateHandler {
  const api = new RecordApi(zones, options);
  return (request, context) => api.answer(request, context);
}

class RecordApi {
  readonly #zones: ZoneList;
  readonly #findToken: FindToken;
  readonly #prefix: string;
  readonly #limits: ApiLimits;
  readonly #changes: ChangeCalls;
  readonly #failures: RateMemory;
  readonly #clientOf: ClientAddress;

  constructor(zones: Zones, options: RecordApiOptions) {
    const {
      prefix = '',
      ttl = CHANGING_TTL,
      maxBodyBytes = 262_144,
      maxChanges = 500,
      maxPage = 1000,
    } = options;
    this.#zones = new ZoneList(zones);
    this.#findToken = checkTokens(options.tokens);
    this.#prefix = prefix.replace(/\/$/, '');
    this.#limits = { ttl, maxBodyBytes, maxChanges, maxPage };
    for (const [name, limit] of Object.entries(this.#limits)) {
      const least = name === 'ttl' ? 0 : 1;
      if (!Number.isInteger(limit) || limit < least || limit > MAX_TTL)
        throw usageError(
          'HAWSER_DNS_OPTIONS',
          `Cannot use ${name} as it must be ${least} or more: ${limit}`,
        );
    }
    this.#failures = new RateMemory(options.failureRate ?? { burst: 30, perMinute: 3 });
    this.#clientOf = clientAddress(options.trustedProxies);
    this.#changes = new ChangeCalls(this.#limits, options.propagated);
  }

  async answer(request: Request, context: HttpUpdateContext): Promise<Response> {
    try {
      const response = await this.#route(request, context);
      return request.method === 'HEAD' ? withoutBody(response) : response;
    } catch (error) {
      const problem = toProblem(error);
      if (problem.status >= 500) context.reactor.reports.problem('dns.recordApi', error);
      return problemReply(problem);
    }
  }

  async #route(request: Request, context: HttpUpdateContext): Promise<Response> {
    const url = new URL(request.url);
    const path = url.pathname.startsWith(`${this.#prefix}/`)
      ? url.pathname.slice(this.#prefix.length)
      : '';
    const [root, ...rest] = path.split('/').slice(1).map(decoded);
    if (rest.at(-1) === '') rest.pop();
    if (root !== 'zones' || rest.length > 4 || (rest.length > 1 && rest[1] !== 'records'))
      throw new Problem(404, 'Cannot find this path');
    const allow = allowed(rest.length);
    if (request.method === 'OPTIONS') {
      return new Response(null, { status: 204, headers: { allow: `${allow}, OPTIONS` } });
    }
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (!allow.split(', ').includes(method)) {
      throw new Problem(405, `Cannot ${request.method} this`, {
        headers: { allow: `${allow}, OPTIONS` },
      });
    }
    if (!accepts(request)) throw new Problem(406, 'Cannot answer in anything but application/json');
    const token = this.#authenticate(request, context);
    const call = { request, method, url, token, context };
    if (method !== 'GET' && !token.writes)
      throw new Problem(403, 'Cannot change anything with this token');
    const [zoneText, , name, type] = rest;
    if (zoneText === undefined) return listZones(call, this.#zones);
    const zone = this.#find(zoneText, token);
    const zoneCall = { ...call, zone };
    if (rest.length === 1) return showZone(zoneCall);
    if (name === undefined)
      return method === 'GET' ? listRecords(zoneCall, this.#limits) : this.#changes.batch(zoneCall);
    // A program that has no name to put there must not change the whole zone instead.
    if (name === '') throw new Problem(404, 'Cannot find this path: the zone itself is "@"');
    const owner = readName(name, zone.origin);
    if (type === undefined) return this.#changes.deleteName(zoneCall, owner);
    const number = readType(type);
    if (!token.mayUse(owner, number))
      throw new Problem(403, 'Cannot use this name and type with this token');
    return method === 'GET'
      ? showRRset(zoneCall, { name: owner, type: number })
      : this.#changes.changeRRset(zoneCall, owner, number);
  }

  #authenticate(request: Request, context: HttpUpdateContext): KnownApiToken {
    const network = networkOf(this.#clientOf(request, context));
    const now = context.reactor.clock.now();
    if (!this.#failures.allows(network, now)) {
      throw new Problem(429, 'Cannot look at tokens from here for a while', {
        headers: { 'retry-after': '60' },
      });
    }
    const given = /^bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
    const token = given === undefined ? undefined : this.#findToken(given);
    if (token === undefined) {
      this.#failures.take(network, now);
      throw new Problem(401, 'Cannot answer without a valid token', {
        headers: { 'www-authenticate': 'Bearer' },
      });
    }
    return token;
  }

  /** One answer for a zone that is not there and for one that the token is not for. */
  #find(text: string, token: KnownApiToken): LiveZone {
    const origin = parseName(text);
    const zone = origin && this.#zones.get(origin);
    if (zone === undefined || !token.mayUseZone(zone.origin))
      throw new Problem(404, `Cannot find zone "${text.slice(0, 300)}"`);
    return zone;
  }
}

/** Methods of a path with so many parts after `/zones`. */
function allowed(parts: number): string {
  if (parts === 2) return 'GET, HEAD, POST';
  if (parts === 3) return 'DELETE';
  return parts === 4 ? 'GET, HEAD, PUT, PATCH, DELETE' : 'GET, HEAD';
}

function parseName(text: string): Name | undefined {
  try {
    return Name.parse(text);
  } catch {
    return undefined;
  }
}
