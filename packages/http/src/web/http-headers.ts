import type { FieldLines } from '../contract/field-lines.ts';
import type { HeadersInput } from '../contract/http-handler.ts';
import { normalName, normalValue } from './header-rules.ts';
import { joinStandard } from './join-standard.ts';

/** A name and the value of all its lines. */
type Entry = [name: string, value: string];
type EntryIterator = ReturnType<Headers['entries']>;
type TextIterator = ReturnType<Headers['keys']>;

const NO_LINES: string[] = [];

/**
 * Header fields: the standard `Headers` over the lines of the wire, which are not copied before something is changed.
 * It behaves as the Fetch standard says (names without regard to case, `get` joins lines with `, `, iteration sorted,
 * each `set-cookie` for itself), takes what the standard takes and throws TypeError where the standard does. What it
 * does besides: lines leave in the order in which they were made.
 */
export class HttpHeaders implements Headers {
  static #joined = false;
  /** Only pushed to when owned. */
  #lines: string[] = NO_LINES;
  #owned = false;

  /** @throws TypeError when a name or value is none */
  constructor(init?: HeadersInput) {
    if (!HttpHeaders.#joined) HttpHeaders.#joined = joinStandard(HttpHeaders, 'Headers', []);
    if (init !== undefined) {
      this.#lines = linesOf(init);
      this.#owned = true;
    }
  }

  /** Over lines that are in order already, such as those of a request. They are never changed. */
  static over(lines: FieldLines): HttpHeaders {
    const headers = new HttpHeaders();
    headers.#lines = lines as string[];
    return headers;
  }

  /** The lines of `headers`; not a copy. `undefined` if it is not one of ours. */
  static linesOf(headers: object): FieldLines | undefined {
    return #lines in headers ? headers.#lines : undefined;
  }

  append(name: string, value: string): void {
    const key = normalName(name);
    const text = normalValue(value);
    this.#own().push(key, text);
  }

  delete(name: string): void {
    const key = normalName(name);
    if (this.#find(key) < 0) return;
    this.#lines = without(this.#lines, key);
    this.#owned = true;
  }

  get(name: string): string | null {
    const key = this.#key(name);
    const lines = this.#lines;
    const first = this.#find(key);
    if (first < 0) return null;
    let value = lines[first + 1] as string;
    for (let at = first + 2; at < lines.length; at += 2) {
      // The pieces of a Cookie field are joined as it would have been sent in one line (RFC 9113 §8.2.3).
      if (lines[at] === key) value += (key === 'cookie' ? '; ' : ', ') + lines[at + 1];
    }
    return value;
  }

  getSetCookie(): string[] {
    const found: string[] = [];
    const lines = this.#lines;
    for (let at = 0; at < lines.length; at += 2) {
      if (lines[at] === 'set-cookie') found.push(lines[at + 1] as string);
    }
    return found;
  }

  has(name: string): boolean {
    return this.#find(this.#key(name)) >= 0;
  }

  set(name: string, value: string): void {
    const key = normalName(name);
    const text = normalValue(value);
    const first = this.#find(key);
    if (first < 0) {
      this.#own().push(key, text);
      return;
    }
    const before = this.#lines.slice(0, first);
    this.#lines = [...before, key, text, ...without(this.#lines.slice(first + 2), key)];
    this.#owned = true;
  }

  forEach(
    callback: (value: string, key: string, headers: Headers) => void,
    thisArg?: unknown,
  ): void {
    if (typeof callback !== 'function') {
      throw new TypeError('Cannot visit headers as the callback is no function');
    }
    for (const [name, value] of this) callback.call(thisArg, value, name, this);
  }

  entries(): EntryIterator {
    return this.#walk((entry) => entry);
  }

  keys(): TextIterator {
    return this.#walk(([name]) => name);
  }

  values(): TextIterator {
    return this.#walk(([, value]) => value);
  }

  [Symbol.iterator](): EntryIterator {
    return this.entries();
  }

  get [Symbol.toStringTag](): string {
    return 'Headers';
  }

  /** As the standard, sees what is changed while it walks. */
  *#walk<T>(pick: (entry: Entry) => T): Generator<T, undefined, undefined> {
    let lines: readonly string[] | undefined;
    let length = 0;
    let entries: readonly Entry[] = [];
    for (let at = 0; ; at++) {
      // A change either lets the array grow or puts another one in its place.
      if (lines !== this.#lines || length !== this.#lines.length) {
        lines = this.#lines;
        length = lines.length;
        entries = sortedEntries(lines);
      }
      const entry = entries[at];
      if (entry === undefined) return undefined;
      yield pick(entry);
    }
  }

  /** Lower case; checked only when no line has the very name. */
  #key(name: string): string {
    return typeof name === 'string' && this.#find(name) >= 0 ? name : normalName(name);
  }

  #find(key: string): number {
    const lines = this.#lines;
    for (let at = 0; at < lines.length; at += 2) if (lines[at] === key) return at;
    return -1;
  }

  #own(): string[] {
    if (!this.#owned) {
      this.#lines = [...this.#lines];
      this.#owned = true;
    }
    return this.#lines;
  }
}

/** As {@link HttpHeaders.linesOf}, of any `Headers`: foreign ones are read line by line, in their own order. */
export function toFieldLines(headers: Headers): FieldLines {
  const own = HttpHeaders.linesOf(headers);
  if (own) return own;
  const lines: string[] = [];
  // Those before it was part of the standard give one line of it each time, or all in one.
  const cookies = (headers as Partial<Pick<Headers, 'getSetCookie'>>).getSetCookie?.();
  for (const [name, value] of headers) {
    if (name !== 'set-cookie' || !cookies) lines.push(name, value);
  }
  for (const cookie of cookies ?? []) lines.push('set-cookie', cookie);
  return lines;
}

function linesOf(init: HeadersInput): string[] {
  if (init === null || typeof init !== 'object') {
    throw new TypeError(`Cannot make headers of a ${init === null ? 'null' : typeof init}`);
  }
  const ours = HttpHeaders.linesOf(init);
  if (ours) return [...ours];
  const lines: string[] = [];
  if (Symbol.iterator in init) {
    for (const pair of init as Iterable<readonly string[]>) {
      const [name, value, ...more] = pair;
      if (name === undefined || value === undefined || more.length > 0) {
        throw new TypeError('Cannot make headers as each pair must have a name and a value');
      }
      lines.push(normalName(name), normalValue(value));
    }
    return lines;
  }
  const record = init as Record<string, string>;
  for (const name of Object.keys(record)) {
    lines.push(normalName(name), normalValue(record[name] as string));
  }
  return lines;
}

function without(lines: readonly string[], name: string): string[] {
  const kept: string[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    if (lines[at] !== name) kept.push(lines[at] as string, lines[at + 1] as string);
  }
  return kept;
}

function sortedEntries(lines: readonly string[]): readonly Entry[] {
  const joined = new Map<string, Entry>();
  const entries: Entry[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at] as string;
    const value = lines[at + 1] as string;
    const known = name === 'set-cookie' ? undefined : joined.get(name);
    if (known) {
      known[1] += (name === 'cookie' ? '; ' : ', ') + value;
      continue;
    }
    const entry: Entry = [name, value];
    joined.set(name, entry);
    entries.push(entry);
  }
  // The order of bytes; what is equal, only cookies, stays in its order.
  return entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
