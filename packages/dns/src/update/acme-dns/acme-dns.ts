// The HTTP interface of acme-dns: a name of its own for each certificate, whose texts an ACME client may change and nothing
// else. Clients that know acme-dns (lego, certbot, acme.sh, cert-manager, Caddy) know this.
import { addressSet } from '../../address-set.ts';
import type { LiveZone } from '../../contract/live-zone.ts';
import { usageError } from '../../errors.ts';
import { Name } from '../../name.ts';
import type { Bucket } from '../../store/bucket.ts';
import { MAX_TTL } from '../../zone/rrset.ts';
import {
  type ClientAddress,
  clientAddress,
  networkOf,
  type TrustedProxies,
} from '../http/client-address.ts';
import type { HttpUpdateContext, HttpUpdateHandler } from '../http/http-context.ts';
import { type Rate, RateMemory } from '../http/rate-memory.ts';
import { readBody } from '../http/read-body.ts';
import { jsonReply, type ReplyOptions } from '../http/reply.ts';
import { type AcmeAccount, AcmeAccounts } from './acme-accounts.ts';
import { AcmeTexts } from './acme-texts.ts';

/** Options for {@link acmeDns}. */
export interface AcmeDnsOptions {
  /** Where accounts are kept: `store.bucket('acme-dns')`. */
  readonly bucket: Bucket;
  /** The name below which each account has one. @defaultValue the origin of the zone */
  readonly domain?: string | undefined;
  /** Who may register: everybody, nobody, or networks. @defaultValue `"everybody"` */
  readonly registration?: 'everybody' | 'nobody' | readonly string[] | undefined;
  /** Registrations from one address, or /64 of IPv6. @defaultValue 10 at once, 10 an hour */
  readonly registrationRate?: Rate | undefined;
  /** Updates with wrong credentials from one address, or /64 of IPv6. @defaultValue 30 at once, 3 a minute */
  readonly failureRate?: Rate | undefined;
  /** Accounts at all. @defaultValue 100_000 */
  readonly maxAccounts?: number | undefined;
  /** TTL of the texts, in seconds. @defaultValue 1, as authorities ask again at once where a check has failed */
  readonly ttl?: number | undefined;
  /** Proxies that are believed when they say who the client is. @defaultValue none */
  readonly trustedProxies?: TrustedProxies | undefined;
}

const MAX_BODY_BYTES = 4096;
/** Networks of one account. */
const MAX_NETWORKS = 64;

/**
 * A handler of the acme-dns interface that keeps its texts in `zone`, mounted where you like: the last part of the path counts.
 *
 * - `POST /register`, with `{"allowfrom": ["192.0.2.0/24"]}` or nothing: 201 with `username`, `password`, `fulldomain`,
 *   `subdomain`, `allowfrom`. The password is not kept and cannot be told again.
 * - `POST /update` with `X-Api-User`, `X-Api-Key` and `{"subdomain": "…", "txt": "…"}`: 200 with the text, which is stored
 *   and served then, beside the one before it.
 * - `GET /health`: 200.
 *
 * Errors are `{"error": "…"}`: 400 `malformed_json_payload`, `invalid_allowfrom_cidr`, `bad_txt`;
 * 401 `forbidden`; 429 `too_many_requests`; 500 `db_error`; 507 `too_many_accounts`. Point a CNAME from
 * `_acme-challenge.example.org` at `fulldomain`.
 * @throws UsageError `HAWSER_DNS_OPTIONS`, `HAWSER_DNS_NAME`, `HAWSER_DNS_OUT_OF_ZONE`
 *
 * @example
 * const acme = acmeDns(zone, { bucket: store.bucket('acme-dns') });
 */
export function acmeDns(zone: LiveZone, options: AcmeDnsOptions): HttpUpdateHandler {
  const endpoint = new AcmeDns(zone, options);
  return (request, context) => endpoint.answer(request, context);
}

class AcmeDns {
  readonly #texts: AcmeTexts;
  readonly #domain: Name;
  readonly #accounts: AcmeAccounts;
  readonly #mayRegister: (client: string | undefined) => boolean;
  readonly #registrations: RateMemory;
  readonly #failures: RateMemory;
  readonly #clientOf: ClientAddress;

  constructor(zone: LiveZone, options: AcmeDnsOptions) {
    const { bucket, domain, registration = 'everybody', maxAccounts = 100_000, ttl = 1 } = options;
    const {
      registrationRate = { burst: 10, perMinute: 1 / 6 },
      failureRate = { burst: 30, perMinute: 3 },
    } = options;
    this.#texts = new AcmeTexts(zone, ttl);
    this.#domain = domain === undefined ? zone.origin : Name.parse(domain);
    if (!this.#domain.isSubdomainOf(zone.origin)) {
      throw usageError(
        'HAWSER_DNS_OUT_OF_ZONE',
        `Cannot keep texts below "${domain}" in zone "${zone.origin}"`,
      );
    }
    if (
      !Number.isInteger(maxAccounts) ||
      maxAccounts < 1 ||
      !Number.isInteger(ttl) ||
      ttl < 0 ||
      ttl > MAX_TTL
    ) {
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot keep accounts as maxAccounts must be 1 or more, and ttl 0 or more: ${maxAccounts}, ${ttl}`,
      );
    }
    this.#accounts = new AcmeAccounts(bucket, maxAccounts);
    this.#mayRegister = registrar(registration);
    this.#registrations = new RateMemory(registrationRate);
    this.#failures = new RateMemory(failureRate);
    this.#clientOf = clientAddress(options.trustedProxies);
  }

  async answer(request: Request, context: HttpUpdateContext): Promise<Response> {
    try {
      const { pathname } = new URL(request.url);
      const action = pathname.slice(pathname.lastIndexOf('/') + 1);
      switch (action) {
        case 'register':
          if (request.method !== 'POST') return notAllowed('POST');
          return await this.#register(request, context);
        case 'update':
          if (request.method !== 'POST') return notAllowed('POST');
          return await this.#update(request, context);
        case 'health':
          if (request.method !== 'GET' && request.method !== 'HEAD') return notAllowed('GET, HEAD');
          return new Response(null, {
            status: 200,
            headers: { 'content-length': '0', 'cache-control': 'no-store' },
          });
        default:
          return failure(404, 'not_found');
      }
    } catch (error) {
      context.reactor.reports.problem('dns.acmeDns', error);
      return failure(500, 'db_error');
    }
  }

  async #register(request: Request, context: HttpUpdateContext): Promise<Response> {
    const { clock, random } = context.reactor;
    const client = this.#clientOf(request, context);
    if (!this.#mayRegister(client)) return failure(401, 'forbidden');
    const body = await readBody(request, MAX_BODY_BYTES);
    const given = body === undefined ? undefined : parseObject(body === '' ? '{}' : body);
    if (given === undefined) return failure(400, 'malformed_json_payload');
    const allowfrom = networksIn(given['allowfrom']);
    if (allowfrom === undefined) return failure(400, 'invalid_allowfrom_cidr');
    if (!this.#registrations.take(networkOf(client), clock.now())) return tooMany();
    const made = await this.#accounts.register(allowfrom, random);
    if (made === undefined) return failure(507, 'too_many_accounts');
    const { username, password, account } = made;
    const { subdomain } = account;
    const fulldomain = this.#nameOf(account).toString();
    return jsonReply({ username, password, fulldomain, subdomain, allowfrom }, { status: 201 });
  }

  async #update(request: Request, context: HttpUpdateContext): Promise<Response> {
    const { clock } = context.reactor;
    const client = this.#clientOf(request, context);
    const network = networkOf(client);
    if (!this.#failures.allows(network, clock.now())) return tooMany();
    const account = await this.#accounts.authenticate(
      request.headers.get('x-api-user') ?? '',
      request.headers.get('x-api-key') ?? '',
    );
    const body = account && (await readBody(request, MAX_BODY_BYTES));
    const given = body === undefined ? undefined : parseObject(body);
    // One answer for all of these, as acme-dns has it: who may not gets to know nothing.
    if (
      account === undefined ||
      !isAllowed(account, client) ||
      given?.['subdomain'] !== account.subdomain
    ) {
      this.#failures.take(network, clock.now());
      return failure(401, 'forbidden');
    }
    const { txt } = given;
    if (typeof txt !== 'string' || !isDigest(txt)) return failure(400, 'bad_txt');
    const name = this.#nameOf(account);
    await this.#texts.put(name, txt);
    return jsonReply({ txt });
  }

  #nameOf({ subdomain }: AcmeAccount): Name {
    return Name.parse(subdomain).concat(this.#domain);
  }
}

function registrar(
  registration: AcmeDnsOptions['registration'],
): (client: string | undefined) => boolean {
  if (registration === 'everybody') return () => true;
  if (registration === 'nobody' || registration === undefined) return () => false;
  const networks = addressSet(registration, 'registration');
  return (client) => client !== undefined && networks.has(addressOf(client));
}

/** An account without networks may be used from everywhere. */
function isAllowed({ allowfrom }: AcmeAccount, client: string | undefined): boolean {
  if (allowfrom.length === 0) return true;
  return client !== undefined && addressSet(allowfrom, 'allowfrom').has(addressOf(client));
}

function addressOf(host: string): { kind: 'tcp'; host: string; port: number; family: 4 | 6 } {
  return { kind: 'tcp', host, port: 0, family: host.includes(':') ? 6 : 4 };
}

/** What ACME puts there: the base64url form of a SHA-256 digest (RFC 8555 §8.4). */
function isDigest(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}

function networksIn(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > MAX_NETWORKS) return undefined;
  const entries = value.filter(
    (each): each is string => typeof each === 'string' && /^[\da-f:.]+(?:\/\d+)?$/i.test(each),
  );
  if (entries.length !== value.length) return undefined;
  try {
    addressSet(entries, 'allowfrom');
    return entries;
  } catch {
    return undefined;
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function failure(status: number, error: string, headers?: ReplyOptions['headers']): Response {
  return jsonReply({ error }, { status, headers });
}

function notAllowed(allow: string): Response {
  return failure(405, 'method_not_allowed', { allow });
}

function tooMany(): Response {
  return failure(429, 'too_many_requests', { 'retry-after': '60' });
}
