// The part of a zone that one question touches, growing until it is enough for the answer.
import type { Answer } from '../contract/answer.ts';
import { MAX_NAME_BYTES, Name } from '../name.ts';
import { Type } from '../numbers.ts';
import { MAX_CHAIN } from '../zone/answer.ts';
import type { RRset } from '../zone/rrset.ts';
import { Zone } from '../zone/zone.ts';

/** Why a name is wanted: to answer for it, or for addresses that go along. */
type Purpose = 'answer' | 'addresses';

/** Rounds of asking: each alias may take one, and addresses the last. */
const MAX_ROUNDS = MAX_CHAIN + 2;
/** Names that addresses are looked up of, for one answer. */
const MAX_TARGETS = 16;

/** What is known of a zone, and what has to be asked for. */
export class LookedUp {
  readonly #base: Zone;
  readonly #rrsets = new Map<string, RRset>();
  /** Names that hold something. */
  readonly #holding = new Set<string>();
  /** Names that were asked for, each once. */
  readonly #asked = new Map<string, Name>();
  /** Names to be answered for. */
  readonly #answered = new Set<string>();
  /** Names without data, by whether there are names below them. */
  readonly #empty = new Map<string, { readonly name: Name; readonly exists: boolean }>();
  #wanted: Name[] = [];
  #doubtful: Name[] = [];
  #targets = 0;
  #rounds = 0;

  /** `base` has the SOA and NS of a zone whose source has none. */
  constructor(base: Zone) {
    this.#base = base;
  }

  /** Asks for a name, its ancestors in the zone, and the wildcards they may have. */
  want(name: Name, purpose: Purpose): void {
    if (purpose === 'answer') {
      this.#answered.add(name.key);
      this.#doubtful.push(name);
    }
    this.#ask(name);
    let below = name;
    while (!below.equals(this.#base.origin)) {
      const parent = below.parent();
      if (parent === undefined) return;
      this.#ask(parent);
      // The longest names there are have no room for a wildcard below them.
      const wildcard = wildcardOf(parent);
      if (wildcard !== undefined) this.#ask(wildcard);
      below = parent;
    }
  }

  /** The names that were not asked for yet. */
  wanted(): readonly Name[] {
    const wanted = this.#wanted;
    this.#wanted = [];
    return wanted;
  }

  /** Takes in what the source has. What was not asked for is left out: it may be incomplete. */
  add(rrsets: Iterable<RRset>): void {
    for (const rrset of rrsets) {
      if (!this.#asked.has(rrset.name.key)) continue;
      this.#rrsets.set(`${rrset.type}/${rrset.name.key}`, rrset);
      this.#holding.add(rrset.name.key);
    }
  }

  /** Names of which it matters whether others are below them. To be told one after the other. */
  *doubtful(): Generator<Name, void, undefined> {
    const doubtful = this.#doubtful;
    this.#doubtful = [];
    for (const asked of doubtful) {
      const encloser = yield* this.#encloserOf(asked);
      // A wildcard may exist without data too, and stand for the name then (RFC 4592 §4.3).
      const wildcard = encloser === asked ? undefined : wildcardOf(encloser);
      if (wildcard === undefined || this.#holding.has(wildcard.key)) continue;
      if (!this.#empty.has(wildcard.key)) yield wildcard;
    }
  }

  /** Whether there are names below `name`. */
  tell(name: Name, exists: boolean): void {
    this.#empty.set(name.key, { name, exists });
  }

  /** The zone as far as it is known. Throws UsageError for data that no zone may have. */
  zone(): Zone {
    const { origin } = this.#base;
    const rrsets = [...this.#rrsets.values()];
    const has = (type: number): boolean => this.#rrsets.has(`${type}/${origin.key}`);
    for (const type of [Type.SOA, Type.NS]) {
      const made = this.#base.get(origin, type);
      if (made !== undefined && !has(type)) rrsets.push(made);
    }
    let zone = Zone.of(origin, rrsets);
    for (const { name, exists } of this.#empty.values())
      if (exists) zone = zone.including(name, []);
    return zone;
  }

  /** True if names have to be asked for before `answer` is right and complete. */
  wantMore(answer: Answer): boolean {
    if (++this.#rounds >= MAX_ROUNDS) return false;
    for (const { rrset } of answer.answer) {
      if (rrset.type !== Type.CNAME) continue;
      for (const { target } of rrset.records)
        if (this.#isOurs(target) && !this.#answered.has(target.key)) this.want(target, 'answer');
    }
    // Addresses last: whether they are needed is known when the chain has ended.
    if (this.#wanted.length > 0 || this.#doubtful.length > 0) return true;
    for (const { rrset } of [...answer.answer, ...answer.authority]) {
      if (rrset.type === Type.CNAME || rrset.type === Type.DNAME) continue;
      for (const { target } of rrset.records)
        if (this.#isOurs(target) && !this.#asked.has(target.key) && this.#targets++ < MAX_TARGETS)
          this.want(target, 'addresses');
    }
    return this.#wanted.length > 0;
  }

  #isOurs(target: Name | undefined): target is Name {
    return target?.isSubdomainOf(this.#base.origin) ?? false;
  }

  /** The longest one that exists, of a name and those above it. */
  *#encloserOf(asked: Name): Generator<Name, Name, undefined> {
    const names: Name[] = [];
    let above = asked;
    while (!above.equals(this.#base.origin) && !this.#exists(above)) {
      names.push(above);
      above = above.parent() ?? this.#base.origin;
    }
    // What is above a name that exists, exists: each question halves what is left, as a stranger may ask for 120 labels.
    let low = 0;
    let high = names.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const name = names[middle] ?? above;
      if (!this.#empty.has(name.key)) yield name;
      if (this.#exists(name)) high = middle;
      else low = middle + 1;
    }
    return names[high] ?? above;
  }

  #exists(name: Name): boolean {
    if (this.#holding.has(name.key) || this.#empty.get(name.key)?.exists === true) return true;
    const wildcard = wildcardOf(name);
    return wildcard !== undefined && this.#holding.has(wildcard.key);
  }

  #ask(name: Name): void {
    if (this.#asked.has(name.key)) return;
    this.#asked.set(name.key, name);
    this.#wanted.push(name);
  }
}

function wildcardOf(name: Name): Name | undefined {
  return name.wire.length + 2 > MAX_NAME_BYTES
    ? undefined
    : Name.fromWire(Buffer.concat([Buffer.from('\x01*'), name.wire]));
}
