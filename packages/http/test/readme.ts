import { run, serve } from '@hawser/core';
import { http } from '@hawser/http';

await run(
  serve(
    'tcp://:8080',
    http(async (request, { peer }) => {
      if (request.method === 'POST') return new Response(await request.text());
      return Response.json({ url: request.url, peer });
    }),
  ),
);
