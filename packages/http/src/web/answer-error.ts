import { HttpError } from '../http-error.ts';
import { answerFields } from './answer-fields.ts';
import { HttpHeaders, toFieldLines } from './http-headers.ts';
import { type PlainAnswerOptions, plainAnswer } from './plain-answer.ts';
import { bodyFailure, endTurn, report, type Turn } from './turn.ts';

/** Answers with what a handler has thrown. Never throws. */
export function answerError(turn: Turn, thrown: unknown): void {
  const failure = bodyFailure(turn, thrown);
  const error = thrown instanceof HttpError ? thrown : failure;
  const status = error ? statusOf(error) : 500;
  if (error instanceof HttpError ? error.report : status >= 500) report(turn, thrown);
  try {
    const options = thrown instanceof HttpError ? optionsOf(thrown) : {};
    turn.context.noteBody(plainAnswer(turn.exchange, status, options));
  } catch (again) {
    // The error had headers that are none, or the handler has answered by the exchange itself.
    report(turn, again);
    answerPlainly(turn);
  }
  endTurn(turn);
}

function answerPlainly({ exchange, context }: Turn): void {
  try {
    context.noteBody(plainAnswer(exchange, 500));
  } catch {
    // Answered already, as was reported.
  }
}

function optionsOf({ headers, body }: HttpError): PlainAnswerOptions {
  return { body, fields: answerFields(toFieldLines(new HttpHeaders(headers)), { length: false }) };
}

function statusOf(error: Error): number {
  if (error instanceof HttpError) return error.status;
  switch ((error as { code?: unknown }).code) {
    case 'HAWSER_HTTP_BODY_TOO_LARGE':
      return 413;
    case 'HAWSER_HTTP_REQUEST_TIMEOUT':
    case 'HAWSER_TIMEOUT':
      return 408;
    default:
      return 400;
  }
}
