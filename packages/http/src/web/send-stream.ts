import { toError } from '@hawser/core';
import type { OutgoingBody } from '../contract/body.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHead } from '../contract/message-head.ts';
import type { PieceSource } from './piece-source.ts';
import { pumpBody } from './pump-body.ts';
import { bodyFailure, endTurn, report, type Turn } from './turn.ts';

/** An answer whose body comes piece by piece. */
export interface StreamedAnswer {
  readonly head: ResponseHead;
  readonly source: PieceSource;
  /** Turns a piece into bytes. A throw resets the answer. */
  readonly toBytes: (piece: unknown) => Uint8Array;
  /** Asked for the fields behind the body when that has been written. */
  readonly trailers?: (() => Promise<FieldLines>) | undefined;
}

/**
 * Sends the head and begins to send the body. The source is cancelled when nobody wants it: for HEAD, or when the peer
 * has left.
 *
 * @throws whatever is wrong with the head; then nothing has left, and the source is cancelled
 */
export function sendStream(turn: Turn, answer: StreamedAnswer): void {
  const { exchange, context } = turn;
  const { source, head } = answer;
  let out: OutgoingBody;
  try {
    out = exchange.stream(head);
    context.noteStatus(head.status);
  } catch (thrown) {
    source.cancel(thrown);
    throw thrown;
  }
  if (exchange.method === 'HEAD' || exchange.gone) {
    source.cancel();
    out.end();
    endTurn(turn);
  } else {
    void finish(turn, answer, out);
  }
}

/** Never rejects. */
async function finish(turn: Turn, answer: StreamedAnswer, out: OutgoingBody): Promise<void> {
  const { exchange, context } = turn;
  const { source, toBytes, trailers } = answer;
  const onPiece = (bytes: number): void => context.notePiece(bytes);
  try {
    await pumpBody(source, out, { exchange, toBytes, onPiece });
    out.end(await trailers?.());
  } catch (thrown) {
    // A body made of that of the request fails with it, by the fault of the peer.
    if (!bodyFailure(turn, thrown)) report(turn, thrown);
    out.abort(toError(thrown));
  }
  endTurn(turn);
}
