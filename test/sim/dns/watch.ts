import type { Leak } from '@hawser/core';
import { isSerialAfter, Name, Type, type Zone } from '@hawser/dns';
import { type Content, contentOf, isSame } from './content.ts';
import type { Freshness } from './freshness.ts';

/** A version of the original. */
interface Version {
  readonly zone: Zone;
  /** When there was a newer one. */
  supersededAt?: number;
}

/** Names that begin with this are only in updates that must be refused. */
export const NEVER = 'never';

/** Copies answer for as long as the zone says, and somewhat longer, as they hear late how old it is. */
const SLACK_MS = 7_000;

/** Sees everything, and remembers what must not happen. */
export class DnsWatch {
  readonly broken: string[] = [];
  readonly versions = new Map<number, Version>();
  readonly #serials = new Map<string, number>();
  /** What is there for sure, and what is gone for sure. */
  readonly #present = new Set<string>();
  readonly #gone = new Set<string>();
  /** What goes by itself. */
  readonly leased = new Set<string>();
  readonly #now: () => number;
  readonly #staleMs: number | undefined;
  readonly #freshness: Freshness | undefined;
  acknowledged = 0;
  doubtful = 0;
  refused = 0;
  /** Versions that somebody transferred and that were looked at. */
  compared = 0;
  /** Transfers of changes at the end. */
  increments = 0;
  /** Connections that were cut while they said something, and servers that were stopped. */
  cut = 0;
  stopped = 0;

  /** `freshness` knows how old what somebody answers may be, where that can be told. */
  constructor(now: () => number, freshness: Freshness | undefined) {
    this.#now = now;
    this.#staleMs = freshness && freshness.expireMs + SLACK_MS;
    this.#freshness = freshness;
  }

  /** The original has this content. */
  original(zone: Zone): void {
    const { serial } = zone;
    const before = this.versions.get(serial);
    if (before !== undefined && !isSame(contentOf(before.zone), contentOf(zone)))
      this.broken.push(`serial ${serial} stood for two contents`);
    const last = this.#serials.get('primary');
    const newest = last === undefined ? undefined : this.versions.get(last);
    if (newest !== undefined && last !== serial) newest.supersededAt ??= this.#now();
    if (before === undefined) this.versions.set(serial, { zone });
    this.serial('primary', serial);
    this.checkContent('primary', zone);
  }

  /** `who` gives this out as the content with this serial. */
  content(who: string, serial: number, content: Content): void {
    this.compared += 1;
    const version = this.versions.get(serial);
    if (version === undefined) this.broken.push(`${who} has serial ${serial} of nobody`);
    else if (!isSame(contentOf(version.zone), content))
      this.broken.push(`${who} has something else with serial ${serial}`);
  }

  serial(who: string, serial: number): void {
    const last = this.#serials.get(who);
    if (last !== undefined && isSerialAfter(last, serial))
      this.broken.push(`${who} went back from ${last} to ${serial}`);
    this.#serials.set(who, serial);
  }

  /** `who` answers with this serial something that was asked at `askedAt`. */
  answered(who: string, serial: number, askedAt: number): void {
    const version = this.versions.get(serial);
    if (version === undefined) this.broken.push(`${who} answers with serial ${serial} of nobody`);
    const { supersededAt = askedAt } = version ?? {};
    if (this.#staleMs !== undefined && askedAt - supersededAt > this.#staleMs)
      this.broken.push(`${who} answers with what was new ${askedAt - supersededAt} ms ago`);
    this.serves(who, askedAt);
  }

  /** `who` serves what it has, or did at `at`. */
  serves(who: string, at = this.#now()): void {
    const since = this.#freshness?.staleSince(who, at);
    if (since !== undefined)
      this.broken.push(`${who} serves what is no good any more, since ${at - since} ms`);
  }

  /** What runs on `host` has ended: nothing of it may be among `leaks`. What the network still has of it goes by itself. */
  gone(host: string, leaks: readonly Leak[]): void {
    for (const { kind, owner, what } of leaks)
      if (owner === host && (kind === 'timer' || kind === 'port'))
        this.broken.push(`${host} has stopped, and leaves a ${kind}: ${what}`);
  }

  /** Somebody is about to change `name`: nobody knows now whether it is there. */
  changing(name: string): void {
    this.#present.delete(name);
    this.doubtful += 1;
  }

  /** An update was acknowledged: `zone` is what the primary serves at that moment. */
  done(name: string, change: 'add' | 'lease' | 'delete', zone: Zone | undefined): void {
    this.acknowledged += 1;
    this.doubtful -= 1;
    if (change === 'add') this.#present.add(name);
    else if (change === 'delete') this.#gone.add(name);
    else this.leased.add(name);
    if (zone !== undefined) this.checkContent('the primary, when it said so,', zone);
  }

  checkContent(who: string, zone: Zone): void {
    for (const name of this.#present)
      if (!has(zone, name)) this.broken.push(`${who} lost "${name}"`);
    for (const name of this.#gone)
      if (has(zone, name)) this.broken.push(`${who} has deleted "${name}"`);
    for (const { name } of zone.rrsets())
      if (name.toString().startsWith(NEVER)) this.broken.push(`${who} has refused "${name}"`);
      else if (isHalf(zone, name)) this.broken.push(`${who} has half of "${name}"`);
  }

  /** @throws Error if anything was broken */
  check(): void {
    if (this.broken.length > 0) throw new Error(this.broken.slice(0, 5).join('; '));
  }
}

function has(zone: Zone, name: string): boolean {
  return zone.get(Name.parse(name), Type.TXT) !== undefined;
}

/** Every update adds a text and an address, or takes both away. */
function isHalf(zone: Zone, name: Name): boolean {
  if (name.labelCount <= zone.origin.labelCount || name.toString().startsWith('ns.')) return false;
  return (zone.get(name, Type.TXT) === undefined) !== (zone.get(name, Type.A) === undefined);
}
