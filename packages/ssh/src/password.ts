import { createHash, timingSafeEqual } from 'node:crypto';
import type { AuthContext, Authenticator, Granted } from './authenticator.ts';

/** Says whether `password` is that of `user`; for hashed passwords in a store of your own. */
export type PasswordCheck<Identity> = (
  user: string,
  password: string,
  context: AuthContext,
) => Granted<Identity> | PromiseLike<Granted<Identity>>;

/**
 * Lets in who knows a password: by a function, or by a table of users with their passwords, which is compared in
 * constant time.
 *
 * @example password({ ops: process.env['OPS_PASSWORD'] })
 */
export function password<Identity = true>(
  check: PasswordCheck<Identity> | Readonly<Record<string, string | undefined>>,
): Authenticator<Identity> {
  const passes = typeof check === 'function' ? check : inTable(check);
  const authenticator: Authenticator<Identity> = (attempt, context) =>
    attempt.method === 'password' && passes(attempt.user, attempt.password, context);
  return Object.assign(authenticator, { methods: ['password'] as const });
}

function inTable(
  table: Readonly<Record<string, string | undefined>>,
): (user: string, given: string) => boolean {
  const digests = new Map<string, Buffer>();
  for (const [user, secret] of Object.entries(table)) {
    // An empty password is one that was forgotten to be set.
    if (secret) digests.set(user, digest(secret));
  }
  const nobody = digest('');
  return (user, given) => {
    const known = digests.get(user);
    const equal = timingSafeEqual(digest(given), known ?? nobody);
    return equal && known !== undefined;
  };
}

/** Digests have one length, which a comparison in constant time needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
