import type { FieldLines } from '../src/contract/field-lines.ts';
import { HttpHeaders } from '../src/web/http-headers.ts';

/** A request as a stub server got it. */
export class StubRequest {
  readonly method: string;
  readonly target: string;
  readonly authority: string | undefined;
  readonly headers: HttpHeaders;
  /** The names as they were sent. */
  readonly rawFields: FieldLines;
  /** Which connection it came on, from 1. */
  readonly connection: number;
  /** When its head was there, in milliseconds on the clock of the reactor. */
  readonly at: number;
  trailers: FieldLines = [];
  /** Whether all of it has come. */
  complete = false;
  readonly #body: Buffer[] = [];

  constructor(
    head: Pick<StubRequest, 'method' | 'target' | 'authority' | 'rawFields'> & {
      readonly fields: FieldLines;
    },
    where: Pick<StubRequest, 'connection' | 'at'>,
  ) {
    this.method = head.method;
    this.target = head.target;
    this.authority = head.authority;
    this.headers = HttpHeaders.over(head.fields);
    this.rawFields = head.rawFields;
    this.connection = where.connection;
    this.at = where.at;
  }

  /** What has come of the body. */
  get body(): Buffer {
    return Buffer.concat(this.#body);
  }
  get text(): string {
    return this.body.toString();
  }
  json(): unknown {
    return JSON.parse(this.text) as unknown;
  }

  add(chunk: Buffer): void {
    this.#body.push(chunk);
  }

  toString(): string {
    return `${this.method} ${this.target}`;
  }
}
