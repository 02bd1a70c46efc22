/**
 * A conversation as text that people read, edit and keep in a repository:
 *
 * ```text
 * # a comment
 * S: 220 mail.example ready\r\n
 * C: EHLO me\r\n
 * C# 160301020001
 * C.
 * ...
 * ```
 *
 * `C` is the client, `S` the server. After `: ` stands text, with `\r \n \t \\` and `\xHH` for what is not printable;
 * after `# ` stand bytes in hex; `C.` is the end of that side, and `...` means that more was said. Line ends of the file
 * mean nothing.
 */

/** Bytes one side said, or the end of what it says. */
export interface Said {
  readonly by: 'client' | 'server';
  readonly data: Buffer | 'end';
}

/** A conversation that was read. */
export interface Conversation {
  /** In order; what one side said without an answer is one piece. */
  readonly said: readonly Said[];
  /** More was said than is written down. */
  readonly truncated: boolean;
}

const HEX_BYTES_PER_LINE = 32;
const TRUNCATED = '...';
const ESCAPES: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '\\': '\\' };

/** Lines for what one side said, each with a line end. Mostly printable bytes become text, others hex. */
export function formatSaid({ by, data }: Said): string {
  const mark = by === 'client' ? 'C' : 'S';
  if (data === 'end') return `${mark}.\n`;
  return isText(data)
    ? textLines(data)
        .map((line) => `${mark}: ${escape(line)}\n`)
        .join('')
    : hexLines(data)
        .map((line) => `${mark}# ${line}\n`)
        .join('');
}

/** A whole conversation as text. */
export function formatConversation({ said, truncated }: Conversation): string {
  return said.map(formatSaid).join('') + (truncated ? `${TRUNCATED}\n` : '');
}

/**
 * Reads a conversation, as {@link tap} writes it or a person does.
 * @throws RangeError that names the line, if one is nothing of the above
 */
export function parseConversation(text: string): Conversation {
  const said: Said[] = [];
  let truncated = false;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    if (line.trim() === TRUNCATED) truncated = true;
    else add(said, parseLine(line, index + 1));
  }
  return { said, truncated };
}

function parseLine(line: string, number: number): Said {
  const [, mark, form, rest = ''] = /^([CS])(?:([:#])(?: (.*))?|\.\s*)$/.exec(line) ?? [];
  const cannot = (rule: string): RangeError =>
    new RangeError(
      `Cannot read the conversation as line ${number} ${rule}: ${JSON.stringify(line)}`,
    );
  if (!mark) throw cannot('does not begin with "C: ", "S: ", "C# ", "S# ", "C." or "S."');
  const by = mark === 'C' ? 'client' : 'server';
  if (form === undefined) return { by, data: 'end' };
  if (form === '#') {
    const hex = rest.replaceAll(' ', '');
    if (!/^(?:[\da-f]{2})*$/i.test(hex)) throw cannot('has other than pairs of hex digits');
    return { by, data: Buffer.from(hex, 'hex') };
  }
  const bytes = unescape(rest);
  if (!bytes) throw cannot('has an unknown escape, or a character outside of Latin-1');
  return { by, data: bytes };
}

function add(said: Said[], next: Said): void {
  const last = said.at(-1);
  if (last && last.by === next.by && last.data !== 'end' && next.data !== 'end') {
    said[said.length - 1] = { by: next.by, data: Buffer.concat([last.data, next.data]) };
  } else {
    said.push(next);
  }
}

function isText(data: Buffer): boolean {
  let printable = 0;
  for (const byte of data) if (isPrintable(byte) || (byte >= 9 && byte <= 13)) printable += 1;
  return printable * 10 >= data.length * 9;
}

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f;
}

/** Cut behind each line end. */
function textLines(data: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < data.length; ) {
    const newline = data.indexOf(0x0a, at);
    const end = newline < 0 ? data.length : newline + 1;
    lines.push(data.subarray(at, end));
    at = end;
  }
  return lines;
}

function hexLines(data: Buffer): string[] {
  const lines: string[] = [];
  for (let at = 0; at < data.length; at += HEX_BYTES_PER_LINE) {
    lines.push(data.toString('hex', at, Math.min(data.length, at + HEX_BYTES_PER_LINE)));
  }
  return lines;
}

function escape(line: Buffer): string {
  const escaped = Array.from(line, (byte) => {
    if (byte === 0x5c) return '\\\\';
    if (isPrintable(byte)) return String.fromCharCode(byte);
    if (byte === 0x0d) return '\\r';
    if (byte === 0x0a) return '\\n';
    if (byte === 0x09) return '\\t';
    return `\\x${byte.toString(16).padStart(2, '0')}`;
  }).join('');
  // Editors like to take a space at the end away.
  return escaped.replace(/ $/, '\\x20');
}

function unescape(text: string): Buffer | undefined {
  let known = true;
  const plain = text.replaceAll(/\\(?:x([\da-f]{2})|(.?))/gi, (_, hex?: string, name = '') => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    known &&= Object.hasOwn(ESCAPES, name);
    return ESCAPES[name] ?? '';
  });
  const bytes = Buffer.from(plain, 'latin1');
  return known && bytes.toString('latin1') === plain ? bytes : undefined;
}
