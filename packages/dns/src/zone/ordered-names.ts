// The names of a zone in order, immutable: a list of lists of up to some hundred. A change copies one of them and the list
// of lists, so that it costs some microseconds in a zone of a million names.
import { atOnce } from '../in-turns.ts';

/** Names of a chunk before it is divided. */
const MAX_CHUNK = 512;
const FULL_CHUNK = MAX_CHUNK / 2;

type Chunk = string[];

/** Sorted strings, no two alike. Immutable; {@link with} gives a changed one. */
export class OrderedNames {
  readonly #chunks: readonly Chunk[];

  private constructor(chunks: readonly Chunk[]) {
    this.#chunks = chunks;
  }

  /** Takes `names`, in any order, and sorts them in place. */
  static of(names: string[]): OrderedNames {
    names.sort();
    return OrderedNames.#cut(names);
  }

  /** The same in steps: short runs are sorted, and two of them merged until there is one. */
  static *sorting(names: Iterable<string>): Generator<void, OrderedNames, void> {
    let runs: string[][] = [[]];
    for (const name of names) {
      let run = runs.at(-1) ?? [];
      if (run.length === MAX_CHUNK) {
        run.sort();
        run = [];
        runs.push(run);
      }
      run.push(name);
      yield;
    }
    runs.at(-1)?.sort();
    while (runs.length > 1) {
      const merged: string[][] = [];
      for (let at = 0; at < runs.length; at += 2)
        merged.push(yield* merge(runs[at] ?? [], runs[at + 1] ?? []));
      runs = merged;
    }
    return OrderedNames.#cut(runs[0] ?? []);
  }

  static #cut(names: readonly string[]): OrderedNames {
    const chunks: Chunk[] = [];
    for (let at = 0; at < names.length; at += FULL_CHUNK)
      chunks.push(names.slice(at, at + FULL_CHUNK));
    return new OrderedNames(chunks);
  }

  /** With each name of `changes` that is true, and without each that is false. */
  with(changes: ReadonlyMap<string, boolean>): OrderedNames {
    return atOnce(this.changing(changes));
  }

  /** The same in steps. */
  *changing(changes: ReadonlyMap<string, boolean>): Generator<void, OrderedNames, void> {
    if (changes.size === 0) return this;
    const chunks = this.#chunks.slice();
    const own = new Set<Chunk>();
    for (const [name, present] of changes) {
      change(chunks, own, name, present);
      yield;
    }
    return new OrderedNames(chunks);
  }

  /** The names from `start`, or the first one after it if it is none, to the end. */
  *from(start: string): Generator<string, void, undefined> {
    const first = chunkOf(this.#chunks, start);
    for (let index = first; index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index] ?? [];
      for (let at = index === first ? placeIn(chunk, start) : 0; at < chunk.length; at++)
        yield chunk[at] ?? '';
    }
  }

  /** The names before `name`, which need not be one of them, the nearest first. */
  *backFrom(name: string): Generator<string, void, undefined> {
    const last = chunkOf(this.#chunks, name);
    for (let index = last; index >= 0; index--) {
      const chunk = this.#chunks[index] ?? [];
      const end = index === last ? placeIn(chunk, name) : chunk.length;
      for (let at = end - 1; at >= 0; at--) yield chunk[at] ?? '';
    }
  }

  /** The last name before `name`, which need not be one of them. */
  before(name: string): string | undefined {
    const index = chunkOf(this.#chunks, name);
    const chunk = this.#chunks[index];
    if (chunk === undefined) return undefined;
    const at = placeIn(chunk, name);
    return at > 0 ? chunk[at - 1] : this.#chunks[index - 1]?.at(-1);
  }

  /** The first name after `name`, which need not be one of them. */
  after(name: string): string | undefined {
    const index = chunkOf(this.#chunks, name);
    const chunk = this.#chunks[index];
    if (chunk === undefined) return undefined;
    const at = placeIn(chunk, name);
    const next = chunk[at] === name ? at + 1 : at;
    return next < chunk.length ? chunk[next] : this.#chunks[index + 1]?.[0];
  }

  get first(): string | undefined {
    return this.#chunks[0]?.[0];
  }

  get last(): string | undefined {
    return this.#chunks.at(-1)?.at(-1);
  }
}

function* merge(one: string[], other: string[]): Generator<void, string[], void> {
  const merged: string[] = [];
  let at = 0;
  for (const name of one) {
    for (let next = other[at]; next !== undefined && next < name; next = other[++at]) {
      merged.push(next);
      yield;
    }
    merged.push(name);
    yield;
  }
  for (; at < other.length; at++) {
    merged.push(other[at] ?? '');
    yield;
  }
  return merged;
}

function change(chunks: Chunk[], own: Set<Chunk>, name: string, present: boolean): void {
  const index = chunkOf(chunks, name);
  let chunk = chunks[index] ?? [];
  if (!own.has(chunk)) {
    chunk = chunk.slice();
    own.add(chunk);
    chunks[index] = chunk;
  }
  const at = placeIn(chunk, name);
  if ((chunk[at] === name) === present) return;
  if (present) chunk.splice(at, 0, name);
  else chunk.splice(at, 1);
  if (chunk.length > MAX_CHUNK) {
    const rest = chunk.splice(FULL_CHUNK);
    own.add(rest);
    chunks.splice(index + 1, 0, rest);
  } else if (!present) mergeWithNext(chunks, own, index);
}

/** Joins what has become short with what follows, so that deleting does not leave a list of crumbs. */
function mergeWithNext(chunks: Chunk[], own: Set<Chunk>, index: number): void {
  const chunk = chunks[index] ?? [];
  const next = chunks[index + 1];
  if (next === undefined ? chunk.length > 0 : chunk.length + next.length > FULL_CHUNK) return;
  const joined = [...chunk, ...(next ?? [])];
  own.add(joined);
  chunks.splice(index, 2, ...(joined.length > 0 ? [joined] : []));
}

/** The chunk a name is in, or would be. */
function chunkOf(chunks: readonly Chunk[], name: string): number {
  let [low, high] = [0, chunks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chunks[middle]?.[0] ?? '') <= name) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** Where `name` is in `chunk`, or would be. */
function placeIn(chunk: Chunk, name: string): number {
  let [low, high] = [0, chunk.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chunk[middle] ?? '') < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
