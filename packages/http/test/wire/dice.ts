import type { SeededRandom } from '@hawser/core/testing';

/** Chooses what a made-up message consists of: mostly what is usual, here and there something odd. */
export class Dice {
  readonly #random: SeededRandom;
  readonly #oddOneIn: number;

  /** `oddOneIn`: of so many choices one is odd; `Infinity` for none. */
  constructor(random: SeededRandom, oddOneIn: number) {
    this.#random = random;
    this.#oddOneIn = oddOneIn;
  }

  below(limit: number): number {
    return this.#random.below(limit);
  }

  odd(): boolean {
    return this.#random.float() * this.#oddOneIn < 1;
  }

  pick<T>(list: ArrayLike<T>): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new Error('There is nothing to pick from');
    return picked;
  }

  /** One of `usual`, or at times one of `odd`. */
  choose(usual: ArrayLike<string>, odd: ArrayLike<string>): string {
    return this.odd() ? this.pick(odd) : this.pick(usual);
  }

  /** Text of at most `most` of the characters in `usual`, at times with any octet among them. */
  text(usual: string, most: number): string {
    let text = '';
    for (let count = this.below(most + 1); count > 0; count--) text += this.pick(usual);
    if (!this.odd()) return text;
    const at = this.below(text.length + 1);
    return text.slice(0, at) + String.fromCharCode(this.below(256)) + text.slice(at);
  }

  shuffle<T>(list: readonly T[]): T[] {
    const left = [...list];
    return list.map(() => left.splice(this.below(left.length), 1)[0] as T);
  }
}
