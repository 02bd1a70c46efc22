import type { FieldLines } from '../contract/field-lines.ts';
import { spelledFields } from './field-section.ts';

/** What the heads of requests and of responses share, as they were read. */
export abstract class ReadHead {
  readonly version: '1.0' | '1.1';
  readonly fields: FieldLines;
  readonly keepAlive: boolean;
  readonly bodyLength: number | undefined;
  readonly #text: string;
  readonly #fieldsAt: number;
  #rawFields: FieldLines | undefined = undefined;

  protected constructor(
    version: '1.0' | '1.1',
    fields: FieldLines,
    keepAlive: boolean,
    bodyLength: number | undefined,
    text: string,
    fieldsAt: number,
  ) {
    this.version = version;
    this.fields = fields;
    this.keepAlive = keepAlive;
    this.bodyLength = bodyLength;
    this.#text = text;
    this.#fieldsAt = fieldsAt;
  }

  get rawFields(): FieldLines {
    this.#rawFields ??= spelledFields(this.#text, this.#fieldsAt, this.fields);
    return this.#rawFields;
  }
}
