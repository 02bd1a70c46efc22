import type { HttpExchange } from '../contract/exchange.ts';

/**
 * The body of a server's answer, for the answer to an exchange. If it breaks, the connection of the peer breaks as well, as
 * it must not take half an answer for a whole one; that is nobody's mistake here, and not reported.
 */
export function relayedBody(
  body: ReadableStream<Uint8Array>,
  exchange: HttpExchange | undefined,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          await broken(exchange, error);
          throw error;
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** Over HTTP/2 the failure ends this one stream by itself. */
async function broken(exchange: HttpExchange | undefined, error: unknown): Promise<void> {
  if (!exchange || exchange.version === '2.0' || exchange.gone) return;
  exchange.transport.abort(error instanceof Error ? error : undefined);
  await new Promise<void>((gone) => void exchange.onGone(() => gone()));
}
