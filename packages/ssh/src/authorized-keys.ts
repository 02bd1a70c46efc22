import { timingSafeEqual } from 'node:crypto';
import { open } from 'node:fs/promises';
import { toError } from '@hawser/core';
import type { AuthContext, Authenticator } from './authenticator.ts';
import { type AuthorizedKeys, parseAuthorizedKeys } from './authorized-keys-text.ts';
import { SshConfigurationError } from './errors.ts';

/** Who logged in with an authorized key. */
export interface KeyIdentity {
  /** The name the client gave. Any name will do: the key says who it is. */
  readonly user: string;
  /** What stands behind the key on its line, often `name@host`. */
  readonly comment: string;
  /** `SHA256:...` */
  readonly fingerprint: string;
}

const MAX_BYTES = 1024 * 1024;

/**
 * Lets in who holds the private key to a line of a file as `~/.ssh/authorized_keys` (sshd(8)), or of `{ text }`. The
 * file, of up to 1 MiB, is read at each attempt, so edits count at once. Lines with options that this server does not
 * enforce (`command=`, `from=`, `restrict`, ...) are skipped and reported once.
 */
export function authorizedKeys(
  source: string | { readonly text: string },
): Authenticator<KeyIdentity> {
  const reported = new Set<string>();
  const load = typeof source === 'string' ? fromFile(source) : fromText(source.text);
  const where = typeof source === 'string' ? `"${source}"` : 'the text';

  const authenticator: Authenticator<KeyIdentity> = async (attempt, context) => {
    if (attempt.method !== 'publickey') return false;
    const { keys, skipped } = await load();
    for (const { line, why } of skipped) {
      report(context, reported, `line ${line} of ${where} as ${why}`);
    }
    const { blob, fingerprint } = attempt.key;
    const known = keys.find((key) => equal(key.blob, blob));
    return known && { user: attempt.user, comment: known.comment, fingerprint };
  };
  return Object.assign(authenticator, { methods: ['publickey'] as const });
}

function report({ reactor }: AuthContext, reported: Set<string>, what: string): void {
  if (reported.has(what) || reported.size > 1000) return;
  reported.add(what);
  const error = new SshConfigurationError('HAWSER_SSH_AUTHORIZED_KEYS', `Cannot use ${what}`);
  reactor.reports.problem('ssh.authorizedKeys', error);
}

function fromText(text: string): () => AuthorizedKeys {
  const parsed = parseAuthorizedKeys(text);
  return () => parsed;
}

function fromFile(path: string): () => Promise<AuthorizedKeys> {
  let known: { readonly text: string; readonly parsed: AuthorizedKeys } | undefined;
  return async () => {
    const text = await readText(path);
    if (known?.text !== text) known = { text, parsed: parseAuthorizedKeys(text) };
    return known.parsed;
  };
}

async function readText(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const buffer = Buffer.alloc(MAX_BYTES + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      if (bytesRead > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    throw new SshConfigurationError(
      'HAWSER_SSH_AUTHORIZED_KEYS',
      `Cannot read "${path}": ${toError(thrown).message}`,
      { cause: thrown },
    );
  }
}

function equal(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
