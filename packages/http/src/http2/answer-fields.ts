import { UsageError } from '@hawser/core';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHead } from '../contract/message-head.ts';

/** Statuses whose answers have no body (RFC 9110 §6.4.1). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Whether an answer of this status never has a body, whatever the request was. */
export function isBodiless(status: number): boolean {
  return BODILESS.has(status);
}

/**
 * The fields of an answer whose body is known, with its length; where it is not known, with what the head says.
 *
 * @throws UsageError `HAWSER_NOT_AVAILABLE` when the head promises another length
 */
export function fieldsWithLength(head: ResponseHead, length: number | undefined): FieldLines {
  if (length === undefined || isBodiless(head.status)) return head.fields;
  const promised = promisedBy(head.fields);
  if (promised === undefined) return [...head.fields, 'content-length', String(length)];
  if (promised === length) return head.fields;
  throw new UsageError(
    'HAWSER_NOT_AVAILABLE',
    `Cannot answer with ${length} bytes as content-length says otherwise: ${promised}`,
  );
}

/** The length that a head promises. */
export function promisedBy(fields: FieldLines): number | undefined {
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (name.length === LENGTH_NAME.length && name.toLowerCase() === LENGTH_NAME) {
      return Number(fields[at + 1]);
    }
  }
  return undefined;
}

const LENGTH_NAME = 'content-length';
