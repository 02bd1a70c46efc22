import { STATUS_CODES } from 'node:http';
import type { FieldLines } from '../contract/field-lines.ts';
import type { Turn } from './turn.ts';

const PLAIN: FieldLines = ['content-type', 'text/plain; charset=utf-8'];

/** What a plain answer says besides its status. */
export interface PlainAnswerOptions {
  /** @defaultValue the phrase for the status; nothing of the request comes back */
  readonly body?: string | undefined;
  readonly fields?: FieldLines | undefined;
}

/** Answers with a status and a line of text. */
export function plainAnswer(
  { exchange, context }: Pick<Turn, 'exchange' | 'context'>,
  status: number,
  options: PlainAnswerOptions = {},
): void {
  const { body = `${STATUS_CODES[status] ?? 'Error'}\n`, fields = [] } = options;
  const typed = fields.some((text, at) => at % 2 === 0 && text === 'content-type');
  exchange.respond({ status, fields: typed ? fields : [...PLAIN, ...fields] }, body);
  context.noteStatus(status);
  context.noteBody(body);
}
