import { usageError } from '../errors.ts';
import type { DnsClientOptions, ExchangeOptions } from './dns-client-options.ts';
import { toDnsServer } from './dns-server.ts';

/** Ids of one connection, but one: there must always be a free one. */
const MAX_IN_FLIGHT = 65_535;
const MAX_COUNT = 0x7fff_ffff;

type Bounds = readonly [least: number, most: number];

const bounds: Readonly<Partial<Record<keyof DnsClientOptions, Bounds>>> = {
  timeoutMs: [1, MAX_COUNT],
  attempts: [1, MAX_COUNT],
  deadlineMs: [1, MAX_COUNT],
  udpPayloadBytes: [0, 65_535],
  maxMismatches: [1, MAX_COUNT],
  maxInFlight: [1, MAX_COUNT],
  maxWaiting: [0, MAX_COUNT],
  maxConnections: [1, MAX_COUNT],
  maxInFlightPerConnection: [1, MAX_IN_FLIGHT],
  idleMs: [0, MAX_COUNT],
  maxServers: [1, MAX_COUNT],
};

/**
 * Looks at the numbers and the servers.
 * @throws UsageError `HAWSER_DNS_OPTIONS`
 */
export function checkClientOptions(options: Partial<DnsClientOptions>): void {
  for (const [name, [least, most]] of Object.entries(bounds)) {
    const value = options[name as keyof DnsClientOptions];
    if (value === undefined || isBetween(value, least, most)) continue;
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot make a client as ${name} must be ${least} to ${most}: ${JSON.stringify(value)}`,
    );
  }
  for (const server of options.servers ?? []) toDnsServer(server);
}

/** The same for what is said about one question. */
export function checkExchangeOptions({ timeoutMs, attempts }: ExchangeOptions): void {
  for (const [name, value] of Object.entries({ timeoutMs, attempts })) {
    if (value === undefined || isBetween(value, 1, MAX_COUNT)) continue;
    throw usageError('HAWSER_DNS_OPTIONS', `Cannot ask as ${name} must be 1 or more: ${value}`);
  }
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
