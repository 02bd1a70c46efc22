import { answerWith, codeAnswer, type Outcome } from '../contract/answer.ts';
import type { DnsHandlerFunction } from '../contract/handler.ts';
import { ExtendedErrorCode, Rcode } from '../numbers.ts';

/**
 * Says the same to every query: an outcome, or a response code and nothing else. The end of a list, or of a part of it.
 *
 * @example
 * when((query) => query.type === Type.ANY, respond(Rcode.NotImp));
 */
export function respond(outcome: Outcome | number): DnsHandlerFunction {
  const said = typeof outcome === 'number' ? codeAnswer(outcome) : outcome;
  return () => said;
}

/**
 * Answers every query with REFUSED. With `why`, clients that understand extended errors are told (RFC 8914).
 *
 * @example
 * [split([{ clients: ['192.0.2.0/24'], serve: zone }]), refuse('not for you')];
 */
export function refuse(why?: string): DnsHandlerFunction {
  if (why === undefined) return respond(Rcode.Refused);
  return respond(
    answerWith(Rcode.Refused, { errors: [{ code: ExtendedErrorCode.Prohibited, text: why }] }),
  );
}
