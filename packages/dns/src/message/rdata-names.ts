import { expandRdata } from '../rdata/expand-rdata.ts';
import { appendName } from './packet-name.ts';
import type { Message, RecordView } from './reader.ts';

/** A copy of the RDATA of `view` with whole names, or undefined if a name in it is malformed or leaves it. */
export function plainRdata(message: Message, view: RecordView): Buffer | undefined {
  const { bytes, budget } = message;
  const place = { bytes, offset: view.rdataOffset, length: view.rdataLength };
  return expandRdata(view.type, place, (at, out) => appendName(bytes, at, { budget, out }));
}
