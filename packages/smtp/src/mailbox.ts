import type { Envelope } from './envelope.ts';
import type { HookResult } from './hook-call.ts';

/** A message on its way into a mailbox. */
export interface Delivery {
  readonly envelope: Envelope;
  /** Header and body, lines ended by CRLF. The mailbox owns the bytes. */
  readonly content: Buffer;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly receivedAt: number;
}

/** Where messages are kept. */
export interface Mailbox {
  /** Keeps the message; once this settles the sender is told that it is safe. Refuses as a hook does. */
  deliver(delivery: Delivery): HookResult<void>;
}
