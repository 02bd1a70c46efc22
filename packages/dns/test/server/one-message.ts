import type { ReadyReply } from '../../src/server/reply.ts';

/** The octets of a reply that is one message, or silence. Throws if there are many. */
export function oneMessage(reply: ReadyReply): Buffer | undefined {
  if (reply === undefined || Buffer.isBuffer(reply)) return reply;
  throw new Error('there are many messages');
}
