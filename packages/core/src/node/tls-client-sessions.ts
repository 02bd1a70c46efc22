import type { SecureContext } from 'node:tls';
import type { TlsClientOptions } from '../contract/tls.ts';
import { secureContext } from './tls-secure-context.ts';

const MAX_NAMES = 100;
/** Node's own servers give two tickets at a time. */
const MAX_SESSIONS_PER_NAME = 2;

/** What the connections made with one options object share. */
export interface TlsClientState {
  readonly context: SecureContext;
  readonly sessions: TlsClientSessions;
}

/** By options object, as a session must not be taken up where other certificates are trusted. */
const states = new WeakMap<TlsClientOptions, TlsClientState>();

/** What the connections made with `options` share. @throws Error of OpenSSL */
export function clientStateOf(options: TlsClientOptions): TlsClientState {
  const found = states.get(options);
  if (found) return found;
  const state = { context: secureContext(options, options), sessions: new TlsClientSessions() };
  states.set(options, state);
  return state;
}

/** Sessions to take up again, by server name: the newest of the names used last. */
export class TlsClientSessions {
  readonly #byName = new Map<string, Buffer[]>();

  /** Gives a session away: one ticket is for one connection, or they could be linked (RFC 8446 §C.4). */
  take(name: string): Buffer | undefined {
    return this.#byName.get(name)?.pop();
  }

  keep(name: string, session: Buffer): void {
    const kept = this.#byName.get(name) ?? [];
    kept.push(session);
    if (kept.length > MAX_SESSIONS_PER_NAME) kept.shift();
    this.#byName.delete(name);
    this.#byName.set(name, kept);
    const [oldest] = this.#byName.keys();
    if (this.#byName.size > MAX_NAMES && oldest !== undefined) this.#byName.delete(oldest);
  }
}
