import {
  type ChangeSet,
  isSerialAfter,
  Name,
  type TransferableZone,
  Type,
  type Zone,
} from '@hawser/dns';

/** A host with a zone, while it is up. */
export interface Watched {
  readonly host: { readonly name: string };
  readonly zone: TransferableZone | undefined;
}

/** Sees everything, and remembers what must not happen. */
export class DnsWatch {
  readonly broken: string[] = [];
  readonly #history = new Map<number, Zone>();
  readonly #serials = new Map<string, number>();
  /** What is there for sure, and what is gone for sure. */
  readonly present = new Set<string>();
  readonly #gone = new Set<string>();
  acknowledged = 0;
  doubtful = 0;

  /** The original has this content. */
  original(zone: Zone): void {
    const before = this.#history.get(zone.serial);
    if (before !== undefined && printOf(before) !== printOf(zone))
      this.broken.push(`serial ${zone.serial} stood for two contents`);
    this.#history.set(zone.serial, zone);
    this.serial('primary', zone.serial);
    this.checkContent('primary', zone);
  }

  /** A copy has this content. */
  copy(who: string, zone: Zone): void {
    const original = this.#history.get(zone.serial);
    this.serial(who, zone.serial);
    if (original === undefined) this.broken.push(`${who} has serial ${zone.serial} of nobody`);
    else if (printOf(original) !== printOf(zone))
      this.broken.push(`${who} has something else with serial ${zone.serial}`);
  }

  serial(who: string, serial: number): void {
    const last = this.#serials.get(who);
    if (last !== undefined && isSerialAfter(last, serial))
      this.broken.push(`${who} went back from ${last} to ${serial}`);
    this.#serials.set(who, serial);
  }

  /** An update was acknowledged: `zone` is what the primary serves at that moment. */
  done(name: string, change: 'add' | 'delete', zone: Zone | undefined): void {
    this.acknowledged += 1;
    if (change === 'add') this.present.add(name);
    else this.#gone.add(name);
    if (zone !== undefined) this.checkContent('the primary, when it said so,', zone);
  }

  checkContent(who: string, zone: Zone): void {
    for (const name of this.present)
      if (!has(zone, name)) this.broken.push(`${who} lost "${name}"`);
    for (const name of this.#gone)
      if (has(zone, name)) this.broken.push(`${who} has deleted "${name}"`);
  }

  /** @throws Error if anything was broken */
  check(): void {
    if (this.broken.length > 0) throw new Error(this.broken.slice(0, 5).join('; '));
  }

  /** @throws Error if somebody has something else in the end, or comes to it in another way */
  async checkEnd(primary: Watched, copies: readonly Watched[]): Promise<void> {
    const end = primary.zone?.snapshot;
    if (end === undefined) throw new Error('There is no primary in the end');
    for (const { host, zone } of [primary, ...copies]) {
      if (zone?.snapshot === undefined) continue;
      this.checkContent(host.name, zone.snapshot);
      if (printOf(zone.snapshot) !== printOf(end)) this.broken.push(`${host.name} differs`);
      // oxlint-disable-next-line no-await-in-loop
      for (const start of this.#history.values()) await this.#checkJournal(zone, start, end);
    }
    this.check();
  }

  /** Who has the changes since a serial has those that lead to what there is. */
  async #checkJournal(zone: TransferableZone, start: Zone, end: Zone): Promise<void> {
    const changes = await zone.journal(start.serial);
    if (changes === undefined) return;
    let made = start;
    for (const changeSet of changes) made = follow(made, changeSet);
    if (printOf(made) !== printOf(end))
      this.broken.push(`the changes since ${start.serial} lead to something else`);
  }
}

const prints = new WeakMap<Zone, string>();

/** The whole content as text. */
function printOf(zone: Zone): string {
  let print = prints.get(zone);
  if (print === undefined) {
    const lines: string[] = [];
    for (const { name, type, ttl, records } of zone.rrsets())
      for (const { wire } of records)
        lines.push(`${name.key} ${type} ${ttl} ${wire.toString('hex')}`);
    print = lines.sort().join('\n');
    prints.set(zone, print);
  }
  return print;
}

function follow(zone: Zone, { changes }: ChangeSet): Zone {
  const edits = changes.map(({ name, type, after }) => ({ name, type, rrset: after }));
  return zone.change(edits)?.zone ?? zone;
}

function has(zone: Zone, name: string): boolean {
  return zone.get(Name.parse(name), Type.TXT) !== undefined;
}
