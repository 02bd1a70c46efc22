import type { Clock } from '@hawser/core';
import type { ResponseHead } from '../contract/message-head.ts';
import { badField } from '../wire/format-fields.ts';
import { formatResponseHead } from '../wire/format-response-head.ts';
import { httpDate } from '../wire/http-date.ts';
import { type MessageFraming, promisedLength } from '../wire/message-framing.ts';
import type { AnswerFraming } from './answer-body.ts';

/** What an answer depends on beside itself. */
export interface AnswerSituation {
  readonly method: string;
  readonly version: '1.0' | '1.1';
  /** The connection may go on after it. */
  readonly keep: boolean;
  readonly clock: Pick<Clock, 'epoch'>;
}

/** A head as it leaves, one character a byte, and what follows it. */
export interface FormattedAnswer {
  readonly head: string;
  readonly framing: AnswerFraming;
  /** Whether the head lets the connection go on. */
  readonly keep: boolean;
}

const NO_BODY: AnswerFraming = { kind: 'none', length: undefined };

/**
 * The head of an answer whose body is known.
 *
 * @param length octets of the body, `undefined` if none was given
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` when it cannot be written, or promises another length
 */
export function formatWhole(
  head: ResponseHead,
  length: number | undefined,
  situation: AnswerSituation,
): FormattedAnswer {
  const promised = promisedLength(head.fields);
  const bodiless = isBodiless(head.status, situation.method);
  if (promised !== undefined && promised !== (length ?? 0) && !bodiless) {
    throw badField(`Cannot send a body of ${length ?? 0} bytes as ${promised} were promised`);
  }
  const said = bodiless ? lengthSaid(head.status, promised ?? length) : (length ?? 0);
  const framing: AnswerFraming = bodiless ? NO_BODY : { kind: 'raw', length };
  return answer(head, { body: said, framing, keep: situation.keep }, situation);
}

/**
 * The head of an answer whose body follows: delimited by the length it promises, in chunks, or by the end of the
 * connection.
 *
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` when it cannot be written
 */
export function formatStreamed(head: ResponseHead, situation: AnswerSituation): FormattedAnswer {
  const { version, keep, method } = situation;
  const length = promisedLength(head.fields);
  if (isBodiless(head.status, method)) {
    const body = lengthSaid(head.status, length);
    return answer(head, { body, framing: NO_BODY, keep }, situation);
  }
  if (length !== undefined) {
    return answer(head, { body: length, framing: { kind: 'raw', length }, keep }, situation);
  }
  if (version === '1.1') {
    return answer(head, { body: 'chunked', framing: { kind: 'chunked', length }, keep }, situation);
  }
  const framing: AnswerFraming = { kind: 'raw', length };
  return answer(head, { body: 'until-close', framing, keep: false }, situation);
}

/** The head after which the connection speaks another protocol: 101, or 2xx to CONNECT (RFC 9110 §7.8, §9.3.6). */
export function formatSwitch(head: ResponseHead, clock: Pick<Clock, 'epoch'>): string {
  const connection = head.status === 101 ? 'upgrade' : 'implied';
  return formatResponseHead(head, { body: 'none', connection, date: httpDate(clock) });
}

interface Plan {
  readonly body: MessageFraming['body'];
  readonly framing: AnswerFraming;
  readonly keep: boolean;
}

function answer(
  head: ResponseHead,
  { body, framing, keep }: Plan,
  { version, clock }: AnswerSituation,
): FormattedAnswer {
  const kept = version === '1.1' ? 'implied' : 'keep-alive';
  const connection = keep ? kept : 'close';
  return {
    head: formatResponseHead(head, { body, connection, date: httpDate(clock) }),
    framing,
    keep,
  };
}

function isBodiless(status: number, method: string): boolean {
  return status === 204 || status === 304 || method === 'HEAD';
}

/** 204 must not say a length (RFC 9110 §8.6); HEAD and 304 may say that of the body which GET would have had. */
function lengthSaid(status: number, length: number | undefined): MessageFraming['body'] {
  return status === 204 ? 'none' : (length ?? 'none');
}
