/**
 * A client that asks every two seconds, and a server in the same process that answers every third time only. Run
 * `npm run example examples/http-client-retries.ts` and see how often it had to ask for each answer.
 */
import {
  createNodeReactor,
  group,
  type InetAddress,
  runApplication,
  serve,
  timerService,
} from '@hawser/core';
import { exchangeOf, HttpRequestError, HttpResponse, http, httpClient } from '@hawser/http';

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

const reactor = createNodeReactor();
await using client = httpClient(reactor, {
  retry: { limit: 3, initialDelayMs: 100 },
  timeouts: { headMs: 2_000, totalMs: 10_000 },
});

async function ask(signal: AbortSignal): Promise<void> {
  const { port } = (server.port?.address ?? {}) as Partial<InetAddress>;
  try {
    const response = await client.get(`http://127.0.0.1:${port}/`, { signal });
    const body = await response.json<{ readonly asked: number }>();
    process.stdout.write(`${body.asked} after ${response.timings.attempts} attempts\n`);
  } catch (error) {
    // The network, the clock or a limit. Anything else is a mistake in here.
    if (!(error instanceof HttpRequestError) && !signal.aborted) throw error;
  }
}

process.exitCode = await runApplication(group(server, timerService(2_000, ask, { now: true })), {
  reactor,
  announce: (line) => void process.stdout.write(`${line}\n`),
});
