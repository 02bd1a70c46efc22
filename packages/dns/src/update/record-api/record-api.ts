// Records as JSON over HTTP: to list, add, change and delete them.
import type { LiveZone } from '../../contract/live-zone.ts';
import { usageError } from '../../errors.ts';
import { Name } from '../../name.ts';
import { Type } from '../../numbers.ts';
import { MAX_TTL, type RRset } from '../../zone/rrset.ts';
import type { Zone } from '../../zone/zone.ts';
import {
  type ClientAddress,
  clientAddress,
  networkOf,
  type TrustedProxies,
} from '../http/client-address.ts';
import type { HttpUpdateContext, HttpUpdateHandler } from '../http/http-context.ts';
import { type Rate, RateMemory } from '../http/rate-memory.ts';
import { jsonReply, type ReplyOptions } from '../http/reply.ts';
import { ZoneList, type Zones } from '../http/zone-list.ts';
import { accepts, decoded, jsonBody, toProblem, withoutBody } from './api-http.ts';
import { type ApiToken, checkTokens, type FindToken, type KnownApiToken } from './api-token.ts';
import { Problem, problemReply } from './problem.ts';
import {
  type ApiRRset,
  decide,
  describe,
  type RecordChange,
  readChange,
  readName,
  readType,
} from './record-changes.ts';
import { recordPage } from './record-page.ts';
import { deletion, patchChanges, putChange } from './request-changes.ts';
import { checkPreconditions, isKnown, notModified, tagOf, withTag } from './serial-tag.ts';

/** Options for {@link recordApi}. */
export interface RecordApiOptions {
  readonly tokens: readonly ApiToken[];
  /** What comes before `/zones` in the path. @defaultValue nothing */
  readonly prefix?: string | undefined;
  /** TTL of records set without one, in seconds. @defaultValue 300 */
  readonly ttl?: number | undefined;
  /** Octets of a body; more is 413. @defaultValue 262_144 */
  readonly maxBodyBytes?: number | undefined;
  /** Changes of one batch; more is 413. @defaultValue 500 */
  readonly maxChanges?: number | undefined;
  /** RRsets on one page. @defaultValue 1000 */
  readonly maxPage?: number | undefined;
  /** Wrong tokens from one address, or /64 of IPv6; then 429. @defaultValue 30 at once, 3 a minute */
  readonly failureRate?: Rate | undefined;
  /** Proxies that are believed when they say who the client is. @defaultValue none */
  readonly trustedProxies?: TrustedProxies | undefined;
  /**
   * Waits for `?wait=propagated` until all secondaries have a serial: `(zone, serial) => propagated(zone, { reactor, serial })`.
   * A TimeoutError is answered with 504; the change is made all the same. @defaultValue waiting is 400
   */
  readonly propagated?: ((zone: LiveZone, serial: number) => Promise<void>) | undefined;
}

/**
 * A handler for the records of `zones` as JSON. Requests carry `Authorization: Bearer <token>`. Names are whole, or relative to the zone, or
 * `@`; values are written as in zone files, or given as objects. A change that is answered is stored and served.
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

/** A request whose token was found. */
interface Call {
  readonly request: Request;
  readonly method: string;
  readonly url: URL;
  readonly token: KnownApiToken;
  readonly context: HttpUpdateContext;
}

/** A call about one zone. */
interface ZoneCall extends Call {
  readonly zone: LiveZone;
}

/** A change that was made. */
interface Made {
  readonly serial: number;
  readonly changed: number;
  /** Whether what the path speaks of was there before. */
  readonly existed: boolean;
}

interface Limits {
  readonly ttl: number;
  readonly maxBodyBytes: number;
  readonly maxChanges: number;
  readonly maxPage: number;
}

const DEFAULT_PAGE = 100;

class RecordApi {
  readonly #zones: ZoneList;
  readonly #findToken: FindToken;
  readonly #prefix: string;
  readonly #limits: Limits;
  readonly #failures: RateMemory;
  readonly #clientOf: ClientAddress;
  readonly #propagated: RecordApiOptions['propagated'];

  constructor(zones: Zones, options: RecordApiOptions) {
    const {
      prefix = '',
      ttl = 300,
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
    this.#propagated = options.propagated;
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
    if (zoneText === undefined) return this.#listZones(call);
    const zone = this.#find(zoneText, token);
    const zoneCall = { ...call, zone };
    if (rest.length === 1) return this.#showZone(zoneCall);
    if (name === undefined)
      return method === 'GET' ? this.#listRecords(zoneCall) : this.#batch(zoneCall);
    // A program that has no name to put there must not change the whole zone instead.
    if (name === '') throw new Problem(404, 'Cannot find this path: the zone itself is "@"');
    const owner = readName(name, zone.origin);
    if (type === undefined) return this.#deleteName(zoneCall, owner);
    return this.#rrset(zoneCall, owner, readType(type));
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

  #listZones({ token }: Call): Response {
    const zones = this.#zones.zones.filter(({ origin }) => token.mayUseZone(origin));
    return jsonReply({ zones: zones.map(({ snapshot }) => describeZone(snapshot)) });
  }

  #showZone({ zone: { snapshot }, request }: ZoneCall): Response {
    return isKnown(request, snapshot)
      ? notModified(snapshot)
      : withTag(snapshot.serial, describeZone(snapshot));
  }

  #listRecords({ zone, url, token, request }: ZoneCall): Response {
    const { snapshot } = zone;
    if (isKnown(request, snapshot)) return notModified(snapshot);
    const limit =
      url.searchParams.get('limit') ?? String(Math.min(DEFAULT_PAGE, this.#limits.maxPage));
    if (!/^\d{1,6}$/.test(limit) || Number(limit) < 1 || Number(limit) > this.#limits.maxPage) {
      throw new Problem(400, `Cannot use limit as it must be 1 to ${this.#limits.maxPage}`);
    }
    const name = url.searchParams.get('name');
    const type = url.searchParams.get('type');
    const page = recordPage(snapshot, {
      limit: Number(limit),
      after: url.searchParams.get('after') ?? undefined,
      name: name === null ? undefined : readName(name, zone.origin),
      type: type === null ? undefined : readType(type),
      mayUse: (owner, each) => token.mayUse(owner, each),
    });
    return withTag(snapshot.serial, { records: page.rrsets.map(describe), next: page.next });
  }

  async #rrset(call: ZoneCall, name: Name, type: number): Promise<Response> {
    const { zone, token, method, request } = call;
    if (!token.mayUse(name, type))
      throw new Problem(403, 'Cannot use this name and type with this token');
    const found = (): RRset => {
      const rrset = zone.snapshot.get(name, type);
      if (rrset === undefined) throw new Problem(404, 'Cannot find such records');
      return rrset;
    };
    if (method === 'GET') {
      const rrset = found();
      return isKnown(request, zone.snapshot)
        ? notModified(zone.snapshot)
        : withTag(zone.snapshot.serial, describe(rrset));
    }
    const isThere = (content: Zone): boolean => content.get(name, type) !== undefined;
    if (method === 'DELETE') {
      const made = await this.#change(call, [deletion(name, type)], isThere);
      if (!made.existed) throw new Problem(404, 'Cannot find such records');
      return this.#done(call, made, { status: 204 });
    }
    const body = await jsonBody(request, this.#limits.maxBodyBytes);
    const subject = { origin: zone.origin, name, type };
    const changes = method === 'PUT' ? [putChange(body, subject)] : patchChanges(body, subject);
    const made = await this.#change(call, changes, isThere);
    const rrset = zone.snapshot.get(name, type);
    const shown: ApiRRset | undefined = rrset && describe(rrset);
    return this.#done(call, made, { status: method === 'PUT' && !made.existed ? 201 : 200 }, shown);
  }

  async #deleteName(call: ZoneCall, name: Name): Promise<Response> {
    const isThere = (content: Zone): boolean => (content.node(name.key)?.list.length ?? 0) > 0;
    const made = await this.#change(call, [deletion(name, undefined)], isThere);
    if (made.changed === 0) throw new Problem(404, 'Cannot find such records');
    return this.#done(call, made, { status: 204 });
  }

  async #batch(call: ZoneCall): Promise<Response> {
    const body = await jsonBody(call.request, this.#limits.maxBodyBytes);
    const { changes } = body;
    if (!Array.isArray(changes) || changes.length === 0)
      throw new Problem(422, 'Cannot use the batch as it needs a list of changes');
    if (changes.length > this.#limits.maxChanges)
      throw new Problem(413, `Cannot make more than ${this.#limits.maxChanges} changes at once`);
    const read = changes.map((change: unknown, index) => {
      try {
        return readChange(change, call.zone.origin);
      } catch (error) {
        if (error instanceof Problem) throw new Problem(error.status, error.message, { index });
        throw error;
      }
    });
    const made = await this.#change(call, read, () => true);
    return this.#done(call, made, {}, { serial: made.serial, changed: made.changed });
  }

  /** `isThere` says whether what the path speaks of exists. */
  async #change(
    call: ZoneCall,
    changes: readonly RecordChange[],
    isThere: (content: Zone) => boolean,
  ): Promise<Made> {
    const { zone, token, request, context } = call;
    this.#checkWait(call);
    const terms = {
      ttl: this.#limits.ttl,
      now: context.reactor.clock.epoch(),
      mayUse: (name: Name, type: number) => token.mayUse(name, type),
    };
    const { result, changeSet } = await zone.transact(function* (content) {
      const existed = isThere(content);
      checkPreconditions(request, content, existed);
      return { ...(yield* decide(content, changes, terms)), result: existed };
    });
    const serial = changeSet?.to ?? zone.snapshot.serial;
    // The start of authority is among the changes, and not one that anybody asked for.
    const changed = changeSet?.changes.filter(({ type }) => type !== Type.SOA).length ?? 0;
    return { serial, changed, existed: result };
  }

  #checkWait({ url }: Call): void {
    const wait = url.searchParams.get('wait');
    if (wait === null) return;
    if (wait !== 'propagated') throw new Problem(400, 'Cannot wait for anything but "propagated"');
    if (this.#propagated === undefined)
      throw new Problem(400, 'Cannot wait for secondaries as it is not set up');
  }

  async #done(
    { zone, url }: ZoneCall,
    { serial }: Made,
    options: ReplyOptions,
    body?: unknown,
  ): Promise<Response> {
    if (url.searchParams.get('wait') === 'propagated') await this.#propagated?.(zone, serial);
    if (body === undefined)
      return new Response(null, { status: 204, headers: { etag: tagOf(serial) } });
    return jsonReply(body, { ...options, headers: { etag: tagOf(serial) } });
  }
}

/** Methods of a path with so many parts after `/zones`. */
function allowed(parts: number): string {
  if (parts === 2) return 'GET, HEAD, POST';
  if (parts === 3) return 'DELETE';
  return parts === 4 ? 'GET, HEAD, PUT, PATCH, DELETE' : 'GET, HEAD';
}

function describeZone({ origin, serial, size }: Zone): {
  name: string;
  serial: number;
  names: number;
} {
  return { name: origin.toString(), serial, names: size };
}

function parseName(text: string): Name | undefined {
  try {
    return Name.parse(text);
  } catch {
    return undefined;
  }
}
