import type { Name } from '../name.ts';
import type { RRset } from './rrset.ts';

/** One name of a zone. Without RRsets it exists only because names below it do: an empty non-terminal. */
export interface ZoneNode {
  readonly name: Name;
  readonly rrsets: ReadonlyMap<number, RRset>;
  /** How many names directly below it exist. */
  readonly children: number;
}
