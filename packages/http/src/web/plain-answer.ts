import { STATUS_CODES } from 'node:http';
import type { HttpExchange } from '../contract/exchange.ts';
import type { FieldLines } from '../contract/field-lines.ts';

const PLAIN: FieldLines = ['content-type', 'text/plain; charset=utf-8'];

/** What a plain answer says besides its status. */
export interface PlainAnswerOptions {
  /** @defaultValue the phrase for the status; nothing of the request comes back */
  readonly body?: string | undefined;
  readonly fields?: FieldLines | undefined;
}

/** Answers with a status and a line of text, which it gives back. */
export function plainAnswer(
  exchange: Pick<HttpExchange, 'respond'>,
  status: number,
  options: PlainAnswerOptions = {},
): string {
  const { body = `${STATUS_CODES[status] ?? 'Error'}\n`, fields = [] } = options;
  const typed = fields.some((text, at) => at % 2 === 0 && text === 'content-type');
  exchange.respond({ status, fields: typed ? fields : [...PLAIN, ...fields] }, body);
  return body;
}
