import { DEFAULT_LINK, type LinkOptions, type LinkState } from './link-options.ts';
import type { PacketRule } from './packet.ts';

/** What holds from one host to another, by name. */
export interface Rule {
  readonly from: string;
  readonly to: string;
  readonly what:
    | { readonly kind: 'link'; readonly options: LinkOptions }
    | { readonly kind: 'partition' }
    | { readonly kind: 'hold' };
}

/** One direction between two hosts, with all rules applied. */
export interface Path extends LinkState {
  readonly partitioned: boolean;
  readonly held: boolean;
}

/** The rules of a network, in the order they were made. A later link overrides what it names of an earlier one. */
export class Rules {
  readonly #base: LinkState;
  #rules: Rule[] = [];
  readonly #packetRules: PacketRule[] = [];
  /** By the names of both hosts; emptied by each change. */
  readonly #paths = new Map<string, Map<string, Path>>();

  constructor(base: LinkOptions = {}) {
    this.#base = { ...DEFAULT_LINK, ...given(base) };
  }

  get packetRules(): readonly PacketRule[] {
    return this.#packetRules;
  }

  /** Adds rules that live and die together. */
  add(rules: readonly Rule[]): Disposable {
    this.#rules.push(...rules);
    this.#paths.clear();
    return {
      [Symbol.dispose]: () => {
        this.#rules = this.#rules.filter((each) => !rules.includes(each));
        this.#paths.clear();
      },
    };
  }

  addPacketRule(rule: PacketRule): Disposable {
    const registered: PacketRule = (packet) => rule(packet);
    this.#packetRules.push(registered);
    return {
      [Symbol.dispose]: () => {
        const at = this.#packetRules.indexOf(registered);
        if (at >= 0) this.#packetRules.splice(at, 1);
      },
    };
  }

  /** Takes away every rule of `kind` between two sides, in either direction. Without sides, all of them. */
  remove(
    kind: Rule['what']['kind'],
    sides?: readonly [readonly string[], readonly string[]],
  ): void {
    const isBetween = ({ from, to }: Rule): boolean => {
      if (!sides) return true;
      const [one, other] = sides;
      return (
        (one.includes(from) && other.includes(to)) || (other.includes(from) && one.includes(to))
      );
    };
    this.#rules = this.#rules.filter((each) => each.what.kind !== kind || !isBetween(each));
    this.#paths.clear();
  }

  path(from: string, to: string): Path {
    const known = this.#paths.get(from)?.get(to);
    if (known) return known;
    const path: { -readonly [K in keyof Path]: Path[K] } = {
      ...this.#base,
      partitioned: false,
      held: false,
    };
    for (const rule of this.#rules) {
      if (rule.from !== from || rule.to !== to) continue;
      if (rule.what.kind === 'link') Object.assign(path, given(rule.what.options));
      else if (rule.what.kind === 'partition') path.partitioned = true;
      else path.held = true;
    }
    const paths = this.#paths.get(from) ?? new Map<string, Path>();
    this.#paths.set(from, paths.set(to, path));
    return path;
  }
}

/** The options without those that are `undefined`, which would override. */
function given(options: LinkOptions): Partial<LinkState> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
