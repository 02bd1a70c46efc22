import type { ResponseHead } from '../contract/message-head.ts';
import { answerError } from './answer-error.ts';
import { answerFields } from './answer-fields.ts';
import { foreignFields } from './foreign-fields.ts';
import { type Opening, readOpening } from './opening.ts';
import { type PieceSource, pieceSource } from './piece-source.ts';
import { refuseTunnel } from './refuse-tunnel.ts';
import { toStatus } from './response-rules.ts';
import { sendStream } from './send-stream.ts';
import { endTurn, type Turn } from './turn.ts';

/** Whether it is a Response of somebody else: of this process, of a package, of another realm. */
export function isForeignResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false;
  const { status, headers, body } = value as Partial<Record<keyof Response, unknown>>;
  if (typeof status !== 'number' || typeof headers !== 'object' || headers === null) return false;
  return 'forEach' in headers && (body === undefined || typeof body === 'object');
}

/**
 * Sends a response of somebody else: with its length if the body is there in this turn, else as it comes. Never
 * rejects.
 */
export async function sendForeign(turn: Turn, response: Response): Promise<void> {
  let source: PieceSource | undefined;
  try {
    const { body } = response;
    if (response.bodyUsed)
      throw new TypeError('Cannot send a response as its body was used already');
    const status = toStatus(response.status);
    if (body) source = pieceSource(body);
    if (refuseTunnel(turn, status)) {
      source?.cancel();
    } else if (source) {
      await sendBody(turn, response, source);
    } else {
      turn.exchange.respond(headOf(response, { length: status !== 204 }));
      turn.context.noteStatus(status);
      endTurn(turn);
    }
  } catch (thrown) {
    source?.cancel(thrown);
    answerError(turn, thrown);
  }
}

async function sendBody(turn: Turn, response: Response, source: PieceSource): Promise<void> {
  const { exchange, context } = turn;
  const { clock } = exchange.transport.reactor;
  const opening = await readOpening(source, { clock, toBytes });
  if (opening.rest || exchange.gone) {
    const head = headOf(response, { length: true });
    sendStream(turn, { head, source: joined(opening, source), toBytes });
    return;
  }
  const [first] = opening.chunks;
  const body = first && opening.chunks.length === 1 ? first : Buffer.concat(opening.chunks);
  exchange.respond(headOf(response, { length: false }), body);
  context.noteStatus(response.status);
  context.noteBody(body);
  endTurn(turn);
}

/** What was read already, and then the rest. */
function joined({ chunks, rest }: Opening, source: PieceSource): PieceSource {
  let at = 0;
  return {
    next: async () => {
      if (at < chunks.length) return { value: chunks[at++] };
      return rest ? await rest.next() : { done: true };
    },
    cancel: (reason) => source.cancel(reason),
  };
}

function headOf(response: Response, options: { readonly length: boolean }): ResponseHead {
  const { status, statusText } = response;
  const fields = answerFields(foreignFields(response), options);
  return statusText === '' ? { status, fields } : { status, statusText, fields };
}

function toBytes(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  throw new TypeError(`Cannot send a response body as it must consist of bytes: ${typeof piece}`);
}
