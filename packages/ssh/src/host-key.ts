import { createHash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { toError } from '@hawser/core';
import ssh2, { type ParsedKey } from 'ssh2';
import { SshConfigurationError } from './errors.ts';
import { generateKeyPair } from './key-pair.ts';

/** What a server proves itself with. */
export interface HostKey {
  readonly algorithm: string;
  /** `SHA256:...`, as clients show it on the first connection. */
  readonly fingerprint: string;
  /** The private key in OpenSSH's format. Keep it secret. */
  readonly privateKey: Buffer;
}

const FILE = 'ssh_host_ed25519_key';
const ALGORITHM = 'ssh-ed25519';
const OTHERS = 0o077;

/**
 * The host keys in `folder`. Without one, an Ed25519 key is made there first, in a file only the owner can read;
 * processes that start together agree on one key.
 * @throws SshConfigurationError `HAWSER_SSH_HOST_KEY`
 */
export async function loadHostKeys(folder: string): Promise<readonly HostKey[]> {
  return readHostKeys(folder);
}

/** {@link loadHostKeys}, at once: a server reads its keys when it is made, so that a bad one stops the start. */
export function readHostKeys(source: string | readonly Buffer[]): readonly HostKey[] {
  if (typeof source !== 'string') {
    if (source.length === 0) throw bad('as there is none');
    return source.map(toHostKey);
  }
  try {
    return [toHostKey(readKeyFile(join(source, FILE)) ?? makeKeyFile(source))];
  } catch (thrown) {
    if (thrown instanceof SshConfigurationError) throw thrown;
    throw bad(`in "${source}": ${toError(thrown).message}`, thrown);
  }
}

/**
 * The fingerprint of a public or private key, `SHA256:...`, as `ssh-keygen -l` prints it. Takes the text of a key file
 * or the bytes of a public key.
 * @throws SshConfigurationError `HAWSER_SSH_HOST_KEY` if it is no key
 */
export function hostKeyFingerprint(key: string | Buffer): string {
  return fingerprint(parseKey(key).getPublicSSH());
}

/** The fingerprint of the bytes of a public key (RFC 4253 §6.6). */
export function fingerprint(publicKey: Uint8Array): string {
  const hash = createHash('sha256').update(publicKey).digest('base64');
  return `SHA256:${hash.replace(/=+$/, '')}`;
}

function toHostKey(privateKey: Buffer): HostKey {
  const key = parseKey(privateKey);
  if (!key.isPrivateKey()) throw bad('as it is a public key');
  // An RSA host key would bring SHA-1 signatures that ssh2 cannot switch off.
  if (key.type !== ALGORITHM) throw bad(`as it must be ${ALGORITHM}: ${key.type}`);
  return { algorithm: key.type, fingerprint: fingerprint(key.getPublicSSH()), privateKey };
}

function parseKey(key: string | Buffer): ParsedKey {
  const parsed = ssh2.utils.parseKey(key);
  if (parsed instanceof Error) throw bad(`: ${parsed.message}`, parsed);
  return parsed;
}

function readKeyFile(path: string): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
  try {
    const { mode } = fstatSync(file);
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, '0');
      throw bad(`as others than its owner can read "${path}": mode ${shown}`);
    }
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Writes aside, then links: the file appears whole or not at all, and the first of several processes wins. */
function makeKeyFile(folder: string): Buffer {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const aside = mkdtempSync(join(folder, '.new-'));
  try {
    const made = join(aside, FILE);
    writeFileSync(made, generateKeyPair().privateKey, { mode: 0o600, flag: 'wx', flush: true });
    try {
      linkSync(made, join(folder, FILE));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
    }
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  const kept = readKeyFile(join(folder, FILE));
  if (!kept) throw bad(`as it vanished from "${folder}"`);
  return kept;
}

function bad(why: string, cause?: unknown): SshConfigurationError {
  const space = why.startsWith(':') ? '' : ' ';
  return new SshConfigurationError('HAWSER_SSH_HOST_KEY', `Cannot use the host key${space}${why}`, {
    cause,
  });
}
