import { type Clock, toError } from '@hawser/core';
import ssh2, { type AuthContext as Ssh2AuthContext } from 'ssh2';
import {
  type AuthAttempt,
  type AuthContext,
  type Authenticator,
  ask,
  methodsOf,
  type PublicKey,
} from './authenticator.ts';
import { SshProtocolError } from './errors.ts';
import { fingerprint } from './host-key.ts';

/** What a {@link Login} does with the connection. */
export interface LoginOptions<Identity> extends AuthContext {
  readonly authenticators: readonly Authenticator<Identity>[];
  /** Failures after which the client is sent away. */
  readonly maxTries: number;
  /** How long a refusal of a password or a signature waits, in milliseconds. */
  readonly failureDelayMs: number;
  /** Too many failures. */
  readonly exhausted: () => void;
  /** ssh2 cannot go on, because of what the client sent. */
  readonly failed: (error: Error) => void;
}

/** Who was let in. */
export interface LoggedIn<Identity> {
  readonly user: string;
  readonly identity: Identity | undefined;
}

const MAX_USER = 256;
const MAX_PASSWORD = 1024;

/** Answers the login attempts of one client, which ssh2 gives one at a time (RFC 4252). */
export class Login<Identity> {
  readonly #options: LoginOptions<Identity>;
  readonly #methods: string[];
  #failures = 0;
  #askedForMethods = false;
  #loggedIn: LoggedIn<Identity> | undefined;

  constructor(options: LoginOptions<Identity>) {
    this.#options = options;
    this.#methods = methodsOf(options.authenticators);
  }

  get loggedIn(): LoggedIn<Identity> | undefined {
    return this.#loggedIn;
  }

  /** Answers one attempt. Never throws. */
  async answer(context: Ssh2AuthContext): Promise<void> {
    const { signal, reactor, authenticators, failed } = this.#options;
    const attempt = toAttempt(context);
    const proves = attempt && (attempt.method === 'password' || attempt.signed);
    try {
      const granted = attempt && (await ask(authenticators, attempt, this.#options));
      if (signal.aborted) return;
      if (granted === undefined) {
        await this.#refuse(context, proves ? this.#options.failureDelayMs : 0);
        return;
      }
      // ssh2 says "ready" from inside `accept`.
      if (proves) this.#loggedIn = toLoggedIn(attempt.user, granted);
      accept(context);
    } catch (thrown) {
      if (thrown instanceof SshProtocolError) {
        failed(thrown);
        return;
      }
      reactor.reports.problem('ssh.auth', thrown);
      await this.#refuse(context, this.#options.failureDelayMs).catch((error: unknown) =>
        failed(toError(error)),
      );
    }
  }

  async #refuse(context: Ssh2AuthContext, delayMs: number): Promise<void> {
    const { reactor, signal, maxTries, exhausted } = this.#options;
    // The first "none" only asks which methods there are (RFC 4252 §5.2).
    if (context.method === 'none' && !this.#askedForMethods) this.#askedForMethods = true;
    else this.#failures += 1;
    if (delayMs > 0) await wait(reactor.clock, delayMs, signal);
    if (signal.aborted) return;
    if (this.#failures >= maxTries) exhausted();
    else reject(context, this.#methods);
  }
}

function toLoggedIn<Identity>(user: string, granted: Identity | true): LoggedIn<Identity> {
  const identity = granted === true ? undefined : granted;
  return { user, identity };
}

/** A client can confuse ssh2 so that it throws here (it forgets which attempt it asked about). */
function accept(context: Ssh2AuthContext): void {
  try {
    context.accept();
  } catch (thrown) {
    throw confused(thrown);
  }
}

function reject(context: Ssh2AuthContext, methods: string[]): void {
  try {
    // Without the list clients hear that nothing is left to try, and give up.
    context.reject(methods as Parameters<typeof context.reject>[0] & string[]);
  } catch (thrown) {
    throw confused(thrown);
  }
}

function confused(cause: unknown): SshProtocolError {
  const message = 'Cannot answer an attempt to log in as the client sent a message of the server';
  return new SshProtocolError('HAWSER_SSH_PROTOCOL', message, { cause });
}

/** The attempt as an authenticator sees it; `undefined` is refused without asking. */
function toAttempt(context: Ssh2AuthContext): AuthAttempt | undefined {
  const user = context.username;
  if (user.length > MAX_USER) return undefined;
  if (context.method === 'password') {
    const password: unknown = context.password;
    // A wish to change the password gives an object.
    if (typeof password !== 'string' || password.length > MAX_PASSWORD) return undefined;
    return { method: 'password', user, password };
  }
  if (context.method !== 'publickey') return undefined;
  const signed = context.signature !== undefined;
  const key = toPublicKey(context);
  return key && { method: 'publickey', user, key, signed };
}

type PublicKeyContext = Extract<Ssh2AuthContext, { method: 'publickey' }>;

/** The key, if it is one, and if the signature under the request is its own (RFC 4252 §7). */
function toPublicKey(context: PublicKeyContext): PublicKey | undefined {
  const { algo, data } = context.key;
  // ssh2 tells the hash only for rsa-sha2-256 and -512: without it an RSA key signs with SHA-1.
  const hash = (context as { readonly hashAlgo?: string }).hashAlgo;
  if (algo === 'ssh-rsa' ? hash === undefined : !/^(?:ssh-ed25519|ecdsa-sha2-)/.test(algo)) {
    return undefined;
  }
  try {
    // As text, since ssh2 would take bytes for any kind of key file, private ones included.
    const parsed = ssh2.utils.parseKey(`${algo} ${data.toString('base64')}`);
    if (parsed instanceof Error || !parsed.getPublicSSH().equals(data)) return undefined;
    if (context.signature) {
      if (!context.blob) return undefined;
      if (parsed.verify(context.blob, context.signature, hash) !== true) return undefined;
    }
  } catch {
    // OpenSSL refuses some keys with a throw, such as points that are not on their curve.
    return undefined;
  }
  return { algorithm: algo, blob: data, fingerprint: fingerprint(data) };
}

/** Settles early, and leaves no timer, when `signal` is aborted. */
function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const gone = (): void => {
      timer.cancel();
      resolve();
    };
    const timer = clock.callLater(ms, () => {
      signal.removeEventListener('abort', gone);
      resolve();
    });
    signal.addEventListener('abort', gone, { once: true });
  });
}
