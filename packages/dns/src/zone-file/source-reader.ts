// Reads one source of zone data, a file or a text: lines, directives, and where things stand.
import { Name } from '../name.ts';
import { readName } from '../rdata/name-field.ts';
import { Octets } from '../rdata/octets.ts';
import { skipLine, TextProblem, Words } from '../rdata/words.ts';
import { expandTemplate, readRange } from './generate.ts';
import type { Place } from './problem.ts';
import { RecordReader, readTtl } from './record-reader.ts';
import type { ZoneGatherer } from './zone-gatherer.ts';

/** Longest record with its parentheses and comments. What is longer has most likely lost a parenthesis. */
const MAX_ENTRY_BYTES = 1 << 20;
/** Characters of a file name that an error shows. */
const MAX_SHOWN = 200;
/** Octets that are read before others get their turn, a millisecond or two of work, and what else an entry counts as. */
const TURN_BYTES = 1 << 15;
const ENTRY_BYTES = 32;
const LF = 0x0a;
const DOLLAR = 0x24;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;

/** A file that an $INCLUDE names. */
export interface IncludeRequest {
  readonly file: string;
  readonly origin: Name;
  /** Says that it cannot be read, and why. */
  fail(why: string): void;
}

/** Records that a $GENERATE still has to make. */
interface Generation {
  readonly templates: readonly string[];
  readonly to: number;
  readonly step: number;
  value: number;
  /** Where its range stands. */
  readonly offset: number;
}

/** Reads a source that is given piece by piece. */
export class SourceReader {
  readonly #file: string;
  readonly #gatherer: ZoneGatherer;
  readonly #records: RecordReader;
  readonly #words = new Words();
  readonly #generated = new Words();
  #origin: Name;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Where the entry that is read begins, and in which line. */
  #entryAt = 0;
  #line = 1;
  #whole = false;
  #begun = false;
  #generation: Generation | undefined;

  constructor(file: string, origin: Name, gatherer: ZoneGatherer) {
    this.#file = file;
    this.#origin = origin;
    this.#gatherer = gatherer;
    this.#records = new RecordReader(gatherer.ttls);
    this.#words.splitStrings = this.#generated.splitStrings = gatherer.autoSplitTxt;
  }

  /** Gives it the next piece; `whole` if that is the last. The piece belongs to the reader until it is read. */
  feed(piece: Buffer, whole: boolean): void {
    const rest = this.#bytes.subarray(this.#at);
    this.#bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    this.#at = 0;
    this.#whole = whole;
    if (this.#begun || (this.#bytes.length < 3 && !whole)) return;
    this.#begun = true;
    if (BYTE_ORDER_MARK.every((octet, index) => this.#bytes[index] === octet)) this.#at = 3;
  }

  /**
   * Reads on. Gives an include that is to be read first, `'more'` after some time where there is more to read, or undefined when
   * it needs the next piece or has reached the end.
   */
  advance(): IncludeRequest | 'more' | undefined {
    let left = TURN_BYTES;
    while (!this.#gatherer.done) {
      if (left <= 0) return 'more';
      const from = this.#at;
      try {
        if (this.#generation !== undefined) {
          this.#generate(this.#generation);
          left -= ENTRY_BYTES;
          continue;
        }
        if (from >= this.#bytes.length) return undefined;
        this.#entryAt = from;
        const next = this.#words.cut(this.#bytes, from, this.#whole);
        if (next < 0) {
          if (this.#bytes.length - from <= MAX_ENTRY_BYTES) return undefined;
          throw new TextProblem(
            from,
            `Cannot read a record of more than ${MAX_ENTRY_BYTES} octets`,
          );
        }
        this.#at = next;
        left -= next - from + ENTRY_BYTES;
        const request = this.#entry();
        if (request !== undefined) return request;
        if (this.#generation === undefined) this.#line += this.#words.lines;
      } catch (error) {
        if (!(error instanceof TextProblem)) throw error;
        this.#problem(error);
        this.#generation = undefined;
        // The next line may be good again, wherever a parenthesis or a quote was meant to end.
        if (this.#at === this.#entryAt) this.#at = skipLine(this.#bytes, error.offset);
        this.#line += countLines(this.#bytes, this.#entryAt, this.#at);
      }
    }
    return undefined;
  }

  /** Handles the words of one entry. */
  #entry(): IncludeRequest | undefined {
    const words = this.#words;
    if (words.count === 0) return undefined;
    words.origin = this.#origin;
    if (words.indented || !words.startsWith(DOLLAR)) {
      this.#records.read(words);
      this.#keep(this.#records.offset);
      return undefined;
    }
    words.reading = 'directive';
    words.take();
    const name = words.text().toUpperCase();
    if (name === '$INCLUDE') return this.#include();
    if (name === '$ORIGIN') {
      const origin = this.#name('origin');
      words.finish();
      this.#origin = origin;
    } else if (name === '$TTL') {
      this.#ttl();
    } else if (name === '$GENERATE') {
      this.#beginGeneration();
    } else {
      words.fail('it is $ORIGIN, $TTL, $INCLUDE or $GENERATE');
    }
    return undefined;
  }

  #keep(offset: number): void {
    const { key = '', owner, type, ttl, wire } = this.#records;
    const record = { key, owner, type, ttl, wire, file: this.#file, line: this.#line };
    const addition = this.#gatherer.add(record);
    if (addition !== 'kept') this.#gatherer.remark(addition, record, this.#place(offset));
  }

  #name(reading: string): Name {
    this.#words.reading = reading;
    const octets = new Octets(256);
    readName(this.#words, octets);
    return Name.fromWire(octets.bytes, 0);
  }

  #ttl(): void {
    this.#words.reading = '$TTL';
    this.#words.take();
    const ttl = readTtl(this.#words);
    this.#words.finish();
    this.#gatherer.ttls.default = ttl;
  }

  #include(): IncludeRequest {
    const words = this.#words;
    words.reading = 'file to include';
    words.take();
    const octets = words.escaped ? words.text().replace(/\\(.)/g, '$1') : words.text();
    const file = Buffer.from(octets, 'latin1').toString();
    const place = this.#place(words.start);
    const origin = words.more ? this.#name('origin') : this.#origin;
    words.finish();
    this.#line += words.lines;
    return {
      file,
      origin,
      fail: (why) =>
        this.#gatherer.error(place, `Cannot include "${file.slice(0, MAX_SHOWN)}" as ${why}`),
    };
  }

  #beginGeneration(): void {
    const words = this.#words;
    const { from, to, step } = readRange(words);
    const templates: string[] = [];
    words.reading = 'template of $GENERATE';
    while (words.more || templates.length < 3) {
      words.take();
      templates.push(words.text());
    }
    this.#generation = { templates, to, step, value: from, offset: words.start };
  }

  /** Makes the next record. */
  #generate(generation: Generation): void {
    const words = this.#words;
    const { templates, to, step, value, offset } = generation;
    const most = this.#gatherer.maxGenerated;
    if (++this.#gatherer.generated > most) words.fail(`a zone generates at most ${most} records`);
    const text = templates.map((template) => expandTemplate(template, value));
    if (text.includes(undefined)) {
      words.fail('a number is written $ or ${offset,width,base}');
    }
    const generated = this.#generated;
    generated.origin = this.#origin;
    try {
      generated.cut(Buffer.from(text.join(' '), 'latin1'), 0, true);
      this.#records.read(generated);
    } catch (error) {
      if (!(error instanceof TextProblem)) throw error;
      // One that goes wrong is like all the others.
      throw new TextProblem(offset, `${error.message} (generated for ${value})`);
    }
    this.#keep(offset);
    generation.value += step;
    if (generation.value <= to) return;
    this.#generation = undefined;
    this.#line += words.lines;
  }

  #problem({ offset, message }: TextProblem): void {
    this.#gatherer.error(this.#place(offset), message);
  }

  /** Where an offset in the entry is. */
  #place(offset: number): Place {
    // Every entry begins where a line does.
    const lineAt = Math.max(this.#bytes.subarray(0, offset).lastIndexOf(LF) + 1, this.#entryAt);
    return {
      file: this.#file,
      line: this.#line + countLines(this.#bytes, this.#entryAt, offset),
      column: offset - lineAt + 1,
    };
  }
}

function countLines(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LF, from); at >= 0 && at < to; at = bytes.indexOf(LF, at + 1))
    count++;
  return count;
}
