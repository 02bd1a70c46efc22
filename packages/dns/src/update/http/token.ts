// Secrets of clients of our HTTP interfaces: kept as hashes, compared in constant time.
import { createHash, timingSafeEqual } from 'node:crypto';
import { usageError } from '../../errors.ts';

const DIGEST_BYTES = 32;

/** What to keep instead of a token: tokens are long and random, so one round of SHA-256 is enough. */
export function hashToken(token: string): string {
  return `sha256:${digestOf(token).toString('hex')}`;
}

/** The digest of a token that is given itself, or as {@link hashToken} gives it. */
export function tokenDigest(token: string, whose: string): Buffer {
  if (token === '')
    throw usageError('HAWSER_DNS_OPTIONS', `Cannot use ${whose} as it needs a token`);
  const hex = /^sha256:([\da-f]{64})$/i.exec(token)?.[1];
  return hex === undefined ? digestOf(token) : Buffer.from(hex, 'hex');
}

/** True if `token` has this digest. Takes as long for a wrong token as for a right one, and for no digest at all. */
export function provesToken(token: string, digest: Buffer | undefined): boolean {
  const given = digestOf(token);
  return timingSafeEqual(given, digest ?? Buffer.alloc(DIGEST_BYTES)) && digest !== undefined;
}

/** The digest of a token, for looking it up: the time that takes says nothing about the token itself. */
export function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
