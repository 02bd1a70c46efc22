import type { HttpContext } from '../contract/http-handler.ts';
import type { Middleware } from '../routing/middleware.ts';
import { whenThere } from '../routing/now-or-later.ts';
import { credentialsOf, quoted, unauthorized } from './challenge.ts';
import { secretsMatch } from './secrets-match.ts';

/** Options for {@link requireBearerAuth}. */
export interface BearerAuthOptions<User> {
  /** @defaultValue 'Restricted' */
  readonly realm?: string | undefined;
  /** Whose token that is; `undefined` refuses. */
  readonly verify: (
    token: string,
    context: HttpContext,
  ) => User | undefined | Promise<User | undefined>;
}

/** Tokens for {@link requireBearerAuth}, and whose they are. */
export interface BearerAuthTokens {
  readonly realm?: string | undefined;
  /** Token by name. */
  readonly tokens: Readonly<Record<string, string>>;
}

// RFC 6750 §2.1
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/**
 * Asks for a token (RFC 6750), only in `Authorization`, and puts whose it is on the request as `user`. A client gives it by
 * `bearerAuth`.
 *
 * @throws RangeError for a realm that cannot be sent, or a token that cannot be
 */
export function requireBearerAuth(options: BearerAuthTokens): Middleware<{ readonly user: string }>;
export function requireBearerAuth<User>(
  options: BearerAuthOptions<User>,
): Middleware<{ readonly user: User }>;
export function requireBearerAuth<User>(
  options: BearerAuthOptions<User> | BearerAuthTokens,
): Middleware<{ readonly user: User | string }> {
  const { realm = 'Restricted' } = options;
  const challenge = `Bearer realm=${quoted(realm)}`;
  const verify = 'verify' in options ? options.verify : verifierOf(options.tokens);
  const middleware: Middleware = (request, next, context) => {
    const token = credentialsOf(request, 'bearer');
    if (token === undefined) return unauthorized(challenge);
    if (!TOKEN.test(token)) return unauthorized(`${challenge}, error="invalid_request"`, 400);
    return whenThere(verify(token, context), (user) => {
      if (user === undefined) return unauthorized(`${challenge}, error="invalid_token"`);
      Object.assign(request, { user });
      return next();
    });
  };
  return middleware as Middleware<{ readonly user: User | string }>;
}

function verifierOf(
  tokens: Readonly<Record<string, string>>,
): (token: string) => string | undefined {
  const entries = Object.entries(tokens);
  const bad = entries.find(([, token]) => typeof token !== 'string' || !TOKEN.test(token));
  if (bad !== undefined) {
    throw new RangeError(
      `Cannot take a token as it cannot be sent: that of ${JSON.stringify(bad[0])}`,
    );
  }
  return (given) => {
    let found: string | undefined;
    // All of them: how long it takes says nothing about which one it was.
    for (const [name, token] of entries) if (secretsMatch(given, token)) found = name;
    return found;
  };
}
