import { run, serve } from '@hawser/core';
import { HttpResponse, http, router } from '@hawser/http';

const app = router()
  .get('/', ({ url }) => HttpResponse.json({ url }))
  .get('/hello/:name', ({ params }) => HttpResponse.text(`Hello, ${params.name}\n`))
  .post('/', async (request) => HttpResponse.text(await request.text()));

await run(serve('tcp://:8080', http(app)));
