import { HttpError } from '../http-error.ts';
import { answerFields } from './answer-fields.ts';
import { errorStatus } from './error-status.ts';
import { HttpHeaders, toFieldLines } from './http-headers.ts';
import { type PlainAnswerOptions, plainAnswer } from './plain-answer.ts';
import { endTurn, report, type Turn } from './turn.ts';

/** Answers with what a handler has thrown. Never throws. */
export function answerError(turn: Turn, thrown: unknown): void {
  const status = errorStatus(turn.request, thrown);
  if (thrown instanceof HttpError || status >= 500) report(turn, thrown);
  try {
    const options = thrown instanceof HttpError ? optionsOf(thrown) : {};
    plainAnswer(turn, status, options);
  } catch (again) {
    // The error had headers that are none, or the handler has answered by the exchange itself.
    report(turn, again);
    answerPlainly(turn);
  }
  endTurn(turn);
}

function answerPlainly(turn: Turn): void {
  try {
    plainAnswer(turn, 500);
  } catch {
    // Answered already, as was reported.
  }
}

function optionsOf({ headers, body }: HttpError): PlainAnswerOptions {
  return { body, fields: answerFields(toFieldLines(new HttpHeaders(headers)), { length: false }) };
}
