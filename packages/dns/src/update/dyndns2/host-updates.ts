// The hosts of one request: who may change them, whether they were changed too often, and what became of each.
import { HawserError } from '@hawser/core';
import type { LiveZone } from '../../contract/live-zone.ts';
import { Name } from '../../name.ts';
import { Type } from '../../numbers.ts';
import { isChallenge, type KnownAccount } from '../http/account.ts';
import type { HttpUpdateContext } from '../http/http-context.ts';
import type { ZoneList } from '../http/zone-list.ts';
import type { AbuseGuard } from './abuse-guard.ts';
import { changeOfHost, type HostChange, type HostTerms, type HostWish } from './host-change.ts';

/** Limits and times of what is updated. */
export interface HostLimits {
  readonly ttl: number;
  readonly maxTexts: number;
  readonly textLeaseSeconds: number;
}

/** One host of a request. */
interface Asked {
  readonly name: Name | undefined;
  /** What to say, once that is known. */
  line: string | undefined;
}

/** Who asks for what. */
export interface HostRequest {
  readonly hosts: readonly string[];
  readonly account: KnownAccount;
  readonly wish: HostWish;
}

/** Changes hosts. */
export class HostUpdates {
  readonly #zones: ZoneList;
  readonly #limits: HostLimits;
  readonly #abuse: AbuseGuard;

  constructor(zones: ZoneList, limits: HostLimits, abuse: AbuseGuard) {
    this.#zones = zones;
    this.#limits = limits;
    this.#abuse = abuse;
  }

  /** A line for each host, in their order. */
  async lines(
    { hosts, account, wish }: HostRequest,
    context: HttpUpdateContext,
  ): Promise<string[]> {
    const asked = hosts.map((host) => this.#judge(host, account, wish));
    await this.#admit(asked, context);
    await this.#change(asked, wish, context);
    return asked.map(({ line }) => line ?? '911');
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
