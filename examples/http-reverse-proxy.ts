/**
 * Stands in front of one or more servers and hands requests on, WebSockets included, both ways as fast as the slower side
 * takes them. A server that fails is left alone for a while, and what it was asked is asked of another where that is safe.
 *
 *     npm run example examples/http-reverse-proxy.ts tcp://127.0.0.1:8000 http://127.0.0.1:8080 http://127.0.0.1:8081
 */
import { run, serve } from '@hawser/core';
import { health, http, rateLimit, requestId, reverseProxy, router } from '@hawser/http';

const [endpoint = 'tcp://127.0.0.1:8000', ...given] = process.argv.slice(2);
const targets = given.length > 0 ? given : ['http://127.0.0.1:8080'];

const app = router()
  // For the load balancer in front of this one: /healthz, and /readyz, which says no once this process stops.
  .use(health().middleware)
  .use(requestId())
  .use(rateLimit({ limit: 1_000 }))
  .mount('/', reverseProxy(targets, { balance: 'least-busy', timeouts: { headMs: 10_000 } }));

await run(serve(endpoint, http(app)));
