import type { Envelope, MailPath } from './envelope.ts';
import type { HookResult } from './hook-call.ts';
import type { MessageStream } from './message-stream.ts';
import type { SmtpSession } from './session.ts';

/** What a client authenticates with (RFC 4954, PLAIN and LOGIN). */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * The decisions of a receiving server, in the order they are asked. A hook accepts by returning, now or later, and
 * refuses by throwing or returning an `SmtpError`. Any other throw, and a hook that takes longer than
 * `hookTimeoutMs`, is reported and answered with 451 4.3.0; the session goes on. Hooks of one session never overlap.
 */
export interface SmtpHooks {
  /** May this client talk to us? A refusal takes the place of the greeting. */
  readonly connect?: ((session: SmtpSession) => HookResult<void>) | undefined;
  /**
   * Who is this? Gives anything that stands for the user, `undefined` for wrong credentials (535). Without this hook
   * AUTH is not offered.
   */
  readonly auth?:
    | ((credentials: Credentials, session: SmtpSession) => HookResult<unknown>)
    | undefined;
  /** May this sender send? Without it everybody may. */
  readonly mailFrom?: ((from: MailPath, session: SmtpSession) => HookResult<void>) | undefined;
  /** Is this recipient ours? Without this hook every recipient is refused, so that nothing is an open relay by omission. */
  readonly rcptTo?: ((to: MailPath, session: SmtpSession) => HookResult<void>) | undefined;
  /**
   * Takes the message. When it accepts, the client is told that the message is safe: store it first. The deadline
   * begins when the client has sent everything, or when the hook stops reading.
   */
  message(message: MessageStream, envelope: Envelope, session: SmtpSession): HookResult<void>;
}
