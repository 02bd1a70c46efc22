import type { CachedAnswer } from './cached-answer.ts';

/** Which answer: the name asked for, and whatever else makes a difference. */
export interface AnswerPlace {
  /** {@link Name.key} of the name. */
  readonly nameKey: string;
  readonly variant: number;
}

/** What is known about one name: mostly one answer or two. */
interface NameAnswers {
  readonly answers: Map<number, CachedAnswer>;
  /** Asked for since somebody looked. */
  used: boolean;
}

/** Names that get a second chance when one has to go: one answer must not wait for a walk through a million of them. */
const MAX_CHANCES = 100;

/** Answers by name, up to a number of octets and answers. Names not asked for lately make room for new ones. */
export class AnswerStore {
  readonly #maxBytes: number;
  readonly #maxEntries: number;
  readonly #names = new Map<string, NameAnswers>();
  #size = 0;
  #bytes = 0;
  /** Answers that made room for others. */
  evicted = 0;

  constructor(limits: { readonly maxBytes: number; readonly maxEntries: number }) {
    this.#maxBytes = limits.maxBytes;
    this.#maxEntries = limits.maxEntries;
  }

  get size(): number {
    return this.#size;
  }

  /** Memory of all answers, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  get(nameKey: string, variant: number): CachedAnswer | undefined {
    const name = this.#names.get(nameKey);
    if (name === undefined) return undefined;
    name.used = true;
    return name.answers.get(variant);
  }

  set({ nameKey, variant }: AnswerPlace, answer: CachedAnswer): void {
    this.delete({ nameKey, variant });
    // One answer must not drive out all others.
    if (this.#maxEntries < 1 || answer.bytes > this.#maxBytes / 8) return;
    let name = this.#names.get(nameKey);
    if (name === undefined) {
      name = { answers: new Map(), used: false };
      this.#names.set(nameKey, name);
    }
    name.answers.set(variant, answer);
    this.#size += 1;
    this.#bytes += answer.bytes;
    while (this.#bytes > this.#maxBytes || this.#size > this.#maxEntries) this.#evict();
  }

  delete({ nameKey, variant }: AnswerPlace): void {
    const name = this.#names.get(nameKey);
    const answer = name?.answers.get(variant);
    if (name === undefined || answer === undefined) return;
    name.answers.delete(variant);
    if (name.answers.size === 0) this.#names.delete(nameKey);
    this.#size -= 1;
    this.#bytes -= answer.bytes;
  }

  /** Deletes all answers about a name, and gives how many that were. */
  deleteName(nameKey: string): number {
    const answers = this.#names.get(nameKey)?.answers;
    if (answers === undefined) return 0;
    this.#names.delete(nameKey);
    this.#size -= answers.size;
    for (const { bytes } of answers.values()) this.#bytes -= bytes;
    return answers.size;
  }

  /** The keys of all names about which something is known. */
  names(): IterableIterator<string> {
    return this.#names.keys();
  }

  /** Who was asked for gets a second chance behind the others: nearly LRU, without any work when something is found. */
  #evict(): void {
    let chances = MAX_CHANCES;
    for (const [nameKey, name] of this.#names) {
      if (!name.used || chances-- === 0) {
        this.evicted += this.deleteName(nameKey);
        return;
      }
      name.used = false;
      this.#names.delete(nameKey);
      this.#names.set(nameKey, name);
    }
  }
}
