import type { Readable } from 'node:stream';

/** A value of a form. */
export interface FieldPart {
  readonly kind: 'field';
  readonly name: string;
  readonly value: string;
  /** @defaultValue `text/plain` */
  readonly mimeType: string;
}

/** A file of a form, while it arrives. */
export interface FilePart {
  readonly kind: 'file';
  readonly name: string;
  /**
   * What the peer calls it: the last segment, without control characters, `undefined` if it says nothing. It is not to
   * be trusted: two may have the same one, it may be `nul` or begin with a dot. Make up a name to store it under.
   */
  readonly filename: string | undefined;
  /** What the peer says it is, which may be wrong. */
  readonly mimeType: string;
  /** The content. What of it is not read is skipped when the next part is asked for. */
  readonly stream: Readable;
}

export type Part = FieldPart | FilePart;
