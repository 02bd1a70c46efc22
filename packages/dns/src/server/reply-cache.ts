// Finished replies. A zone is immutable, so a reply made from it stays right until another zone takes its place: no
// expiry, no invalidation, the replies go with their zone.
import type { Question } from '../message/reader.ts';
import type { Zone } from '../zone/zone.ts';

/** What a reply depends on besides the question. */
export interface ReplyShape {
  readonly maxBytes: number;
  readonly edns: boolean;
  readonly dnssecOk: boolean;
}

/** Most replies kept for one zone. */
const MAX_ENTRIES = 10_000;
/** Longer ones are made anew: no UDP reply is, and memory stays below 16 MB for a zone. */
const MAX_REPLY_BYTES = 1232;

/** Replies by zone, question and {@link ReplyShape}. */
export class ReplyCache {
  readonly #byZone = new WeakMap<Zone, ZoneReplies>();

  /** A reply to the same question; id, RD and the spelling of the question may differ. Copy it before changing it. */
  get(zone: Zone, question: Question, shape: ReplyShape): Buffer | undefined {
    return this.#byZone.get(zone)?.byKind.get(kindOf(question, shape))?.get(question.key);
  }

  /** Keeps a copy of `reply`. */
  set(zone: Zone, question: Question, shape: ReplyShape, reply: Buffer): void {
    if (reply.length > MAX_REPLY_BYTES) return;
    let replies = this.#byZone.get(zone);
    // Somebody asks for random names: start over rather than keep books on them.
    if (replies === undefined || replies.count >= MAX_ENTRIES) {
      replies = { byKind: new Map(), count: 0 };
      this.#byZone.set(zone, replies);
    }
    const kind = kindOf(question, shape);
    let byName = replies.byKind.get(kind);
    if (byName === undefined) {
      byName = new Map();
      replies.byKind.set(kind, byName);
    }
    // In memory of its own: as part of a shared slab, forty octets would keep eight thousand alive.
    const kept = Buffer.allocUnsafeSlow(reply.length);
    kept.set(reply);
    byName.set(question.key, kept);
    replies.count++;
  }
}

/** Names are looked up in a map of their own for each kind of question, as joining strings costs more than a second map. */
interface ZoneReplies {
  readonly byKind: Map<number, Map<string, Buffer>>;
  count: number;
}

/** Everything but the name in one number of 50 bits. */
function kindOf(question: Question, shape: ReplyShape): number {
  const low = question.class * 4 + (shape.edns ? 1 : 0) + (shape.dnssecOk ? 2 : 0);
  return (question.type * 0x1_0000 + shape.maxBytes) * 0x4_0000 + low;
}
