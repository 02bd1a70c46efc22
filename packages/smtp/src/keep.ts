import type { SmtpHooks } from './hooks.ts';
import type { Mailbox } from './mailbox.ts';

/** A `message` hook that puts each message, once, into `mailbox`. It holds the whole message in memory meanwhile. */
export function keep(mailbox: Mailbox): SmtpHooks['message'] {
  return async (message, envelope, session) => {
    const content = await message.bytes();
    return mailbox.deliver({ envelope, content, receivedAt: session.reactor.clock.epoch() });
  };
}
