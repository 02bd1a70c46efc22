// Waits until secondaries have what the primary has: whoever validates a name asks any of them.
import { type Reactor, TimeoutError } from '@hawser/core';
import { type DnsClient, dnsClient } from '../client/dns-client.ts';
import { type DnsServerLike, toDnsServer } from '../client/dns-server.ts';
import type { TransferableZone } from '../contract/live-zone.ts';
import { usageError } from '../errors.ts';
import type { DnsMessage } from '../message/parse-message.ts';
import type { Name } from '../name.ts';
import { Rcode, Type } from '../numbers.ts';
import { decodeSoa } from '../rdata/decode-rdata.ts';
import type { TsigKey } from '../tsig/key.ts';
import { isSerialAfter } from '../zone/serial.ts';
import { zoneServers } from './zone-servers.ts';

/** Options for {@link propagated}. */
export interface PropagatedOptions {
  readonly reactor: Reactor;
  /** The serial, or a later one, that all must have. @defaultValue that of the zone now */
  readonly serial?: number | undefined;
  /** Whom to ask. @defaultValue the name servers of the zone, but for the primary */
  readonly servers?: readonly DnsServerLike[] | undefined;
  /** Signs the questions (RFC 8945). */
  readonly key?: TsigKey | undefined;
  /** Longest wait, in milliseconds. @defaultValue 60_000 */
  readonly timeoutMs?: number | undefined;
  /** Wait before a server is asked again, in milliseconds. @defaultValue 500 */
  readonly intervalMs?: number | undefined;
  /** Asks with it. @defaultValue one of its own */
  readonly client?: DnsClient | undefined;
}

/**
 * Resolves when each of the servers has the serial of `zone`, or a later one.
 * @throws TimeoutError that names the servers that have not; UsageError `HAWSER_DNS_OPTIONS` for a zone without
 * content or a bad server
 *
 * @example
 * await zone.set('_acme-challenge', 'TXT', digest);
 * await propagated(zone, { reactor });
 */
export async function propagated(
  zone: Pick<TransferableZone, 'origin' | 'snapshot'>,
  options: PropagatedOptions,
): Promise<void> {
  const { reactor, timeoutMs = 60_000 } = options;
  const { snapshot, origin } = zone;
  if (snapshot === undefined)
    throw usageError('HAWSER_DNS_OPTIONS', `Cannot wait for copies of "${origin}" as it is empty`);
  const { serial = snapshot.serial } = options;
  const deadline = reactor.clock.now() + timeoutMs;
  const { resolver } = reactor;
  const named = options.servers ?? (await zoneServers(snapshot, { resolver, port: 53 })).servers;
  for (const server of named) toDnsServer(server);
  const client = options.client ?? dnsClient({ reactor });
  const late: string[] = [];
  try {
    await Promise.all(
      named.map(async (server) => {
        const has = await waitFor({ ...options, client, server, origin, serial, deadline });
        if (!has) late.push(toDnsServer(server).text);
      }),
    );
  } finally {
    if (client !== options.client) await client.close();
  }
  if (late.length === 0) return;
  const whom = late.sort().join(', ');
  throw new TimeoutError(
    `Cannot find serial ${serial} of "${origin}" within ${timeoutMs} ms at ${whom}`,
  );
}

interface Wait {
  readonly reactor: Reactor;
  readonly client: DnsClient;
  readonly server: DnsServerLike;
  readonly origin: Name;
  readonly serial: number;
  readonly key?: TsigKey | undefined;
  readonly intervalMs?: number | undefined;
  /** On the clock of the reactor. */
  readonly deadline: number;
}

async function waitFor(wait: Wait): Promise<boolean> {
  const { reactor, client, server, origin, serial, key, intervalMs = 500, deadline } = wait;
  const { clock } = reactor;
  for (;;) {
    const left = deadline - clock.now();
    if (left <= 0) return false;
    // oxlint-disable-next-line no-await-in-loop -- asked again only when it has answered
    const found = await serialAt(client, server, { origin, key, timeoutMs: Math.min(left, 2_000) });
    if (found !== undefined && !isSerialAfter(serial, found)) return true;
    // oxlint-disable-next-line no-await-in-loop
    await new Promise<void>((resume) => {
      clock.callLater(Math.min(intervalMs, Math.max(0, deadline - clock.now())), resume);
    });
  }
}

async function serialAt(
  client: DnsClient,
  server: DnsServerLike,
  ask: { readonly origin: Name; readonly key: TsigKey | undefined; readonly timeoutMs: number },
): Promise<number | undefined> {
  const { origin, key, timeoutMs } = ask;
  const request = { name: origin, type: Type.SOA };
  try {
    return serialIn(
      await client.exchange(request, server, { key, timeoutMs, attempts: 1 }),
      origin,
    );
  } catch {
    // Whatever it is, it may be over the next time.
    return undefined;
  }
}

/** The serial that an answer to a question for the start of authority gives. */
export function serialIn({ rcode, answer }: DnsMessage, origin: Name): number | undefined {
  if (rcode !== Rcode.NoError) return undefined;
  const soa = answer.find(({ type, name }) => type === Type.SOA && name.equals(origin));
  return soa?.rdata && decodeSoa(soa.rdata.wire).serial;
}
