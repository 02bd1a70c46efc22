import { UsageError } from '@hawser/core';
import type { WebSocketErrorCode } from './errors.ts';

/** `value` as JSON text. @throws UsageError `HAWSER_WEBSOCKET_NOT_JSON` */
export function toJson(value: unknown): string {
  let cause: unknown;
  try {
    const text: string | undefined = JSON.stringify(value);
    if (text !== undefined) return text;
  } catch (thrown) {
    cause = thrown;
  }
  throw new UsageError<WebSocketErrorCode>(
    'HAWSER_WEBSOCKET_NOT_JSON',
    `Cannot send a message as it has no JSON form: ${typeof value}`,
    { cause },
  );
}
