import type { TlsServerOptions } from '@hawser/core';
import type { BudgetLimits } from './budget.ts';
import type { SmtpHooks } from './hooks.ts';

/** Options for `smtp`: the hooks, and limits that are safe as they are. */
export interface SmtpOptions extends SmtpHooks {
  /** Our own name, in the greeting. @defaultValue the name of the machine */
  readonly hostname?: string | undefined;
  /** With an `auth` hook: refuse mail from clients that have not authenticated. @defaultValue true */
  readonly authRequired?: boolean | undefined;
  /** Take passwords over connections that are not encrypted. @defaultValue false */
  readonly plaintextAuth?: boolean | undefined;
  /** Offers STARTTLS (RFC 3207) with this certificate. Without it STARTTLS is not known. */
  readonly startTls?: TlsServerOptions | undefined;

  /** Largest message. Over it the answer is 552; at twice the size the session is closed. @defaultValue 26_214_400 */
  readonly maxMessageBytes?: number | undefined;
  /** Recipients of one message; more get 452. @defaultValue 100 */
  readonly maxRecipients?: number | undefined;
  /** Commands since the last accepted message; then 421. @defaultValue 1_000 */
  readonly maxCommands?: number | undefined;
  /** Of these, commands other than MAIL, RCPT and DATA: NOOP, RSET, AUTH, ... @defaultValue 100 */
  readonly maxIdleCommands?: number | undefined;
  /** Refusals in one session; then 421. @defaultValue 20 */
  readonly maxErrors?: number | undefined;

  /** Longest a hook may take. @defaultValue 30_000 */
  readonly hookTimeoutMs?: number | undefined;
  /** Longest a client may stay silent while it is its turn. @defaultValue 60_000 */
  readonly idleTimeoutMs?: number | undefined;
  /** Longest a session may last. @defaultValue 3_600_000 */
  readonly maxSessionMs?: number | undefined;
  /** Wait so long with the greeting, and turn clients away that speak before it. @defaultValue 0 */
  readonly earlyTalkerDelayMs?: number | undefined;
}

/** The limits of a server, checked. */
export interface SmtpLimits extends BudgetLimits {
  readonly maxMessageBytes: number;
  readonly maxRecipients: number;
  readonly hookTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxSessionMs: number;
  readonly earlyTalkerDelayMs: number;
}

/** @throws RangeError if a limit makes no sense */
export function toLimits(options: SmtpOptions): SmtpLimits {
  const {
    maxMessageBytes = 26_214_400,
    maxRecipients = 100,
    maxCommands = 1_000,
    maxIdleCommands = 100,
    maxErrors = 20,
    hookTimeoutMs = 30_000,
    idleTimeoutMs = 60_000,
    maxSessionMs = 3_600_000,
    earlyTalkerDelayMs = 0,
  } = options;
  const positive = {
    maxMessageBytes,
    maxRecipients,
    maxCommands,
    maxIdleCommands,
    maxErrors,
    hookTimeoutMs,
    idleTimeoutMs,
    maxSessionMs,
  };
  for (const [name, value] of Object.entries(positive)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(
        `Cannot serve SMTP as ${name} must be a whole number > 0: current value is ${value}`,
      );
    }
  }
  if (!(earlyTalkerDelayMs >= 0)) {
    throw new RangeError(
      `Cannot serve SMTP as earlyTalkerDelayMs must be >= 0: current value is ${earlyTalkerDelayMs}`,
    );
  }
  return { ...positive, earlyTalkerDelayMs };
}
