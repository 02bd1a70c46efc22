// The server.

// Ready-made hooks.
export { acceptFor } from './accept-for.ts';
// What hooks see.
export type { Envelope, MailPath } from './envelope.ts';
export type { HookResult } from './hook-call.ts';
export type { Credentials, SmtpHooks } from './hooks.ts';
export { keep } from './keep.ts';
export type { Delivery, Mailbox } from './mailbox.ts';
// Sharing a port.
export { matchSmtp } from './match.ts';
export {
  type KeptMail,
  type MailSummary,
  MemoryMailbox,
  type MemoryMailboxOptions,
} from './memory-mailbox.ts';
export type { MessageHeader } from './message-header.ts';
export { MessageStream } from './message-stream.ts';
export type { SmtpOptions } from './options.ts';
export { smtp } from './server.ts';
export { SmtpSession } from './session.ts';
export { SmtpError, type SmtpErrorCode, type SmtpErrorOptions } from './smtp-error.ts';
