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
  readonly #byZone = new WeakMap<Zone, Map<string, Buffer>>();

  /** A reply to the same question; id, RD and the spelling of the question may differ. Copy it before changing it. */
  get(zone: Zone, question: Question, shape: ReplyShape): Buffer | undefined {
    return this.#byZone.get(zone)?.get(cacheKey(question, shape));
  }

  set(zone: Zone, question: Question, shape: ReplyShape, reply: Buffer): void {
    if (reply.length > MAX_REPLY_BYTES) return;
    let replies = this.#byZone.get(zone);
    if (replies === undefined) {
      replies = new Map();
      this.#byZone.set(zone, replies);
    }
    // Somebody asks for random names: start over rather than keep books on them.
    if (replies.size >= MAX_ENTRIES) replies.clear();
    replies.set(cacheKey(question, shape), reply);
  }
}

function cacheKey(question: Question, shape: ReplyShape): string {
  const flags = (shape.edns ? 1 : 0) | (shape.dnssecOk ? 2 : 0);
  return String.fromCharCode(question.type, question.class, shape.maxBytes, flags) + question.key;
}
