import type { WebSocket } from 'ws';

/** What is used of the part of ws that reads frames; it is not documented. */
export interface FrameReceiver {
  /** Those of the message that is being received. */
  readonly _fragments: Buffer[];
  /** The frame that was read last ends the message. */
  readonly _fin: boolean;
  /** Called when a frame of a message is complete. */
  dataMessage: (this: FrameReceiver, done: unknown) => void;
}

/** The part of `ws` that reads frames. */
export function receiverOf(ws: WebSocket): FrameReceiver {
  return Reflect.get(ws, '_receiver') as FrameReceiver;
}

/**
 * Makes a session keep the fragments of an unfinished message as copies. ws keeps views of what was read: a fragment of
 * one octet with pongs behind it, which nobody counts, would hold 64 KiB, and 16,384 of them 1 GiB.
 */
export function ownFragments(ws: WebSocket): void {
  const receiver = receiverOf(ws);
  const complete = receiver.dataMessage;
  receiver.dataMessage = (done) => {
    if (!receiver._fin) ownLast(receiver._fragments);
    complete.call(receiver, done);
  };
}

function ownLast(fragments: Buffer[]): void {
  const last = fragments.length - 1;
  const fragment = fragments[last];
  if (!fragment || fragment.length * 2 > fragment.buffer.byteLength) return;
  // Not from the pool, of which it would hold 8 KiB.
  const own = Buffer.allocUnsafeSlow(fragment.length);
  own.set(fragment);
  fragments[last] = own;
}
