/**
 * An app of Hono below a path, beside routes of Hawser: `npm run example examples/http-mounted-hono.ts`, then
 * `curl http://127.0.0.1:8080/api/hello/ann`. Anything with a `fetch` method is mounted the same way.
 */
import { run, serve } from '@hawser/core';
import { type HawserEnv, HttpResponse, http, router, securityHeaders } from '@hawser/http';
import { Hono } from 'hono';
import { streamText } from 'hono/streaming';

const api = new Hono<{ Bindings: HawserEnv }>()
  // Hono sees the path without what it was mounted below, and the context of Hawser in its bindings.
  .get('/hello/:name', (c) => {
    const { peer } = c.env.hawser;
    return c.json({ hello: c.req.param('name'), from: 'host' in peer ? peer.host : peer.kind });
  })
  .get('/count', (c) =>
    streamText(c, async (stream) => {
      for (let n = 1; n <= 3; n++) await stream.writeln(`${n}`);
    }),
  );

const app = router()
  .use(securityHeaders())
  .get('/', () => HttpResponse.text('Try /api/hello/ann\n'))
  .mount('/api', api);

const [endpoint = 'tcp://127.0.0.1:8080'] = process.argv.slice(2);
await run(serve(endpoint, http(app)));
