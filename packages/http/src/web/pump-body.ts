import type { OutgoingBody } from '../contract/body.ts';
import type { HttpExchange } from '../contract/exchange.ts';
import type { PieceSource } from './piece-source.ts';

/** Longest piece given to a connection at once: more waits here until the peer takes it. */
const PIECE_BYTES = 65_536;
/** After so much others have their turn, however fast the peer takes it and the source gives it. */
const TURN_BYTES = 262_144;

/** How {@link pumpBody} pumps. */
export interface PumpOptions {
  readonly exchange: Pick<HttpExchange, 'gone' | 'onGone'>;
  /** Turns a piece into bytes. A throw ends the pumping. */
  readonly toBytes: (piece: unknown) => Uint8Array;
  readonly onPiece: (bytes: number) => void;
}

/**
 * Moves a body from its source to the peer, no faster than the peer takes it. When the peer leaves, the source is
 * cancelled at once. Settles when everything was written or the peer has left; does not end `out`.
 *
 * @throws whatever the source throws
 */
export async function pumpBody(
  source: PieceSource,
  out: OutgoingBody,
  options: PumpOptions,
): Promise<void> {
  const { exchange, toBytes, onPiece } = options;
  let wake: (() => void) | undefined;
  let inTurn = 0;
  const watch = exchange.onGone((reason) => {
    source.cancel(reason);
    wake?.();
  });
  try {
    while (!exchange.gone) {
      const { done, value } = await source.next();
      if (done) return;
      const bytes = toBytes(value);
      for (let at = 0; at < bytes.length && !exchange.gone; at += PIECE_BYTES) {
        const piece = bytes.length <= PIECE_BYTES ? bytes : bytes.subarray(at, at + PIECE_BYTES);
        onPiece(piece.length);
        inTurn += piece.length;
        if ((out.write(piece) && inTurn < TURN_BYTES) || exchange.gone) continue;
        inTurn = 0;
        await new Promise<void>((drained) => {
          wake = drained;
          out.onceDrained(drained);
        });
      }
    }
  } catch (thrown) {
    source.cancel(thrown);
    throw thrown;
  } finally {
    watch[Symbol.dispose]();
  }
}
