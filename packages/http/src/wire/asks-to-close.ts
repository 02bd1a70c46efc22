import type { FieldLines } from '../contract/field-lines.ts';

const NAME = 'connection';
/** Among the options of `Connection` (RFC 9110 §7.6.1). */
const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;

/** Whether an answer with these fields wants to be the last of its connection (RFC 9112 §9.6). */
export function asksToClose(fields: FieldLines): boolean {
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (name.length !== NAME.length || name.toLowerCase() !== NAME) continue;
    if (CLOSE.test(fields[at + 1] ?? '')) return true;
  }
  return false;
}
