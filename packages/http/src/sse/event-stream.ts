import type { HeadersInput } from '../contract/http-handler.ts';
import { HttpHeaders } from '../web/http-headers.ts';
import { exchangeOf } from '../web/http-request.ts';
import { HttpResponse } from '../web/http-response.ts';
import { EventQueue } from './event-queue.ts';
import type { EventSender } from './event-sender.ts';
import type { ServerEvent } from './format-event.ts';

/** Events from wherever. */
export type Events = AsyncIterable<ServerEvent | string>;
/**
 * Makes events: gives them, or sends them itself until the promise it gives settles. One that gives nothing, such as a
 * subscription, goes on until it calls `end` or the peer leaves.
 */
export type EventProducer = (sender: EventSender) => Events | Promise<void> | undefined;

/** Options for {@link eventStream}. */
export interface EventStreamOptions {
  /** A comment is sent after as long without an event, so that nobody in between takes the peer for dead. @defaultValue 15_000 */
  readonly heartbeatMs?: number | undefined;
  /** How long a client waits before it connects again, in milliseconds. @defaultValue up to the client, about 3_000 */
  readonly retryMs?: number | undefined;
  /** Longest queue of events that a producer did not wait for, in octets. @defaultValue 1_048_576 */
  readonly maxBufferedBytes?: number | undefined;
  readonly headers?: HeadersInput | undefined;
}

/**
 * Server-sent events (HTML standard §9.2): a response that goes on until the events end, the peer leaves or the server
 * drains; then the source is cancelled and `sender.signal` is aborted. Clients connect again by themselves and tell the
 * last `id` they saw. What the source throws resets the connection and is reported.
 *
 * @throws UsageError `HAWSER_NOT_AVAILABLE` for a request that did not come from a server of ours; RangeError for a limit
 *   that is not above 0
 * @example
 * const app: HttpHandler = (request) =>
 *   eventStream(request, async ({ lastEventId, send, signal }) => {
 *     for await (const change of changesSince(lastEventId, signal)) {
 *       await send({ id: change.id, data: change });
 *     }
 *   });
 */
export function eventStream(
  request: Request,
  source: Events | EventProducer,
  options: EventStreamOptions = {},
): HttpResponse {
  const { heartbeatMs = 15_000, maxBufferedBytes = 1_048_576, retryMs, headers } = options;
  for (const [name, value] of Object.entries({ heartbeatMs, maxBufferedBytes })) {
    if (!(value > 0)) throw new RangeError(`Cannot stream events as ${name} must be > 0: ${value}`);
  }
  const queue = new EventQueue({
    exchange: exchangeOf(request),
    heartbeatMs,
    maxBufferedBytes,
    lastEventId: lastEventId(request),
    produce: async (sender) => {
      if (retryMs !== undefined) void sender.send({ retryMs });
      const made = typeof source === 'function' ? source(sender) : source;
      if (made === undefined) await untilOver(sender);
      else if (Symbol.asyncIterator in made) await relay(made, sender);
      else await made;
    },
  });
  const all = new HttpHeaders(headers);
  for (const [name, value] of HEADERS) if (!all.has(name)) all.set(name, value);
  return new HttpResponse(queue, { headers: all });
}

const HEADERS: readonly (readonly [string, string])[] = [
  ['content-type', 'text/event-stream'],
  ['cache-control', 'no-store'],
  // nginx gathers a response otherwise.
  ['x-accel-buffering', 'no'],
];

/** Sends everything, no faster than the peer takes it. The iteration is left when nothing can be sent any more. */
async function relay(events: Events, { send, signal }: EventSender): Promise<void> {
  const iterator = events[Symbol.asyncIterator]();
  const leave = (): void => void Promise.resolve(iterator.return?.()).catch(() => undefined);
  signal.addEventListener('abort', leave, { once: true });
  try {
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      await send(next.value);
    }
  } catch (thrown) {
    // Once it was aborted this has happened.
    if (!signal.aborted) leave();
    throw thrown;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** Settles when nothing can be sent any more. */
export function untilOver({ signal }: EventSender): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}

/** Header values have one character a byte, while ids are UTF-8. */
function lastEventId({ headers }: Request): string | undefined {
  const id = headers.get('last-event-id');
  return id === null ? undefined : Buffer.from(id, 'latin1').toString();
}
