import type { Answer, AnswerEntry } from '../contract/answer.ts';
import { Flag } from '../message/header.ts';
import type { Section } from '../message/reader.ts';
import type { MessageWriter } from '../message/writer.ts';

/**
 * Ends the message that `writer` has begun with `answer`. What must not be left out and does not fit makes an empty
 * reply with TC; what is merely useful is left out (RFC 2181 §9).
 */
export function writeAnswer(writer: MessageWriter, answer: Answer, flags: number): Buffer {
  const whole =
    writeAll(writer, 'answer', answer.answer) &&
    writeAll(writer, 'authority', answer.authority) &&
    writeAll(writer, 'additional', answer.glue);
  if (!whole) return writer.finishTruncated(answer.rcode, flags | Flag.Truncated);
  for (const entry of answer.additional) writer.rrset('additional', entry.rrset, entry);
  return writer.finish(answer.rcode, flags);
}

function writeAll(
  writer: MessageWriter,
  section: Section,
  entries: readonly AnswerEntry[],
): boolean {
  for (const entry of entries) if (!writer.rrset(section, entry.rrset, entry)) return false;
  return true;
}
