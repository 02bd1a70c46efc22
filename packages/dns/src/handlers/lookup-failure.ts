// What is said where a lookup gave no answer (RFC 8914). The text is for whoever looks, and tells nothing about what went wrong within.
import { TimeoutError } from '@hawser/core';
import { type Answer, answerWith, type ExtendedError } from '../contract/answer.ts';
import { ExtendedErrorCode, Rcode } from '../numbers.ts';

const failed: ExtendedError = { code: ExtendedErrorCode.Other, text: 'lookup failed' };
const tooLate: ExtendedError = { code: ExtendedErrorCode.NetworkError, text: 'lookup timed out' };
/** Why nothing was looked up. */
export const tooManyLookups: ExtendedError = {
  code: ExtendedErrorCode.Other,
  text: 'too many lookups',
};

/** Why a lookup that threw `error` gave no answer. */
export function explainLookup(error: unknown): ExtendedError {
  return error instanceof TimeoutError ? tooLate : failed;
}

/** SERVFAIL, or the last good answer if there is a `stale` one. */
export function lookupFailure(why: ExtendedError, stale: Answer | undefined): Answer {
  if (stale === undefined) return answerWith(Rcode.ServFail, { errors: [why] });
  return { ...stale, errors: [...(stale.errors ?? []), why] };
}
