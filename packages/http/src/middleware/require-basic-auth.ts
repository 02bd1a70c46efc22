import type { HttpContext } from '../contract/http-handler.ts';
import type { Middleware } from '../routing/middleware.ts';
import { whenThere } from '../routing/now-or-later.ts';
import { credentialsOf, quoted, unauthorized } from './challenge.ts';
import { secretsMatch } from './secrets-match.ts';

/** Options for {@link requireBasicAuth}. */
export interface BasicAuthOptions<User> {
  /** What browsers show to whom they ask; printable ASCII. @defaultValue 'Restricted' */
  readonly realm?: string | undefined;
  /** Who that is; `undefined` refuses. Passwords are in the clear here: keep hashes of them, and be slow to check those. */
  readonly verify: (
    name: string,
    password: string,
    context: HttpContext,
  ) => User | undefined | Promise<User | undefined>;
}

/** Names and passwords for {@link requireBasicAuth}. */
export interface BasicAuthUsers {
  readonly realm?: string | undefined;
  readonly users: Readonly<Record<string, string>>;
}

/**
 * Asks for a name and a password (RFC 7617, in UTF-8), and puts who it is on the request as `user`. Only over HTTPS, as the
 * password is sent with each request.
 *
 * A client gives them by `basicAuth`.
 *
 * @throws RangeError for a realm that cannot be sent, or an empty password
 * @example
 * const { ADA_PASSWORD: ada = '' } = process.env;
 * app.use(requireBasicAuth({ users: { ada } })).get('/', ({ user }) => new HttpResponse(user));
 */
export function requireBasicAuth(options: BasicAuthUsers): Middleware<{ readonly user: string }>;
export function requireBasicAuth<User>(
  options: BasicAuthOptions<User>,
): Middleware<{ readonly user: User }>;
export function requireBasicAuth<User>(
  options: BasicAuthOptions<User> | BasicAuthUsers,
): Middleware<{ readonly user: User | string }> {
  const { realm = 'Restricted' } = options;
  const challenge = `Basic realm=${quoted(realm)}, charset="UTF-8"`;
  const verify = 'verify' in options ? options.verify : verifierOf(options.users);
  const middleware: Middleware = (request, next, context) => {
    const given = readCredentials(credentialsOf(request, 'basic'));
    if (given === undefined) return unauthorized(challenge);
    return whenThere(verify(given.name, given.password, context), (user) => {
      if (user === undefined) return unauthorized(challenge);
      Object.assign(request, { user });
      return next();
    });
  };
  return middleware as Middleware<{ readonly user: User | string }>;
}

function verifierOf(
  users: Readonly<Record<string, string>>,
): (name: string, password: string) => string | undefined {
  const passwords = new Map(Object.entries(users));
  for (const [name, password] of passwords) {
    // A variable of the environment that is not set must not let everybody in.
    if (typeof password !== 'string' || password === '') {
      throw new RangeError(
        `Cannot take a password as it is empty: that of ${JSON.stringify(name)}`,
      );
    }
  }
  return (name, password) => {
    const expected = passwords.get(name);
    // Compared also for a name that nobody has.
    const matches = secretsMatch(password, expected ?? '');
    return matches && expected !== undefined ? name : undefined;
  };
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const utf8 = new TextDecoder('utf-8', { fatal: true });

function readCredentials(text: string | undefined): { name: string; password: string } | undefined {
  if (text === undefined || !BASE64.test(text)) return undefined;
  let pair: string;
  try {
    pair = utf8.decode(Buffer.from(text, 'base64'));
  } catch {
    return undefined;
  }
  const colon = pair.indexOf(':');
  // RFC 7617 §2: no control characters.
  if (colon < 0 || /\p{Cc}/u.test(pair)) return undefined;
  return { name: pair.slice(0, colon), password: pair.slice(colon + 1) };
}
