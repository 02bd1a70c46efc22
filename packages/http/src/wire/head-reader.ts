import type { Malformed } from '../contract/codec.ts';
import type { LineTaker } from './line-splitter.ts';

/** How a message goes on after its head (RFC 9112 §6.3). */
export const Framing = { None: 0, Length: 1, Chunked: 2, UntilEnd: 3, Interim: 4 } as const;
export type Framing = (typeof Framing)[keyof typeof Framing];

/** What comes after a message: another one, another protocol, or nothing that counts. */
export const After = { Next: 0, Tunnel: 1, Closed: 2 } as const;
export type After = (typeof After)[keyof typeof After];

/** Makes heads of lines: what requests and responses do not share. */
export interface HeadReader<H> extends LineTaker {
  /** How many octets of empty lines may come before the first line (RFC 9112 §2.2). */
  readonly maxLeading: number;
  /** Of the last head. */
  readonly framing: Framing;
  /** Octets of the body, with {@link Framing.Length}. */
  readonly length: number;
  /** Of the last head. */
  readonly after: After;
  /** Why the last head is none. */
  readonly failure: Malformed | undefined;
  /** The lines are complete; those of fields are from `fieldsAt` to `end`. `undefined` if there is a `failure`. */
  finish(text: string, fieldsAt: number, end: number): H | undefined;
}
