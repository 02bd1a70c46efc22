import { run, serve } from '@hawser/core';
import { HttpResponse, http } from '@hawser/http';
import { Group, webSocket } from '@hawser/websocket';

const watchers = new Group();
const sums = webSocket((session) => ({
  jsonReceived: (value) => void session.sendJson({ got: value }),
}));
const app = http(
  async (request) => HttpResponse.json(watchers.broadcast({ news: await request.text() })),
  { websocket: { '/live': watchers.join, '/sums': sums } },
);

await run(serve('tcp://:8080', app));
