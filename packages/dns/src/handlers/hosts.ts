// Names and addresses from a hosts file (hosts(5)).
import { readFile, stat } from 'node:fs/promises';
import { type DelayedCall, parseIp, type Reactor } from '@hawser/core';
import { HostsFile } from '../client/resolver/hosts-file.ts';
import type { Outcome } from '../contract/answer.ts';
import type { DnsHandlerObject, Eventually, Next } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import { StoreError, usageError } from '../errors.ts';
import { Name } from '../name.ts';
import { Opcode } from '../numbers.ts';
import type { OneOrMany } from '../rdata/value.ts';
import { CHANGING_TTL } from '../zone/default-ttl.ts';
import { isTtl } from '../zone/rrset.ts';
import { HostsAnswers } from './hosts-answers.ts';

/** Names with their addresses. */
export type HostsMap = Readonly<Record<string, OneOrMany<string>>>;

/** Options for {@link hosts}. */
export interface HostsOptions {
  /** TTL of the addresses, in seconds. @defaultValue 60 */
  readonly ttl?: number | undefined;
  /**
   * Looks after the file this often, in milliseconds, while a server runs, and reads it again when it changed.
   * @defaultValue 5000
   */
  readonly pollMs?: number | false | undefined;
  /** Longest file that is read, in octets. @defaultValue 16 MiB */
  readonly maxBytes?: number | undefined;
}

/**
 * Answers A, AAAA and PTR for the names of a hosts file: `source` is its path, its text if that has a line break, or a map of
 * names. Other names, and other types of these, go to the next handler. A name with addresses of one kind only has none of the other.
 *
 * A server does not start if the file cannot be read. If that happens later it is reported, and what was read before stays.
 * Lines of a file that make no sense are ignored, as every system does.
 * @throws UsageError `HAWSER_DNS_OPTIONS`, `HAWSER_DNS_NAME` for a map with a bad name or address
 *
 * @example
 * [hosts('/etc/hosts'), hosts({ 'router.lan': ['192.168.1.1', 'fd00::1'] }), forward({ servers: ['192.0.2.53'] })];
 */
export function hosts(source: string | HostsMap, options: HostsOptions = {}): Hosts {
  return new Hosts(source, options);
}

/** A handler with the names of a hosts file. Made by {@link hosts}. */
export class Hosts implements DnsHandlerObject {
  readonly #path: string | undefined;
  readonly #ttl: number;
  readonly #pollMs: number | false;
  readonly #maxBytes: number;
  #answers: HostsAnswers;
  #version = '';
  #reactor: Reactor | undefined;
  #timer: DelayedCall | undefined;

  constructor(source: string | HostsMap, options: HostsOptions = {}) {
    const { ttl = CHANGING_TTL, pollMs = 5000, maxBytes = 16 * 1024 * 1024 } = options;
    const valid = isTtl(ttl) && maxBytes > 0;
    if (!valid || (pollMs !== false && !(pollMs >= 1))) {
      const why = 'ttl must be 0 or more seconds, pollMs and maxBytes 1 or more';
      throw usageError('HAWSER_DNS_OPTIONS', `Cannot serve hosts as ${why}`);
    }
    this.#ttl = ttl;
    this.#pollMs = pollMs;
    this.#maxBytes = maxBytes;
    this.#path = typeof source === 'string' && !source.includes('\n') ? source : undefined;
    const text = typeof source === 'string' ? source : textOf(source);
    this.#answers = new HostsAnswers(new HostsFile(this.#path === undefined ? text : ''), ttl);
  }

  handle(query: DnsQuery, next: Next): Eventually<Outcome> {
    const answer =
      query.opcode === Opcode.Query ? this.#answers.get(query.key, query.type) : undefined;
    return answer ?? next(query);
  }

  async started(reactor: Reactor): Promise<void> {
    if (this.#path === undefined) return;
    this.#reactor = reactor;
    await this.reload();
    this.#watch();
  }

  stopped(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#reactor = undefined;
  }

  /**
   * Reads the file again. Nothing to do for names that are in no file.
   * @throws StoreError `HAWSER_STORE_IO` if it cannot be read or is too long: what was read before stays
   */
  async reload(): Promise<void> {
    if (this.#path === undefined) return;
    try {
      const { version, size } = await versionOf(this.#path);
      this.#version = version;
      if (size > this.#maxBytes)
        throw new RangeError(`it has more than ${this.#maxBytes} octets: ${size}`);
      const text = await readFile(this.#path, 'utf8');
      this.#answers = new HostsAnswers(new HostsFile(text), this.#ttl);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new StoreError('HAWSER_STORE_IO', `Cannot read hosts from "${this.#path}": ${why}`, {
        cause: error,
      });
    }
  }

  #watch(): void {
    const reactor = this.#reactor;
    if (reactor === undefined || this.#pollMs === false) return;
    // A look that began before a stop and a new start ends after it.
    this.#timer?.cancel();
    this.#timer = reactor.clock.callLater(this.#pollMs, () => void this.#look(reactor));
  }

  async #look(reactor: Reactor): Promise<void> {
    try {
      const version = await versionOf(this.#path ?? '').then(
        (found) => found.version,
        () => 'missing',
      );
      if (version !== this.#version) {
        // A file that stays away is reported once.
        this.#version = version;
        await this.reload();
      }
    } catch (error) {
      reactor.reports.problem('dns.hosts', error);
    }
    if (this.#reactor === reactor) this.#watch();
  }
}

async function versionOf(path: string): Promise<{ version: string; size: number }> {
  const { mtimeMs, ino, size } = await stat(path);
  return { version: `${mtimeMs}/${ino}/${size}`, size };
}

/** The lines of a map, all of which must make sense: somebody wrote them here. */
function textOf(map: HostsMap): string {
  const lines: string[] = [];
  for (const [name, addresses] of Object.entries(map)) {
    if (/[\s#]/.test(name) || Name.parse(name).isRoot)
      throw usageError('HAWSER_DNS_NAME', `Cannot use "${name}" as the name of a host`);
    for (const address of typeof addresses === 'string' ? [addresses] : addresses) {
      if (parseIp(address) === undefined)
        throw usageError(
          'HAWSER_DNS_OPTIONS',
          `Cannot use "${address}" as the address of "${name}"`,
        );
      lines.push(`${address} ${name}`);
    }
  }
  return lines.join('\n');
}
