import type { Malformed } from '../contract/codec.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import { FieldSection } from './field-section.ts';
import type { LineTaker } from './line-splitter.ts';

/** Takes the lines after a body in chunks (RFC 9112 §7.1.2). */
export class TrailerReader implements LineTaker {
  readonly hasStart = false;
  readonly #fields: FieldSection;

  constructor(maxFields: number) {
    this.#fields = new FieldSection(maxFields);
  }

  partialStart(): undefined {
    return undefined;
  }

  start(): undefined {
    return undefined;
  }

  repeated(): number {
    return -1;
  }

  line(text: string, start: number, end: number): Malformed | undefined {
    return this.#fields.trailer(text, start, end);
  }

  /** Gives the trailers, and forgets them. */
  take(): FieldLines {
    return this.#fields.take();
  }
}
