import { readFileSync } from 'node:fs';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { deleteCookie, setCookie } from 'hono/cookie';
import { etag } from 'hono/etag';
import { HTTPException } from 'hono/http-exception';
import { stream } from 'hono/streaming';
import { fetchApp, http } from '../../../src/index.ts';
import { plainNode } from '../mount-world.ts';
import { type AppUnderTest, FILE, PIECES } from './app-under-test.ts';

export function honoApp(): AppUnderTest {
  return {
    plain: plainNode(getRequestListener(make().fetch, { overrideGlobalObjects: false })),
    mounted: http(fetchApp(make())),
    stop: async () => undefined,
  };
}

function make(): Hono {
  const app = new Hono();
  app.use('/text', etag());
  app.get('/text', (c) => c.text('hello'));
  app.post('/json', async (c) => {
    const text = await c.req.text();
    if (text.length > 1_000) throw new HTTPException(413);
    try {
      return c.json({ got: JSON.parse(text) }, 201);
    } catch {
      throw new HTTPException(400, { message: 'no JSON' });
    }
  });
  app.post('/form', async (c) => c.json(await c.req.parseBody()));
  app.post('/upload', async (c) => c.json({ bytes: (await c.req.arrayBuffer()).byteLength }));
  app.post('/unread', (c) => c.text('no', 403));
  app.get('/stream', (c) =>
    stream(c, async (out) => {
      c.header('content-type', 'text/plain');
      for (const piece of PIECES) await out.write(piece);
    }),
  );
  app.get('/file', (c) => c.body(readFileSync(FILE), 200, { 'content-type': 'text/x' }));
  app.get('/empty', (c) => c.body(null, 204));
  app.get('/redirect', (c) => c.redirect('/text'));
  app.get('/cookies', (c) => {
    setCookie(c, 'a', '1', { httpOnly: true });
    deleteCookie(c, 'b');
    return c.text('set');
  });
  app.get('/throws', () => {
    throw new HTTPException(418, { message: 'short and stout' });
  });
  app.get('/rejects', async () => {
    await Promise.resolve();
    throw new Error('rejected');
  });
  app.get('/who', (c) => c.json({ url: c.req.url, query: c.req.query(), method: c.req.method }));
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    return c.text(error.message, 500);
  });
  return app;
}
