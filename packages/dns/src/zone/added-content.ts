// The RRsets of a zone in the making, as they are added one by one.
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import { checkCoexistence, checkOwner, ownerOf } from './apply-edits.ts';
import { LongList } from './long-list.ts';
import { NameTable } from './name-table.ts';
import { firstRecords, PackedRRset } from './packed-rrset.ts';
import type { RRset } from './rrset.ts';
import type { ZoneContent } from './zone-content.ts';
import { StoredNode } from './zone-node.ts';

/** RRsets by name. Of two with the same name and type the later one counts. */
export class AddedContent implements ZoneContent {
  readonly names: NameTable = new NameTable();
  readonly #origin: Name;
  readonly #owners = new LongList<string>();
  readonly #rrsets = new LongList<PackedRRset | readonly PackedRRset[]>();
  /** Names that had an alias and something else. One by itself is no suspect: there are zones of a million. */
  readonly #suspects = new Set<number>();

  constructor(origin: Name) {
    this.#origin = origin;
  }

  get({ key }: Name, type: number): RRset | undefined {
    const number = this.names.find(key);
    return number < 0 ? undefined : this.#listAt(number).find((each) => each.type === type);
  }

  /** Adds an RRset, or replaces the one of that name and type. Throws as `Zone.of`. */
  add(rrset: RRset): void {
    const { name } = rrset;
    checkOwner(this.#origin, name, rrset.type);
    const number = this.names.place(name.key);
    if (number === this.#owners.length) {
      const owner = ownerOf(name);
      this.#owners.push(owner);
      this.#rrsets.push(new PackedRRset(owner, rrset));
      if (isAlias(rrset) && firstRecords(rrset, 2).length > 1) this.#suspects.add(number);
      return;
    }
    // The name is spelled as it was first.
    const others = this.#listAt(number).filter((each) => each.type !== rrset.type);
    const list = [...others, new PackedRRset(this.ownerAt(number), rrset)];
    this.#rrsets.set(number, list);
    if (list.some(isAlias)) this.#suspects.add(number);
  }

  /** Throws if a name holds what it must not. */
  check(): void {
    for (const number of this.#suspects)
      checkCoexistence(new StoredNode(this.ownerAt(number), this.#listAt(number), 0));
  }

  ownerAt(number: number): string {
    return this.#owners.at(number) ?? '';
  }

  rrsetsAt(number: number): PackedRRset | readonly PackedRRset[] {
    return this.#rrsets.at(number) ?? [];
  }

  #listAt(number: number): readonly PackedRRset[] {
    const rrsets = this.rrsetsAt(number);
    return rrsets instanceof PackedRRset ? [rrsets] : rrsets;
  }
}

function isAlias({ type }: RRset): boolean {
  return type === Type.CNAME || type === Type.DNAME;
}
