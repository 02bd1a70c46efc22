/** A key that may log in. */
export interface AuthorizedKey {
  readonly algorithm: string;
  readonly blob: Buffer;
  /** What follows the key on its line, often `name@host`. */
  readonly comment: string;
}

/** What a text of authorized keys says. */
export interface AuthorizedKeys {
  readonly keys: readonly AuthorizedKey[];
  /** Lines that are not used, by number from 1. */
  readonly skipped: readonly { readonly line: number; readonly why: string }[];
}

const ALGORITHMS = new Set([
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
]);
/** Options that forbid what this server never allows, or allow what others forbid. */
const KEPT_OPTIONS = new Set([
  'no-port-forwarding',
  'no-agent-forwarding',
  'no-x11-forwarding',
  'no-user-rc',
  'port-forwarding',
  'agent-forwarding',
  'x11-forwarding',
  'user-rc',
  'pty',
]);
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
// Options are words or `name="value"`, in which `\"` is a quote; whitespace outside quotes ends them (sshd(8)).
const OPTIONS = /^(?:[^\s"]|"(?:\\.|[^"\\])*")+/;
const OPTION = /(?:[^,"]|"(?:\\.|[^"\\])*")+/g;

/**
 * Reads lines as in `~/.ssh/authorized_keys` (sshd(8)). A line with an option that this server does not enforce, such
 * as `command=` or `from=`, is skipped and never taken without it.
 */
export function parseAuthorizedKeys(text: string): AuthorizedKeys {
  const keys: AuthorizedKey[] = [];
  const skipped: { line: number; why: string }[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const parsed = parseLine(line);
    if (typeof parsed === 'string') skipped.push({ line: index + 1, why: parsed });
    else keys.push(parsed);
  }
  return { keys, skipped };
}

function parseLine(line: string): AuthorizedKey | string {
  const [first = ''] = line.split(/\s/, 1);
  if (ALGORITHMS.has(first)) return parseKey(line);
  const options = OPTIONS.exec(line)?.[0] ?? '';
  const rest = line.slice(options.length).trim();
  const [algorithm = ''] = rest.split(/\s/, 1);
  if (!ALGORITHMS.has(algorithm)) return 'it has no key of a known kind';
  const unkept = (options.match(OPTION) ?? [])
    .map((option) => option.split('=', 1)[0] ?? '')
    .find((name) => !KEPT_OPTIONS.has(name.toLowerCase()));
  return unkept === undefined ? parseKey(rest) : `the option "${unkept}" is not enforced here`;
}

function parseKey(text: string): AuthorizedKey | string {
  const [algorithm = '', base64 = '', ...words] = text.split(/\s+/);
  const blob = Buffer.from(base64, 'base64');
  if (!BASE64.test(base64) || !startsWithName(blob, algorithm)) return 'its key is damaged';
  return { algorithm, blob, comment: words.join(' ') };
}

/** The bytes of a key repeat its kind, as a string with a 32-bit length (RFC 4253 §6.6). */
function startsWithName(blob: Buffer, name: string): boolean {
  return (
    blob.length > 4 + name.length &&
    blob.readUInt32BE(0) === name.length &&
    blob.toString('latin1', 4, 4 + name.length) === name
  );
}
