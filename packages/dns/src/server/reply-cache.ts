// Finished replies, kept with the answers they are the octets of: no expiry and no invalidation, they go with the answer.
import type { Answer } from '../contract/answer.ts';

/** What a reply depends on besides the answer and the name asked for. */
export interface ReplyShape {
  readonly class: number;
  readonly maxBytes: number;
  readonly edns: boolean;
  readonly dnssecOk: boolean;
}

/** Longer ones are made anew: no UDP reply is. */
const MAX_REPLY_BYTES = 1232;
/** Kinds of client for which one answer is kept. */
const MAX_SHAPES = 16;

/** Replies by {@link Answer} and {@link ReplyShape}. */
export class ReplyCache {
  readonly #byAnswer = new WeakMap<Answer, Map<number, Buffer>>();

  /** A reply with this answer; id, RD and the spelling of the question may differ. Copy it before changing it. */
  get(answer: Answer, shape: ReplyShape): Buffer | undefined {
    return this.#byAnswer.get(answer)?.get(shapeKey(shape));
  }

  /** Keeps a copy of `reply`. */
  set(answer: Answer, shape: ReplyShape, reply: Buffer): void {
    if (reply.length > MAX_REPLY_BYTES) return;
    let replies = this.#byAnswer.get(answer);
    if (replies === undefined || replies.size >= MAX_SHAPES) {
      replies = new Map();
      this.#byAnswer.set(answer, replies);
    }
    // In memory of its own: as part of a shared slab, forty octets would keep eight thousand alive.
    const kept = Buffer.allocUnsafeSlow(reply.length);
    kept.set(reply);
    replies.set(shapeKey(shape), kept);
  }
}

function shapeKey(shape: ReplyShape): number {
  return (
    shape.maxBytes * 0x4_0000 + shape.class * 4 + (shape.edns ? 1 : 0) + (shape.dnssecOk ? 2 : 0)
  );
}
