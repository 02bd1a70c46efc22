// Events as text (HTML standard §9.2.5, "Parsing an event stream", from the other side).

/** An event for the peer. */
export interface ServerEvent {
  /** A string is sent as it is, anything else as JSON. Without it clients notice `id` and dispatch nothing. */
  readonly data?: unknown;
  /** The name that listeners are added for. @defaultValue `message`, on the side of the client */
  readonly event?: string | undefined;
  /** Comes back as `Last-Event-ID` when the client has to connect again. */
  readonly id?: string | undefined;
  /** From now on the client waits as long before it connects again, in milliseconds. */
  readonly retryMs?: number | undefined;
  /** What clients skip. */
  readonly comment?: string | undefined;
}

const LINE_END = /\r\n|\r|\n/;
const NO_LINE = /[\r\n\0]/;

/**
 * One event as text. A string is its data.
 *
 * @throws TypeError when `event` or `id` has a line end or NUL in it, when `retryMs` is no whole number from 0, or the
 *   data cannot be written as JSON
 */
export function formatEvent(event: ServerEvent | string): string {
  if (typeof event === 'string') return `${formatLines('data', event)}\n`;
  const { comment, event: name, id, retryMs, data } = event;
  let text = '';
  if (comment !== undefined) text += formatLines('', comment);
  if (name !== undefined) text += formatLine('event', name);
  if (id !== undefined) text += formatLine('id', id);
  if (retryMs !== undefined) text += formatRetry(retryMs);
  if (data !== undefined) text += formatLines('data', toText(data));
  return `${text}\n`;
}

function formatRetry(retryMs: number): string {
  if (Number.isSafeInteger(retryMs) && retryMs >= 0) return `retry: ${retryMs}\n`;
  throw new TypeError(`Cannot send an event as retryMs must be a whole number from 0: ${retryMs}`);
}

function formatLine(field: string, value: string): string {
  if (!NO_LINE.test(value)) return `${field}: ${value}\n`;
  throw new TypeError(
    `Cannot send an event as its ${field} must be one line: ${JSON.stringify(value)}`,
  );
}

function formatLines(field: string, value: string): string {
  if (!NO_LINE.test(value)) return `${field}: ${value}\n`;
  return value
    .split(LINE_END)
    .map((line) => `${field}: ${line}\n`)
    .join('');
}

function toText(data: unknown): string {
  if (typeof data === 'string') return data;
  const text = JSON.stringify(data) as string | undefined;
  if (text === undefined) throw new TypeError('Cannot send an event as its data is not JSON');
  return text;
}
