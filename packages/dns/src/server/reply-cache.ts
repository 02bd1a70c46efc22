// Finished replies, kept with the answers they are the octets of: no expiry and no invalidation, they go with the answer.
import type { Answer } from '../contract/answer.ts';
import { Class } from '../numbers.ts';
import type { ReceivedQuery } from './query.ts';
import type { WrittenAnswer } from './write-answer.ts';

/** Longer ones are made anew: no UDP reply is. */
const MAX_REPLY_BYTES = 1232;

/** What a reply depends on besides the answer and the room there is. */
type AskedFor = Pick<ReceivedQuery, 'key' | 'class' | 'hasEdns' | 'dnssecOk'>;

/** Replies of one shape. A list of them, mostly of one: whatever else there is to go through is slow memory to wait for. */
interface Kept {
  readonly shape: number;
  /** The name they are about: who shares an answer among several gets those to the last one. */
  key: string;
  readonly next: Kept | undefined;
  /** All there is to say. */
  whole: Buffer | undefined;
  /** What fits into `cutBytes`, if that is less. The clients of a name mostly have room for as much. */
  cut: Buffer | undefined;
  cutBytes: number;
}

/** In the answer itself, where a copy of it does not have them: a WeakMap costs more than all the rest of a hit. */
const kept = Symbol('kept replies');

interface Keeping extends Answer {
  [kept]?: Kept;
}

/** A reply with this answer; id, RD, and the type and the spelling asked for may differ. Copy it before changing it. */
export function keptReply(answer: Answer, asked: AskedFor, maxBytes: number): Buffer | undefined {
  const replies = keptOf(answer, shapeOf(asked));
  if (replies === undefined || replies.key !== asked.key) return undefined;
  const { whole } = replies;
  if (whole !== undefined && whole.length <= maxBytes) return whole;
  return replies.cutBytes === maxBytes ? replies.cut : undefined;
}

/** Keeps a copy of a reply that has at most `maxBytes`. */
export function keepReply(
  answer: Answer,
  asked: AskedFor,
  { bytes, whole, maxBytes }: WrittenAnswer & { readonly maxBytes: number },
): void {
  if (bytes.length > MAX_REPLY_BYTES || !Object.isExtensible(answer)) return;
  const { key } = asked;
  const shape = shapeOf(asked);
  let replies = keptOf(answer, shape);
  if (replies === undefined) {
    const next = (answer as Keeping)[kept];
    replies = { shape, key, next, whole: undefined, cut: undefined, cutBytes: 0 };
    Object.defineProperty(answer, kept, { value: replies, writable: true, configurable: true });
  } else if (replies.key !== key) {
    replies.key = key;
    replies.whole = replies.cut = undefined;
  }
  // In memory of its own: as part of a shared slab, forty octets would keep eight thousand alive.
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  if (whole) {
    replies.whole = copy;
  } else {
    replies.cut = copy;
    replies.cutBytes = maxBytes;
  }
}

/** Other classes than IN and ANY are not kept. */
function shapeOf(asked: AskedFor): number {
  return (asked.class === Class.IN ? 0 : 4) + (asked.hasEdns ? 1 : 0) + (asked.dnssecOk ? 2 : 0);
}

function keptOf(answer: Keeping, shape: number): Kept | undefined {
  let replies = answer[kept];
  while (replies !== undefined && replies.shape !== shape) replies = replies.next;
  return replies;
}
