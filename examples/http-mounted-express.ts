/**
 * An Express app that moves to Hawser route by route: what is new stands in front, everything else is answered by Express
 * as before. `npm run example examples/http-mounted-express.ts`, then `curl http://127.0.0.1:8080/new` and
 * `curl http://127.0.0.1:8080/old`.
 */
import { run, serve } from '@hawser/core';
import { compression, HttpResponse, http, nodeApp, router } from '@hawser/http';
import express from 'express';

const old = express()
  .use(express.json())
  .get('/old', (request, response) => {
    response.json({ by: 'Express', agent: request.get('user-agent') ?? null });
  })
  .post('/old/sum', (request, response) => {
    const numbers: unknown = request.body;
    if (Array.isArray(numbers)) response.json({ sum: numbers.reduce((a, b) => a + Number(b), 0) });
    else response.status(400).json({ error: 'Expected a list of numbers' });
  });

const app = router()
  .use(compression())
  .get('/new', () => HttpResponse.json({ by: 'Hawser' }))
  .mount('/', nodeApp(old));

const [endpoint = 'tcp://127.0.0.1:8080'] = process.argv.slice(2);
await run(serve(endpoint, http(app)));
