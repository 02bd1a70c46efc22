// The texts of one name: at most two, of which a third takes the place of the one that was put there first.
import type { LiveZone } from '../../contract/live-zone.ts';
import type { Name } from '../../name.ts';
import { Type } from '../../numbers.ts';
import type { Rdata } from '../../rdata/rdata.ts';
import { createRRset } from '../../zone/rrset.ts';
import type { Edit, Zone } from '../../zone/zone.ts';

/** A certificate for a name and for all below it takes two texts at the same name. */
const TEXTS = 2;
/** Names whose latest text is known. */
const MAX_REMEMBERED = 10_000;

/** Puts texts into a zone. */
export class AcmeTexts {
  readonly #zone: LiveZone;
  readonly #ttl: number;
  /** By key of a name, the text put there last: in the zone they have no order. The name heard of last is last. */
  readonly #latest = new Map<string, string>();

  constructor(zone: LiveZone, ttl: number) {
    this.#zone = zone;
    this.#ttl = ttl;
  }

  /** Resolves when `txt` is stored and served. Rejects as `LiveZone.transact`. */
  async put(name: Name, txt: string): Promise<void> {
    await this.#zone.transact((zone) => {
      const edits = this.#edits(zone, name, txt);
      this.#remember(name, txt);
      return { edits, result: undefined };
    });
  }

  /** The newest text is last. */
  #edits(zone: Zone, name: Name, txt: string): Edit[] {
    const added = createRRset(name, Type.TXT, { ttl: this.#ttl, values: [txt] });
    const [newest] = added.records;
    const held = zone.get(name, Type.TXT)?.records ?? [];
    if (newest === undefined || held.some(({ wire }) => wire.equals(newest.wire))) return [];
    // One that was put again has stayed where it was, and is needed all the same.
    const latest = this.#latest.get(name.key);
    const isLatest = ({ wire }: Rdata): boolean => wire.toString('latin1', 1) === latest;
    const ordered = [...held.filter((each) => !isLatest(each)), ...held.filter(isLatest)];
    const records = [...ordered, newest].slice(-TEXTS);
    return [{ name, type: Type.TXT, rrset: { ...added, records } }];
  }

  #remember({ key }: Name, txt: string): void {
    this.#latest.delete(key);
    this.#latest.set(key, txt);
    if (this.#latest.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#latest.keys();
    if (oldest !== undefined) this.#latest.delete(oldest);
  }
}
