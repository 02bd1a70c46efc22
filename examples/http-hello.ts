/**
 * The smallest web server: `npm run example examples/http-hello.ts`, then `curl http://127.0.0.1:8080/ropes`.
 * It speaks HTTP/1.1 and HTTP/2, has limits on size and time, and finishes its answers before it stops.
 */
import { run, serve } from '@hawser/core';
import { HttpResponse, http } from '@hawser/http';

const [endpoint = 'tcp://127.0.0.1:8080'] = process.argv.slice(2);
await run(
  serve(
    endpoint,
    http((request) => HttpResponse.text(`You asked for ${request.url}\n`)),
  ),
);
