/** Certificates and keys that an endpoint names by path. They are read when it is used, not when it is parsed. */
import { readFileSync } from 'node:fs';
import type { Tls, TlsOptions } from '../contract/tls.ts';
import { toError, UsageError } from '../errors.ts';

const FILES = ['cert', 'key', 'ca'] as const;

/** Paths to PEM files. */
export type TlsFiles = { readonly [K in (typeof FILES)[number]]?: string | undefined };

/** What {@link readTlsFiles} needs besides the paths. */
export interface TlsFilesParts<T extends TlsOptions> {
  readonly options: T;
  readonly tls: Tls;
  /** What an earlier call gave. It is given again if the files are the same. */
  readonly known?: T | undefined;
}

/**
 * Replaces the paths by what is in the files, and checks that it is usable.
 * @throws UsageError `HAWSER_BAD_ENDPOINT` that names the option and the file
 */
export function readTlsFiles<T extends TlsOptions>(
  where: string,
  paths: TlsFiles,
  { options, tls, known }: TlsFilesParts<T>,
): T {
  const read: { -readonly [K in keyof TlsFiles]: Buffer } = {};
  for (const name of FILES) {
    const path = paths[name];
    if (path === undefined) continue;
    try {
      read[name] = readFileSync(path);
    } catch (thrown) {
      throw bad(where, `${name} cannot be read`, thrown);
    }
  }
  if (known && FILES.every((name) => isSame(read[name], known[name]))) return known;
  const whole = { ...options, ...read };
  try {
    tls.check(whole);
  } catch (thrown) {
    throw bad(where, 'its certificate and key cannot be used', thrown);
  }
  return whole;
}

function isSame(read: Buffer | undefined, before: unknown): boolean {
  return read === undefined ? before === undefined : Buffer.isBuffer(before) && read.equals(before);
}

function bad(where: string, what: string, thrown: unknown): UsageError {
  const cause = toError(thrown);
  const message = `Cannot use endpoint "${where}": ${what}: ${cause.message}`;
  return new UsageError('HAWSER_BAD_ENDPOINT', message, { cause });
}
