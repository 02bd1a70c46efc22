import type { FieldLines } from '../contract/field-lines.ts';
import { asksToClose } from '../wire/asks-to-close.ts';

/**
 * Fields that say how this one connection works are the engine's to write (RFC 9110 §7.6.1); that it should end is
 * everybody's to say.
 */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** What {@link answerFields} leaves in. */
export interface AnswerFieldsOptions {
  /** Whether `content-length` stays: not where the engine sees the length itself. */
  readonly length: boolean;
}

/** The fields of an answer without those of the connection. Nearly always the very same lines. */
export function answerFields(lines: FieldLines, { length }: AnswerFieldsOptions): FieldLines {
  for (let at = 0; at < lines.length; at += 2) {
    if (!stays(lines, at, length)) return filtered(lines, length);
  }
  return lines;
}

function stays(lines: FieldLines, at: number, length: boolean): boolean {
  const name = lines[at] as string;
  if (name === 'connection') return asksToClose(lines.slice(at, at + 2));
  return (length || name !== 'content-length') && !CONNECTION_FIELDS.has(name);
}

function filtered(lines: FieldLines, length: boolean): FieldLines {
  const kept: string[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    if (stays(lines, at, length)) kept.push(lines[at] as string, lines[at + 1] as string);
  }
  return kept;
}
