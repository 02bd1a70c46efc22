import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashToken, parseTsigKeyFile, type TsigKey } from '@hawser/dns';
import { generateKeyPair, loadHostKeys } from '@hawser/ssh';
import { generate } from 'selfsigned';
import type { Settings } from './settings.ts';

const TEN_YEARS_MS = 10 * 365 * 86_400_000;

/** A secret that somebody else has to know. */
export interface Token {
  /** What to check against: the token itself or its hash. */
  readonly kept: string;
  /** The text, only in the run that made it. */
  readonly fresh: string | undefined;
  /** Writes down the hash of a fresh token: to be called only when it is certain that the text will be shown. */
  keep(): Promise<void>;
}

/** The given token, or the kept hash of the one made before, or a fresh one. `path` is where the hash is kept. */
export async function readToken(path: string, given: string | undefined): Promise<Token> {
  if (given !== undefined) return known(given);
  const kept = await readIfThere(path);
  if (kept !== undefined) return known(kept.trim());
  const fresh = randomBytes(18).toString('base64url');
  const hash = hashToken(fresh);
  return { kept: hash, fresh, keep: () => writeSecret(path, `${hash}\n`) };
}

function known(kept: string): Token {
  return { kept, fresh: undefined, keep: async () => undefined };
}

/** The keys that sign updates and transfers. */
export interface TsigKeys {
  /** A file of BIND: give it to `nsupdate -k` and `dig -k`. Add the keys of others to it. */
  readonly path: string;
  readonly all: readonly TsigKey[];
  /** Whether this run made it. */
  readonly fresh: boolean;
}

/** The keys in the file; the first run makes one. Whoever signs has to know the secret itself, so no hash can be kept. */
export async function keepTsigKeys(folder: string, name: string): Promise<TsigKeys> {
  const path = join(folder, 'tsig.key');
  const kept = await readIfThere(path);
  if (kept !== undefined) return { path, all: parseTsigKeyFile(kept), fresh: false };
  const secret = randomBytes(32).toString('base64');
  const text = `key "${name}" {\n\talgorithm hmac-sha256;\n\tsecret "${secret}";\n};\n`;
  await writeSecret(path, text);
  return { path, all: parseTsigKeyFile(text), fresh: true };
}

/** The key the operator logs in with, and what proves the server to the operator. */
export interface OperatorKey {
  /** Path of the private key: give it to `ssh -i`. */
  readonly privateKey: string;
  /** Path of the list of keys that are let in. Add others to it. */
  readonly authorizedKeys: string;
  readonly hostFingerprint: string;
  /** Whether this run made it. */
  readonly fresh: boolean;
}

/** The operator's key and the host key; the first run makes both. */
export async function keepOperatorKey(keys: string): Promise<OperatorKey> {
  const privateKey = join(keys, 'operator_ed25519');
  const authorizedKeys = join(keys, 'authorized_keys');
  const [host] = await loadHostKeys(keys);
  const fresh = (await readIfThere(authorizedKeys)) === undefined;
  if (fresh) {
    const made = generateKeyPair({ comment: 'operator' });
    await writeSecret(privateKey, made.privateKey);
    await writeSecret(authorizedKeys, `${made.publicKey}\n`);
  }
  return { privateKey, authorizedKeys, hostFingerprint: host?.fingerprint ?? 'none', fresh };
}

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** The given certificate, or the self-signed one that the first run makes. */
export async function keepCertificate(
  settings: Pick<Settings, 'keys' | 'cert' | 'key' | 'zone'>,
): Promise<Certificate> {
  if (settings.cert !== undefined && settings.key !== undefined) {
    return {
      cert: await readFile(settings.cert, 'utf8'),
      key: await readFile(settings.key, 'utf8'),
    };
  }
  const path = join(settings.keys, 'tls.pem');
  const kept = await readIfThere(path);
  // Certificate and key live in one file, so that there is never one without the other.
  if (kept !== undefined) return { cert: kept, key: kept };
  const { cert, private: key } = await selfSigned(settings.zone);
  await writeSecret(path, `${key.trim()}\n${cert.trim()}\n`);
  return { cert, key };
}

function selfSigned(zone: string): ReturnType<typeof generate> {
  return generate([{ name: 'commonName', value: zone }], {
    keyType: 'ec',
    notAfterDate: new Date(Date.now() + TEN_YEARS_MS),
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: zone },
          { type: 2, value: `*.${zone}` },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
}

async function writeSecret(path: string, text: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
