import type { Answer, AnswerEntry } from '../contract/answer.ts';
import { Flag } from '../message/header.ts';
import type { Section } from '../message/reader.ts';
import type { MessageWriter } from '../message/writer.ts';

/** A message, and whether everything that belongs into it is in it. */
export interface WrittenAnswer {
  readonly bytes: Buffer;
  /** Larger limits would not make it longer. */
  readonly whole: boolean;
}

/**
 * Ends the message that `writer` has begun with `answer`. What must not be left out and does not fit makes an empty
 * reply with TC; what is merely useful is left out (RFC 2181 §9).
 */
export function writeAnswer(writer: MessageWriter, answer: Answer, flags: number): WrittenAnswer {
  const fits =
    writeAll(writer, 'answer', answer.answer) &&
    writeAll(writer, 'authority', answer.authority) &&
    writeAll(writer, 'additional', answer.glue);
  if (!fits) return { bytes: writer.finishTruncated(answer.rcode, flags), whole: false };
  let whole = true;
  for (const entry of answer.additional) {
    if (!writer.rrset('additional', entry.rrset, entry)) whole = false;
  }
  return { bytes: writer.finish(answer.rcode, flags | Flag.Response), whole };
}

function writeAll(
  writer: MessageWriter,
  section: Section,
  entries: readonly AnswerEntry[],
): boolean {
  for (const entry of entries) if (!writer.rrset(section, entry.rrset, entry)) return false;
  return true;
}
