import type { FieldLines } from '../contract/field-lines.ts';

/** Fields that say how this one connection works are the engine's to write (RFC 9110 §7.6.1). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
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
    if (!stays(lines[at] as string, length)) return filtered(lines, length);
  }
  return lines;
}

function stays(name: string, length: boolean): boolean {
  return (length || name !== 'content-length') && !CONNECTION_FIELDS.has(name);
}

function filtered(lines: FieldLines, length: boolean): FieldLines {
  const kept: string[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at] as string;
    if (stays(name, length)) kept.push(name, lines[at + 1] as string);
  }
  return kept;
}
