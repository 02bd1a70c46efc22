import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHead } from '../contract/message-head.ts';
import { answerFields } from './answer-fields.ts';
import { HttpHeaders, toFieldLines } from './http-headers.ts';
import { HttpResponse } from './http-response.ts';
import { performTakeOver } from './perform-take-over.ts';
import { pieceSource } from './piece-source.ts';
import { refuseTunnel } from './refuse-tunnel.ts';
import { type Content, isWhole } from './response-content.ts';
import type { ResponseParts, Trailers } from './response-parts.ts';
import { sendAfterAsking, waitsToBeAsked } from './send-after-asking.ts';
import { sendStream } from './send-stream.ts';
import { endTurn, type Turn } from './turn.ts';

/** Longest body given to a connection at once. */
const MAX_WHOLE_BYTES = 1_048_576;

/**
 * Sends a response of ours.
 *
 * @throws whatever is wrong with it; then nothing has left
 */
export function sendOwn(turn: Turn, response: HttpResponse, parts: ResponseParts): void {
  const { exchange, context } = turn;
  const { takeOver, trailers } = parts;
  const { status } = response;
  if (status === 0) throw new TypeError('Cannot send a response as it was made by error()');
  if (takeOver) {
    performTakeOver(turn, response, takeOver);
    endTurn(turn);
    return;
  }
  if (refuseTunnel(turn, status)) return;
  const content = HttpResponse.takeContent(response);
  if (content === null) {
    if (trailers) throw new TypeError('Cannot send trailers as the response has no body');
    exchange.respond(headOf(response, { length: status !== 204 }));
    context.noteStatus(status);
  } else if (trailers || !isWhole(content) || content.length > MAX_WHOLE_BYTES) {
    const length = trailers ? undefined : lengthOf(content, parts);
    const answer = {
      head: withLength(headOf(response, { length: true }), length),
      source: pieceSource(content),
      toBytes,
      trailers: trailers && (() => toLines(trailers)),
    };
    if (waitsToBeAsked(exchange)) void sendAfterAsking(turn, answer);
    else sendStream(turn, answer);
    return;
  } else {
    exchange.respond(headOf(response, { length: false }), content);
    context.noteStatus(status);
    context.noteBody(content);
  }
  endTurn(turn);
}

function headOf(response: HttpResponse, options: { readonly length: boolean }): ResponseHead {
  const { status, statusText } = response;
  const fields = answerFields(toFieldLines(response.headers), options);
  return statusText === '' ? { status, fields } : { status, statusText, fields };
}

function lengthOf(content: NonNullable<Content>, { length }: ResponseParts): number | undefined {
  return isWhole(content) ? Buffer.byteLength(content as string) : length;
}

function withLength(head: ResponseHead, length: number | undefined): ResponseHead {
  if (length === undefined) return head;
  const fields = answerFields(head.fields, { length: false });
  return { ...head, fields: [...fields, 'content-length', String(length)] };
}

function toBytes(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  if (typeof piece === 'string') return Buffer.from(piece);
  throw new TypeError(
    `Cannot send a piece of a body as it is neither bytes nor text: ${typeof piece}`,
  );
}

async function toLines(trailers: Trailers): Promise<FieldLines> {
  const fields = await (typeof trailers === 'function' ? trailers() : trailers);
  return toFieldLines(new HttpHeaders(fields));
}
