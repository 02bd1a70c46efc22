/** Letters, digits and marks that need no quoting anywhere (RFC 8187 §3.2.1). */
const PLAIN = /[A-Za-z0-9!#$&+.^_`|~-]/;

/**
 * A `Content-Disposition` field (RFC 6266) that has the peer save the content as `filename`, or show it with that name to
 * save by. Names beyond ASCII are given twice: once as a rough `filename` and once, exactly, as `filename*` (RFC 8187).
 * Folders in front of the name and control characters are left out; a name longer than 255 characters is cut.
 */
export function contentDisposition(type: 'attachment' | 'inline', filename?: string): string {
  if (filename === undefined) return type;
  const name = baseName(filename);
  if (name === '') return type;
  // A percent sign may be taken for an encoded octet in the plain form.
  const rough = name.replace(/[^\x20-\x7e]/gu, '?').replace(/[%"\\]/g, '_');
  const field = `${type}; filename="${rough}"`;
  return rough === name ? field : `${field}; filename*=UTF-8''${encode(name)}`;
}

function baseName(filename: string): string {
  const last = filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1);
  const printed = Array.from(last).filter((each) => !isControl(each));
  return printed.slice(0, 255).join('').trim();
}

/** Controls, and marks that turn the direction of text, which make `exe.txt` of `txt.exe`. */
function isControl(character: string): boolean {
  return /^[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]$/u.test(character);
}

function encode(name: string): string {
  let text = '';
  for (const byte of Buffer.from(name, 'utf8')) {
    const character = String.fromCharCode(byte);
    text += PLAIN.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
