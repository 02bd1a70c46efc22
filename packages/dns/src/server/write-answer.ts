import type { Answer, AnswerEntry } from '../contract/answer.ts';
import { Flag } from '../message/header.ts';
import type { Section } from '../message/reader.ts';
import type { MessageWriter } from '../message/writer.ts';

/** RRsets that may not fit before no more are tried. */
const MAX_MISFITS = 4;

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
  let misfits = 0;
  for (const entry of answer.additional) {
    // Somewhere between the last ones may be a small one. Trying all of a thousand would cost more than it is worth.
    if (misfits >= MAX_MISFITS) break;
    if (!writer.rrset('additional', entry.rrset, entry)) misfits++;
  }
  return { bytes: writer.finish(answer.rcode, flags | Flag.Response), whole: misfits === 0 };
}

function writeAll(
  writer: MessageWriter,
  section: Section,
  entries: readonly AnswerEntry[],
): boolean {
  for (const entry of entries) if (!writer.rrset(section, entry.rrset, entry)) return false;
  return true;
}
