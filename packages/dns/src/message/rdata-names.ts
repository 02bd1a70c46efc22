import { expandRdata } from '../rdata/expand-rdata.ts';
import { readName, skipName } from './packet-name.ts';
import type { Message, RecordView } from './reader.ts';

/** A copy of the RDATA of `view` with whole names, or undefined if a name in it is malformed or leaves it. */
export function plainRdata(message: Message, view: RecordView): Buffer | undefined {
  const { bytes, budget } = message;
  const place = { bytes, offset: view.rdataOffset, length: view.rdataLength };
  return expandRdata(view.type, place, (at) => {
    const end = skipName(bytes, at);
    const name = end < 0 ? undefined : readName(bytes, at, budget);
    if (name === undefined) return undefined;
    // Even one that was read before is copied into the data, and then checked there.
    budget.octets -= 2 * name.wire.length;
    return budget.octets < 0 ? undefined : { wire: name.wire, end };
  });
}
