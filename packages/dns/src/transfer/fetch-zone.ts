// One look at one primary: is there something newer, and what is it?

import { DnsClientError } from '../client/client-error.ts';
import type { DnsClient } from '../client/dns-client.ts';
import { EdnsOption } from '../message/edns.ts';
import { Flag } from '../message/header.ts';
import type { DnsMessage } from '../message/parse-message.ts';
import type { DnsRecord } from '../message/record.ts';
import type { Name } from '../name.ts';
import { Rcode, Type } from '../numbers.ts';
import { isSerialAfter } from '../zone/serial.ts';
import type { Zone } from '../zone/zone.ts';
import { differenceOf } from '../zone/zone-difference.ts';
import { applyIncrements, type Version } from './apply-increments.ts';
import type { CopyLimits } from './copy-limits.ts';
import { GatheredZone } from './gathered-zone.ts';
import { serialIn } from './propagated.ts';
import type { CheckedPrimary, SecondarySettings } from './secondary-options.ts';

/** What is looked for. */
export interface Fetch {
  readonly client: DnsClient;
  readonly primary: CheckedPrimary;
  readonly origin: Name;
  /** What there is already. */
  readonly base: Zone | undefined;
  readonly transfer: SecondarySettings['transfer'];
  readonly limits: CopyLimits;
  readonly signal: AbortSignal;
  /** Called when the way changes give is left for the whole zone. */
  fellBack?(): void;
}

/** What was found. */
export type Fetched =
  /** The primary has the same. */
  | { readonly kind: 'current'; readonly expireSeconds: number | undefined }
  /** The primary has less than we do, and is not to be followed. */
  | { readonly kind: 'older' }
  | {
      readonly kind: 'newer';
      readonly version: Version;
      readonly expireSeconds: number | undefined;
      readonly style: 'zone' | 'changes';
    };

/** Waits for an answer to a question: twice, as datagrams get lost. */
const ASK = { timeoutMs: 3_000, attempts: 2 };

/**
 * Looks at one primary: at its start of authority first, and if that is newer at the changes or the whole zone.
 * @throws DnsClientError if it does not say, or nothing that makes sense
 */
export async function fetchZone(fetch: Fetch): Promise<Fetched> {
  const { client, primary, origin, base, signal, transfer, limits } = fetch;
  const { server, key, place } = primary;
  const options = [{ code: EdnsOption.Expire, data: Buffer.alloc(0) }];
  const request = { name: origin, type: Type.SOA, options };
  const ask = async (): Promise<DnsMessage> =>
    client.exchange(request, server, { ...ASK, key, signal });
  const reply = await limits.look(ask, signal);
  const serial = serialIn(reply, origin);
  if (serial === undefined || (reply.flags & Flag.Authoritative) === 0)
    throw refusal(primary, reply);
  if (base !== undefined) {
    if (serial === base.serial) return { kind: 'current', expireSeconds: expireIn(reply) };
    if (!isSerialAfter(serial, base.serial)) return { kind: 'older' };
  }
  const get = (): Promise<Fetched> =>
    base === undefined || !transfer.ixfr ? wholeZone(fetch) : changesOrZone(base, fetch);
  return limits.transfer(place.text, get, signal);
}

async function changesOrZone(base: Zone, fetch: Fetch): Promise<Fetched> {
  try {
    return await changesSince(base, fetch);
  } catch (error) {
    if (!isNoAnswerToIxfr(error)) throw error;
    fetch.fellBack?.();
    return wholeZone(fetch);
  }
}

async function wholeZone(fetch: Fetch): Promise<Fetched> {
  return fromWhole(fetch, await take(fetch, undefined));
}

async function changesSince(base: Zone, fetch: Fetch): Promise<Fetched> {
  const taken = await take(fetch, base.serial);
  const { changes, style, expireSeconds } = taken;
  if (style === 'current') return { kind: 'current', expireSeconds };
  if (style === 'zone') return fromWhole(fetch, taken);
  const version = applyIncrements(base, changes);
  if (typeof version === 'string') throw nonsense(fetch, `its changes do not fit: ${version}`);
  return { kind: 'newer', version, expireSeconds, style: 'changes' };
}

async function fromWhole(fetch: Fetch, { whole, expireSeconds }: Taken): Promise<Fetched> {
  const { base, client } = fetch;
  const zone = await whole.done(client.reactor);
  if (typeof zone === 'string') throw nonsense(fetch, `it is no zone: ${zone}`);
  if (base !== undefined && !isSerialAfter(zone.serial, base.serial))
    return zone.serial === base.serial ? { kind: 'current', expireSeconds } : { kind: 'older' };
  const version = { zone, changeSet: await differenceOf(base, zone, client.reactor) };
  return { kind: 'newer', version, expireSeconds, style: 'zone' };
}

interface Taken {
  /** The records of a whole zone. */
  readonly whole: GatheredZone;
  /** Those of changes, in their order. */
  readonly changes: readonly DnsRecord[];
  readonly style: 'zone' | 'changes' | 'current';
  readonly expireSeconds: number | undefined;
}

/** All of a transfer. Nothing of it counts before it has come to its end. */
async function take(fetch: Fetch, serial: number | undefined): Promise<Taken> {
  const { client, primary, origin, signal, transfer } = fetch;
  const { maxRecords, maxBytes, timeoutMs } = transfer;
  const running = client.transfer(origin, primary.server, {
    serial,
    key: primary.key,
    options: [{ code: EdnsOption.Expire, data: Buffer.alloc(0) }],
    timeoutMs,
    maxRecords,
    maxBytes,
    signal,
  });
  const whole = new GatheredZone(origin);
  const changes: DnsRecord[] = [];
  let first = true;
  let expireSeconds: number | undefined;
  for await (const records of running) {
    if (first && running.message !== undefined) expireSeconds = expireIn(running.message);
    first = false;
    for (const record of records) changes.push(record);
    // What it is shows when the second record has come.
    if (running.style === 'zone') for (const record of changes.splice(0)) whole.add(record);
  }
  const { style } = running;
  if (style === undefined) throw nonsense(fetch, 'it ended before its end');
  return { whole, changes, style, expireSeconds };
}

/** How long what the primary has is good for (RFC 7314), if it says. */
function expireIn({ edns }: DnsMessage): number | undefined {
  const data = edns?.options.find(({ code }) => code === EdnsOption.Expire)?.data;
  return data?.length === 4 ? data.readUInt32BE() : undefined;
}

/** RFC 1995 §4: a server that does not know the question, or does not want it; and changes that do not fit. */
function isNoAnswerToIxfr(error: unknown): boolean {
  if (!(error instanceof DnsClientError)) return false;
  const { code, rcode } = error;
  if (code === 'HAWSER_DNS_REPLY') return true;
  const refused = rcode === Rcode.FormErr || rcode === Rcode.NotImp || rcode === Rcode.Refused;
  return code === 'HAWSER_DNS_SERVER' && refused;
}

function refusal({ place }: CheckedPrimary, { rcode, question }: DnsMessage): DnsClientError {
  const why = rcode === Rcode.NoError ? 'it has no authority' : `response code ${rcode}`;
  const zone = question === undefined ? 'the zone' : `"${question.name}"`;
  return new DnsClientError('HAWSER_DNS_SERVER', `Cannot copy ${zone} from ${place.text}: ${why}`, {
    rcode,
  });
}

function nonsense({ origin, primary }: Fetch, why: string): DnsClientError {
  const text = `Cannot copy "${origin}" from ${primary.place.text} as ${why}`;
  return new DnsClientError('HAWSER_DNS_REPLY', text);
}
