// The few header fields a list of messages shows: RFC 5322 §2.2, unfolding §2.2.3.

/** As written in the message, unfolded; encoded words (RFC 2047) are left alone. */
export interface MessageHeader {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly subject: string | undefined;
  readonly date: string | undefined;
}

const MAX_HEADER_BYTES = 65_536;
const MAX_FIELD_CHARS = 1_000;

/** Reads From, To, Subject and Date, the first of each, out of the first 64 KiB. Anything may be missing. */
export function parseMessageHeader(message: Buffer): MessageHeader {
  const end = message.indexOf('\r\n\r\n');
  const head = message.subarray(0, Math.min(end < 0 ? message.length : end, MAX_HEADER_BYTES));
  const lines = head
    .toString('utf8')
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trimEnd().toLowerCase();
    if (colon > 0 && !fields.has(name)) {
      fields.set(
        name,
        line
          .slice(colon + 1)
          .trim()
          .slice(0, MAX_FIELD_CHARS),
      );
    }
  }
  const [from, to, subject, date] = ['from', 'to', 'subject', 'date'].map((n) => fields.get(n));
  return { from, to, subject, date };
}
