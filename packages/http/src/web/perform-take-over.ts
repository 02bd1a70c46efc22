import type { FieldLines } from '../contract/field-lines.ts';
import { answerFields } from './answer-fields.ts';
import { toFieldLines } from './http-headers.ts';
import type { HttpResponse } from './http-response.ts';
import { plainAnswer } from './plain-answer.ts';
import type { TakeOver } from './response-parts.ts';
import type { Turn } from './turn.ts';

/** Gives the connection away if the peer has asked for it, and refuses otherwise. */
export function performTakeOver(
  turn: Turn,
  response: HttpResponse,
  { factory, protocol, sendHead }: TakeOver,
): void {
  const { exchange, context } = turn;
  if (exchange.version === '2.0') {
    plainAnswer(turn, 501);
  } else if (protocol === undefined && exchange.method !== 'CONNECT') {
    plainAnswer(turn, 501);
  } else if (protocol !== undefined && !asksFor(exchange.upgrade, protocol)) {
    plainAnswer(turn, 426, { fields: ['upgrade', protocol] });
  } else if (sendHead) {
    const { status, statusText } = response;
    const own: FieldLines = protocol === undefined ? [] : ['upgrade', protocol];
    const fields = [...own, ...answerFields(toFieldLines(response.headers), { length: false })];
    exchange.takeOver(factory, { status, statusText: statusText || undefined, fields });
    context.noteStatus(status);
  } else {
    exchange.takeOver(factory);
    context.noteStatus(response.status);
  }
}

/** Whether a list of protocols names one (RFC 9110 §7.8); names differ in versions, and not in case. */
function asksFor(upgrade: string | undefined, protocol: string): boolean {
  const wanted = protocol.toLowerCase();
  return upgrade?.split(',').some((name) => name.trim().toLowerCase() === wanted) ?? false;
}
