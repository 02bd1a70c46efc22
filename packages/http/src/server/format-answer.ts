import { UsageError } from '@hawser/core';
import type { ResponseHead } from '../contract/message-head.ts';
import { badField } from '../wire/format-fields.ts';
import { formatResponseHead } from '../wire/format-response-head.ts';
import { type MessageFraming, promisedLength } from '../wire/message-framing.ts';
import type { AnswerFraming } from './answer-body.ts';

/** What an answer depends on beside itself. */
export interface AnswerSituation {
  readonly method: string;
  readonly version: '1.0' | '1.1';
  /** The connection may go on after it. */
  readonly kept: boolean;
  /** The time, for its Date field. */
  readonly date: string;
}

/** How the body of a streamed answer leaves. */
export interface StreamPlan extends AnswerFraming {
  /** What the head says of it. */
  readonly said: MessageFraming['body'];
}

/** Whether there can be no body (RFC 9110 §6.4.1, §15.3.6). */
export function isBodiless(status: number, method: string): boolean {
  return status === 204 || status === 304 || status === 205 || method === 'HEAD';
}

/**
 * The head of an answer whose body is known, one character a byte.
 *
 * @param length octets of the body, `undefined` if none was given
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` when it cannot be written, or promises another length;
 *   `HAWSER_NOT_AVAILABLE` for 2xx to CONNECT
 */
export function formatWhole(
  head: ResponseHead,
  length: number | undefined,
  situation: AnswerSituation,
): string {
  const { status } = head;
  checkFinal(status, situation.method);
  const promised = promisedLength(head.fields);
  if (isBodiless(status, situation.method)) {
    return formatHead(head, lengthSaid(status, promised ?? length), situation);
  }
  if (promised !== undefined && promised !== (length ?? 0)) {
    throw badField(`Cannot send a body of ${length ?? 0} bytes as ${promised} were promised`);
  }
  return formatHead(head, length ?? 0, situation);
}

/**
 * How a body that is not known yet is delimited: by the length that the head promises, in chunks, or by the end of an
 * HTTP/1.0 connection.
 *
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` when the promise is no length, or the status not final;
 *   `HAWSER_NOT_AVAILABLE` for 2xx to CONNECT
 */
export function planStream(
  { status, fields }: ResponseHead,
  { method, version }: Pick<AnswerSituation, 'method' | 'version'>,
): StreamPlan {
  checkFinal(status, method);
  const length = promisedLength(fields);
  if (isBodiless(status, method)) {
    return { kind: 'none', length: undefined, said: lengthSaid(status, length) };
  }
  if (length !== undefined) return { kind: 'raw', length, said: length };
  if (version === '1.1') return { kind: 'chunked', length, said: 'chunked' };
  return { kind: 'raw', length, said: 'until-close' };
}

/** @throws UsageError `HAWSER_HTTP_BAD_FIELD` when it cannot be written */
export function formatHead(
  head: ResponseHead,
  body: MessageFraming['body'],
  { version, kept, date }: AnswerSituation,
): string {
  const open = version === '1.1' ? 'implied' : 'keep-alive';
  const connection = kept ? open : 'close';
  return formatResponseHead(head, { body, connection, date });
}

/**
 * The head after which the connection speaks another protocol: 101, or 2xx to CONNECT (RFC 9110 §7.8, §9.3.6).
 *
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` when it cannot be written, or has another status
 */
export function formatSwitch(head: ResponseHead, date: string): string {
  const { status } = head;
  if (status !== 101 && (status < 200 || status > 299)) {
    throw badField(`Cannot hand the connection over with such a status: ${status}`);
  }
  const connection = head.status === 101 ? 'upgrade' : 'implied';
  return formatResponseHead(head, { body: 'none', connection, date });
}

/** After one below 200 another answer follows, after 2xx to CONNECT the tunnel (RFC 9110 §9.3.6). */
function checkFinal(status: number, method: string): void {
  if (status < 200) throw badField(`Cannot answer with a status that is not final: ${status}`);
  if (status > 299 || method !== 'CONNECT') return;
  throw new UsageError(
    'HAWSER_NOT_AVAILABLE',
    `Cannot answer CONNECT with 2xx as that opens a tunnel, which is for takeOver: ${status}`,
  );
}

/**
 * 204 must not say a length (RFC 9110 §8.6), 205 has none to say; HEAD and 304 may say that of the body which GET would
 * have had.
 */
function lengthSaid(status: number, length: number | undefined): MessageFraming['body'] {
  if (status === 205) return 0;
  return status === 204 ? 'none' : (length ?? 'none');
}
