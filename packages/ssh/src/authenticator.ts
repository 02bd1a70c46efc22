import type { Has } from '@hawser/core';

/** How a client may prove who it is (RFC 4252). */
export type AuthMethod = 'publickey' | 'password';

/** One try of a client to log in. What is in it comes from the peer, with these limits: 256 and 1024 characters. */
export type AuthAttempt =
  | { readonly method: 'password'; readonly user: string; readonly password: string }
  | {
      readonly method: 'publickey';
      readonly user: string;
      readonly key: PublicKey;
      /**
       * Whether the client has proved that it holds the private key; the signature was verified. Without, it only
       * asks whether the key would do: answering yes lets nobody in.
       */
      readonly signed: boolean;
    };

/** A client's public key. */
export interface PublicKey {
  /** Such as `ssh-ed25519`. */
  readonly algorithm: string;
  /** The key as it is sent (RFC 4253 §6.6). */
  readonly blob: Buffer;
  /** `SHA256:...` */
  readonly fingerprint: string;
}

/** What an {@link Authenticator} may use. */
export interface AuthContext {
  readonly reactor: Has<'clock' | 'reports'>;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** Who logged in; `true` when the name is enough; `false`, `undefined` or `null` to refuse. */
export type Granted<Identity> = Identity | boolean | undefined | null;

/**
 * Decides whether a client is let in. A throw refuses, and is reported. `methods` tells clients what is worth trying;
 * without it, both.
 */
export interface Authenticator<Identity = unknown> {
  (attempt: AuthAttempt, context: AuthContext): Granted<Identity> | PromiseLike<Granted<Identity>>;
  readonly methods?: readonly AuthMethod[] | undefined;
}

const BOTH: readonly AuthMethod[] = ['publickey', 'password'];

/** The methods that one of `authenticators` takes. */
export function methodsOf(authenticators: readonly Authenticator[]): AuthMethod[] {
  return BOTH.filter((method) => authenticators.some((each) => takes(each, method)));
}

/** Asks those that take the method, in order; the first yes counts. */
export async function ask<Identity>(
  authenticators: readonly Authenticator<Identity>[],
  attempt: AuthAttempt,
  context: AuthContext,
): Promise<NonNullable<Identity> | true | undefined> {
  for (const authenticator of authenticators) {
    if (!takes(authenticator, attempt.method)) continue;
    const granted = await authenticator(attempt, context);
    // Stores say "nobody" with `null`: it must not let in.
    if (granted !== undefined && granted !== null && granted !== false) {
      return granted as NonNullable<Identity> | true;
    }
  }
  return undefined;
}

function takes({ methods = BOTH }: Authenticator, method: AuthMethod): boolean {
  return methods.includes(method);
}
