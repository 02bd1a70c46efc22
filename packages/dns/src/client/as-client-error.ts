import { CancelledError, TimeoutError, toError } from '@hawser/core';
import type { DnsMessage } from '../message/parse-message.ts';
import { formatRcode, formatType } from '../numbers.ts';
import { DnsClientError } from './client-error.ts';

/** `error` in the words of this package, about `whom`; cancellations and mistakes of the caller stay what they are. */
export function asClientError(error: unknown, whom: string): Error {
  const cause = toError(error);
  if (cause instanceof DnsClientError || cause instanceof CancelledError) return cause;
  if (cause instanceof TimeoutError) {
    const text = `Cannot wait for ${whom} any longer: ${cause.message}`;
    return new DnsClientError('HAWSER_DNS_TIMEOUT', text, { cause });
  }
  const code = 'code' in cause ? cause.code : undefined;
  if (code === 'HAWSER_QUEUE' || code === 'HAWSER_BUDGET')
    return new DnsClientError('HAWSER_DNS_BUSY', `Cannot ask ${whom}: ${cause.message}`, { cause });
  if (code === 'HAWSER_RESOLVE')
    return new DnsClientError('HAWSER_DNS_NETWORK', `Cannot ask ${whom}: ${cause.message}`, {
      cause,
    });
  return cause;
}

/** That a server said no. */
export function refusal(whom: string, reply: DnsMessage): DnsClientError {
  const { rcode, question } = reply;
  const asked =
    question === undefined ? '' : ` about ${question.name} ${formatType(question.type)}`;
  const text = `Cannot learn anything of ${whom}${asked}: it says ${formatRcode(rcode)}`;
  return new DnsClientError('HAWSER_DNS_SERVER', text, { reply });
}

/** That the client does nothing any more. */
export function closedError(): DnsClientError {
  return new DnsClientError('HAWSER_DNS_CLOSED', 'Cannot ask as the client was closed');
}
