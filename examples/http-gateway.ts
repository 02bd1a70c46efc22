/**
 * One answer from two other servers, which are asked at the same time and given two seconds: what the second one says is
 * left out when it is slow or down. It may still ask while it stops, until its own answers are finished.
 *
 *     npm run example examples/http-hello.ts
 *     npm run example examples/http-gateway.ts tcp://127.0.0.1:8000 http://127.0.0.1:8080
 *     curl http://127.0.0.1:8000/ports/oslo
 */
import { run, serve } from '@hawser/core';
import {
  HttpError,
  HttpRequestError,
  HttpResponse,
  http,
  httpClient,
  problem,
  requestId,
  requestIdOf,
  router,
} from '@hawser/http';

const [endpoint = 'tcp://127.0.0.1:8000', ships = 'http://127.0.0.1:8080', tides = ships] =
  process.argv.slice(2);

const client = httpClient({ timeouts: { totalMs: 2_000 }, retry: { limit: 1 } });

const app = router()
  .use(requestId())
  .get('/ports/:port', async ({ params, signal }, context) => {
    const headers = { 'x-request-id': requestIdOf(context) ?? '' };
    const path = `ports/${encodeURIComponent(params.port)}`;
    const ask = async (base: string): Promise<string> => {
      const response = await client.get(new URL(path, base), { signal, headers });
      if (response.ok) return response.text();
      response.discard();
      throw new HttpError(response.status === 404 ? 404 : 502, `${base}: ${response.status}`);
    };
    const [berths, tide] = await Promise.all([ask(ships), ask(tides).catch(() => null)]);
    return HttpResponse.json({ berths, tide });
  })
  .onError(HttpRequestError, () => problem({ status: 504, detail: 'The harbour does not answer' }));

await run(client, serve(endpoint, http(app)));
