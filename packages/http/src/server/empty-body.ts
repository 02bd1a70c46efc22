import { UsageError } from '@hawser/core';
import type { BodyConsumer, IncomingBody } from '../contract/body.ts';
import type { FieldLines } from '../contract/field-lines.ts';

const NO_FIELDS: FieldLines = [];

/** The body of a request without one. */
export class EmptyBody implements IncomingBody {
  readonly length = 0;
  readonly received = true;
  readonly trailers: FieldLines = NO_FIELDS;
  #consumed = false;
  #used = false;

  get used(): boolean {
    return this.#used;
  }

  consume(consumer: BodyConsumer): void {
    if (this.#consumed) {
      throw new UsageError('HAWSER_BUSY', 'Cannot read the request body as it was read already');
    }
    this.#consumed = true;
    this.#used = true;
    consumer.end();
  }

  pause(): void {}
  resume(): void {}

  discard(): void {
    this.#used = true;
  }
}
