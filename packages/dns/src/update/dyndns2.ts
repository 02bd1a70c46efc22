// The update protocol of routers and of ddclient and inadyn: GET /nic/update, answered with one word a host.
import type { Address } from '@hawser/core';
import { StoreError, usageError } from '../errors.ts';
import { Name } from '../name.ts';
import type { RecordValue } from '../rdata/value.ts';
import type { DynamicZone, RecordEdit } from '../store/dynamic-zone.ts';
import { authenticate, checkAccount, type KnownAccount, type UpdateAccount } from './account.ts';
import { type AddressUpdate, addressesOf, basicCredentials, hostsOf } from './dyndns2-request.ts';

/** Options for {@link dyndns2}. */
export interface Dyndns2Options {
  readonly zone: DynamicZone;
  readonly accounts: readonly UpdateAccount[];
  /** TTL of updated addresses, in seconds. @defaultValue 60 */
  readonly ttl?: number | undefined;
  /** Hosts in one request; more are answered with `numhost`. @defaultValue 20 */
  readonly maxHosts?: number | undefined;
  /** Called with errors the client only sees as `dnserr` or `911`. */
  readonly onProblem?: ((error: unknown) => void) | undefined;
}

/** What a handler needs to know besides the request. */
export interface Dyndns2Context {
  /** Where the request came from: the address to set if the request names none. */
  readonly peer?: Address | undefined;
}

/** Answers an update request. Never rejects. */
export type Dyndns2Handler = (request: Request, context?: Dyndns2Context) => Promise<Response>;

/** Largest form taken by POST. */
const MAX_FORM_BYTES = 4096;

/**
 * A handler for `/nic/update`, mounted where you like. When it says `good`, the change is stored and already served. All hosts of a
 * request change together or not at all. Bad credentials are 401 `badauth`; every other outcome is status 200 with a word
 * for each host: `good` and `nochg` with the addresses, `notfqdn`, `nohost`, `numhost`, `dnserr`, `badagent`, `911`.
 * @throws UsageError `HAWSER_DNS_OPTIONS`, `HAWSER_DNS_NAME` for a bad account
 *
 * @example
 * const update = dyndns2({ zone, accounts: [{ user: 'home', token, hosts: ['home.example.net'] }] });
 */
export function dyndns2(options: Dyndns2Options): Dyndns2Handler {
  const { zone, accounts, ttl = 60, maxHosts = 20, onProblem } = options;
  const known = new Map(
    accounts.map((account) => [account.user, checkAccount(account, zone.origin)]),
  );
  if (known.size !== accounts.length) {
    throw usageError('HAWSER_DNS_OPTIONS', 'Cannot use accounts as two have the same user');
  }
  return async (request, context = {}) => {
    try {
      const account = authenticate(
        known,
        basicCredentials(request.headers.get('authorization')) ?? { user: '', token: '' },
      );
      if (account === undefined) return badauth();
      if ((request.headers.get('user-agent') ?? '').trim() === '') return text('badagent');
      const parameters = await parametersOf(request);
      if (parameters === undefined) return text('badagent');
      const hosts = hostsOf(parameters);
      if (hosts.length === 0 && account.user.includes('.')) hosts.push(account.user);
      if (hosts.length === 0) return text('notfqdn');
      if (hosts.length > maxHosts) return text('numhost');
      const update = addressesOf(parameters, context.peer);
      if (update === undefined) return text(hosts.map(() => 'dnserr').join('\n'));
      return text(await updateHosts({ zone, account, hosts, update, ttl, onProblem }));
    } catch (error) {
      onProblem?.(error);
      return text('911');
    }
  };
}

interface HostUpdate {
  readonly zone: DynamicZone;
  readonly account: KnownAccount;
  readonly hosts: readonly string[];
  readonly update: AddressUpdate;
  readonly ttl: number;
  readonly onProblem: ((error: unknown) => void) | undefined;
}

/** One line for each host, in the order they were asked for. */
async function updateHosts({
  zone,
  account,
  hosts,
  update,
  ttl,
  onProblem,
}: HostUpdate): Promise<string> {
  const addresses = [...(update.A ?? []), ...(update.AAAA ?? [])].join(',');
  const edits: RecordEdit[] = [];
  const lines = hosts.map((host) => {
    const name = fullName(host);
    if (name === undefined) return 'notfqdn';
    // The same for a host of somebody else as for none, so that nobody can find out which there are.
    if (!name.isSubdomainOf(zone.origin) || !account.mayUpdate(name)) return 'nohost';
    const wanted = editsFor(zone, name, { update, ttl });
    edits.push(...wanted);
    return `${wanted.length > 0 ? 'good' : 'nochg'} ${addresses}`.trimEnd();
  });
  if (edits.length === 0) return lines.join('\n');
  try {
    await zone.change(edits);
  } catch (error) {
    onProblem?.(error);
    const failed = error instanceof StoreError || error instanceof Error ? 'dnserr' : '911';
    return lines.map((line) => (line.startsWith('good') ? failed : line)).join('\n');
  }
  return lines.join('\n');
}

/** The edits that make a difference. Asking first keeps the clients that ask every few minutes off the disk. */
function editsFor(
  zone: DynamicZone,
  name: Name,
  wish: { readonly update: AddressUpdate; readonly ttl: number },
): RecordEdit[] {
  const edits: RecordEdit[] = [];
  for (const type of ['A', 'AAAA'] as const) {
    const wanted = wish.update[type];
    if (wanted === undefined || isSame(zone.get(`${name}.`, type) ?? [], wanted)) continue;
    edits.push({ name: `${name}.`, type, values: wanted, ttl: wish.ttl });
  }
  return edits;
}

function isSame(held: readonly RecordValue[], wanted: readonly string[]): boolean {
  return held.length === wanted.length && wanted.every((address) => held.includes(address));
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
  const parameters = new URL(request.url).searchParams;
  // Not HEAD: whoever only looks must not change anything.
  if (request.method === 'GET') return parameters;
  if (request.method !== 'POST') return undefined;
  const type = request.headers.get('content-type') ?? '';
  if (!type.startsWith('application/x-www-form-urlencoded') || request.body === null)
    return parameters;
  const length = Number(request.headers.get('content-length') ?? Number.NaN);
  // Without a length there is no telling how much would be read.
  if (!(length <= MAX_FORM_BYTES)) return undefined;
  return new URLSearchParams([...parameters, ...new URLSearchParams(await request.text())]);
}

function badauth(): Response {
  return text('badauth', { status: 401, headers: { 'www-authenticate': 'Basic realm="dyndns2"' } });
}

/** Always with a length: there are clients that read the sizes of chunks as answers. */
function text(
  body: string,
  init: { status?: number; headers?: Record<string, string> } = {},
): Response {
  const bytes = Buffer.from(`${body}\n`);
  return new Response(bytes, {
    status: init.status ?? 200,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': String(bytes.length),
      'cache-control': 'no-store',
      ...init.headers,
    },
  });
}
