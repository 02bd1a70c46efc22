// Answers of zones that were found once, to be found again at once: for all zones together, as somebody may ask all of them.
import type { Answer } from '../contract/answer.ts';
import type { DnsQuery } from '../contract/query.ts';
import type { Zone } from '../zone/zone.ts';

/** How many answers are kept. */
export interface KnownAnswersLimits {
  /** Of all zones. */
  readonly max: number;
  /** Of one zone. */
  readonly maxPerZone: number;
}

/** What is asked of a zone. */
type Question = Pick<DnsQuery, 'key' | 'type' | 'dnssecOk'>;

/** Those of one zone and one generation, by name for each kind of question: joining strings costs more than a second map. */
interface Generation {
  readonly byKind: Map<number, Map<string, Answer>>;
  count: number;
  /** Another one for each zone. */
  readonly salt: number;
}

/**
 * What is asked again moves into the young generation; when that is full it becomes the old one, and what was not asked for
 * meanwhile goes. Somebody who asks for random names so drops none that others ask for. A zone that is gone takes its
 * answers along.
 */
export class KnownAnswers {
  readonly #limits: KnownAnswersLimits;
  #young = new WeakMap<Zone, Generation>();
  #old = new WeakMap<Zone, Generation>();
  #youngCount = 0;
  #oldCount = 0;
  #salts = 0;

  constructor(limits: KnownAnswersLimits) {
    this.#limits = limits;
  }

  /** How many there are, those of zones included that are gone. */
  get size(): number {
    return this.#youngCount + this.#oldCount;
  }

  /** The answer of `zone` that was kept. */
  get(zone: Zone, question: Question): Answer | undefined {
    const kind = kindOf(question);
    const { key } = question;
    const found = this.#young.get(zone)?.byKind.get(kind)?.get(key);
    if (found !== undefined) return found;
    const old = this.#old.get(zone)?.byKind.get(kind)?.get(key);
    if (old !== undefined) this.keep({ zone, question }, old);
    return old;
  }

  keep(
    { zone, question }: { readonly zone: Zone; readonly question: Question },
    answer: Answer,
  ): void {
    const generation = this.#roomFor(zone);
    const kind = kindOf(question);
    let byName = generation.byKind.get(kind);
    if (byName === undefined) {
      byName = new Map();
      generation.byKind.set(kind, byName);
    }
    byName.set(question.key, answer);
    generation.count++;
    this.#youngCount++;
  }

  /** Tells the questions to `zone` of one kind from all others. */
  saltOf(zone: Zone, question: Question): number {
    return this.#generationOf(zone).salt + kindOf(question);
  }

  #roomFor(zone: Zone): Generation {
    const { max, maxPerZone } = this.#limits;
    const generation = this.#generationOf(zone);
    if (this.#youngCount >= max / 2 || this.size >= max) this.#ageAll();
    else if (generation.count >= maxPerZone / 2) this.#age(zone, generation);
    else return generation;
    return this.#generationOf(zone);
  }

  #ageAll(): void {
    this.#old = this.#young;
    this.#oldCount = this.#youngCount;
    this.#young = new WeakMap();
    this.#youngCount = 0;
  }

  #age(zone: Zone, generation: Generation): void {
    this.#youngCount -= generation.count;
    this.#oldCount += generation.count - (this.#old.get(zone)?.count ?? 0);
    this.#old.set(zone, generation);
    this.#young.delete(zone);
  }

  #generationOf(zone: Zone): Generation {
    let generation = this.#young.get(zone);
    if (generation === undefined) {
      const salt = this.#old.get(zone)?.salt ?? this.#nextSalt();
      generation = { byKind: new Map(), count: 0, salt };
      this.#young.set(zone, generation);
    }
    return generation;
  }

  #nextSalt(): number {
    this.#salts = Math.imul(this.#salts + 1, 0x9e3779b1);
    return this.#salts;
  }
}

function kindOf({ type, dnssecOk }: Question): number {
  return type * 2 + (dnssecOk ? 1 : 0);
}
