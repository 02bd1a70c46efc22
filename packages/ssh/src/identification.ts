import { SshProtocolError } from './errors.ts';

/** The longest identification line, line end included (RFC 4253 §4.2). */
const MAX_BYTES = 255;
const LF = 0x0a;
const PREFIXES = ['SSH-2.0-', 'SSH-1.99-'];
// Printable ASCII without spaces, then perhaps a comment.
const LINE = /^SSH-(?:2\.0|1\.99)-[\x21-\x7e]+(?: [\x20-\x7e]*)?\r?\n$/;

/**
 * Looks for the identification line of a client at the start of `head` (RFC 4253 §4.2; a client sends nothing before
 * it) and tells how long it is, or that more bytes are needed.
 * @throws SshProtocolError `HAWSER_SSH_IDENTIFICATION` as soon as it cannot become one
 */
export function findIdentification(head: Buffer): number | 'more' {
  const text = head.toString('latin1', 0, MAX_BYTES);
  if (!PREFIXES.some((prefix) => text.startsWith(prefix.slice(0, text.length)))) throw malformed();
  const end = head.subarray(0, MAX_BYTES).indexOf(LF);
  if (end < 0) {
    if (head.length >= MAX_BYTES) throw malformed();
    return 'more';
  }
  if (!LINE.test(text.slice(0, end + 1))) throw malformed();
  return end + 1;
}

function malformed(): SshProtocolError {
  return new SshProtocolError(
    'HAWSER_SSH_IDENTIFICATION',
    'Cannot speak SSH with a client that does not identify itself as one',
  );
}
