/**
 * A client that asks every two seconds, and a server in the same process that answers every third time only. Run
 * `npm run example examples/http-client-retries.ts` and see how often it had to ask for each answer.
 */
import { run, serve, timerService } from '@hawser/core';
import {
  exchangeOf,
  HttpRequestError,
  HttpResponse,
  http,
  httpClient,
  httpUrl,
} from '@hawser/http';

let asked = 0;

/** Is busy, hangs up, and answers, in turn. */
const flaky = http((request) => {
  asked += 1;
  if (asked % 3 === 1) {
    return new HttpResponse('Busy\n', { status: 503, headers: { 'retry-after': '1' } });
  }
  if (asked % 3 === 2) exchangeOf(request).transport.abort();
  return HttpResponse.json({ asked });
});

const [endpoint = 'tcp://127.0.0.1:0'] = process.argv.slice(2);
const server = serve(endpoint, flaky);
const client = httpClient({
  retry: { limit: 3, initialDelayMs: 100 },
  timeouts: { headMs: 2_000, totalMs: 10_000 },
});

async function ask(signal: AbortSignal): Promise<void> {
  try {
    const response = await client.get(httpUrl(server), { signal });
    const body = await response.json<{ readonly asked: number }>();
    process.stdout.write(`${body.asked} after ${response.timings.attempts} attempts\n`);
  } catch (error) {
    // The network, the clock or a limit. Anything else is a mistake in here.
    if (!(error instanceof HttpRequestError) && !signal.aborted) throw error;
  }
}

// In the order in which they start; the client is stopped after who asks, before the server.
await run(server, client, timerService(2_000, ask, { now: true }));
