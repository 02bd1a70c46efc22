// The chain of NSEC as it has to be: each name with its next one (RFC 4034 §4.1.1). Only where somebody looks.
import { Type } from '../numbers.ts';
import { checkRdata } from '../rdata/rdata.ts';
import type { RRset } from '../zone/rrset.ts';
import type { Preceding, Zone } from '../zone/zone.ts';
import type { ZoneNode } from '../zone/zone-node.ts';
import { hiddenBy, hidesBelow, isInChain, standingOf, typesBitmap } from './signable.ts';

/** To look at what is beside a name, and above that, costs as much as so many steps of other work. */
function lookSteps(key: string): number {
  return 8 + (key.length >> 2);
}

/** The names of a zone in chain order, found in steps. Good for one state of the zone. */
export class NsecChain {
  readonly #zone: Zone;
  /** Names before one that is not in the chain, by its key: names that go together are next to each other. */
  readonly #before = new Map<string, string>();

  constructor(zone: Zone) {
    this.#zone = zone;
  }

  /** The key of the last name in the chain before that with `key`, which need not exist. */
  *previous(key: string): Generator<number, string, void> {
    const zone = this.#zone;
    const passed: string[] = [];
    let at = key;
    for (;;) {
      for (const { node, isAncestor } of this.#backFrom(at)) {
        yield lookSteps(at);
        // Names on the way up are few, whether something hides them or not.
        if (isAncestor && node.list.length === 0) continue;
        const known = this.#before.get(at);
        if (known !== undefined) return this.#remember(passed, known);
        passed.push(at);
        at = node.key;
        const visible = hiddenBy(zone, at) ?? at;
        const seen = visible === at ? node : zone.node(visible);
        at = visible;
        if (seen !== undefined && isInChain(standingOf(zone, seen, at)))
          return this.#remember(passed, at);
        if (seen !== node) break;
      }
    }
  }

  /** The key of the first name in the chain after that with `key`. */
  *next(key: string): Generator<number, string, void> {
    const zone = this.#zone;
    let at = key;
    for (;;) {
      yield lookSteps(at);
      const here = zone.node(at);
      // What a delegation hides may be any number of names.
      if (here !== undefined && at !== zone.origin.key && hidesBelow(zone, here, at)) {
        const past = pastSubtree(at);
        const found = zone.node(past);
        if (found !== undefined && isInChain(standingOf(zone, found, past))) return past;
        at = past;
      }
      const { next } = zone.neighbours(at);
      at = next.key;
      if (isInChain(standingOf(zone, next, at))) return at;
    }
  }

  /** The NSEC of `node`, which is in the chain. */
  *nsecOf(node: ZoneNode, key: string): Generator<number, RRset, void> {
    const next = Buffer.from(yield* this.next(key), 'latin1');
    const types = typesBitmap(node, standingOf(this.#zone, node, key));
    const rdata = checkRdata(Type.NSEC, Buffer.concat([next, types]));
    if (rdata === undefined) throw new TypeError(`Cannot make an NSEC of "${node.name}"`);
    // Nobody may deny longer than the zone allows (RFC 9077 §3.1).
    const ttl = this.#zone.negativeTtl;
    return { name: node.name, type: Type.NSEC, ttl, records: [rdata] };
  }

  /** The names before this one. The last name comes before the first. */
  *#backFrom(key: string): Generator<Preceding, void, undefined> {
    yield* this.#zone.preceding(key);
    if (key !== this.#zone.origin.key) return;
    const { previous } = this.#zone.neighbours(key);
    yield { node: previous, isAncestor: false };
    yield* this.#zone.preceding(previous.key);
  }

  #remember(passed: readonly string[], found: string): string {
    for (const key of passed) this.#before.set(key, found);
    return found;
  }
}

/**
 * The first name, in canonical order, behind all those below this one. It need not be a name that could exist: a label may have
 * an octet too many.
 */
function pastSubtree(key: string): string {
  const length = key.charCodeAt(0);
  return `${String.fromCharCode(length + 1)}${key.slice(1, 1 + length)}\0${key.slice(1 + length)}`;
}
