import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import Koa, { type Context } from 'koa';
import { http, type NodeListener, nodeApp } from '../../../src/index.ts';
import { plainNode } from '../mount-world.ts';
import { type AppUnderTest, FILE, PIECES } from './app-under-test.ts';

export function koaApp(): AppUnderTest {
  return {
    plain: plainNode(make()),
    mounted: http(nodeApp(make())),
    stop: async () => undefined,
  };
}

function make(): NodeListener {
  const app = new Koa();
  // Koa tells standard error of what the app did not handle.
  app.silent = true;
  app.use(async (ctx, next) => {
    await next();
    ctx.set('x-first', '1');
  });
  app.use(async (ctx) => routes[ctx.path]?.(ctx));
  return app.callback();
}

const routes: Readonly<Record<string, (ctx: Context) => unknown>> = {
  '/text': (ctx) => {
    ctx.etag = 'known';
    ctx.body = 'hello';
    if (ctx.fresh) ctx.status = 304;
  },
  '/json': async (ctx) => {
    const text = await textOf(ctx);
    if (text.length > 1_000) ctx.throw(413);
    try {
      ctx.status = 201;
      ctx.body = { got: JSON.parse(text) };
    } catch {
      ctx.throw(400, 'no JSON');
    }
  },
  '/form': async (ctx) => {
    ctx.body = Object.fromEntries(new URLSearchParams(await textOf(ctx)));
  },
  '/upload': async (ctx) => {
    ctx.body = { bytes: (await textOf(ctx)).length };
  },
  '/unread': (ctx) => {
    ctx.status = 403;
    ctx.body = 'no';
  },
  '/stream': (ctx) => {
    ctx.type = 'text/plain';
    ctx.body = Readable.from(PIECES);
  },
  '/file': (ctx) => {
    ctx.body = createReadStream(FILE);
  },
  '/empty': (ctx) => {
    ctx.status = 204;
  },
  '/redirect': (ctx) => ctx.redirect('/text'),
  '/cookies': (ctx) => {
    ctx.cookies.set('a', '1');
    ctx.cookies.set('b', '2', { httpOnly: false });
    ctx.body = 'set';
  },
  '/throws': (ctx) => ctx.throw(418, 'short and stout'),
  '/rejects': async () => {
    await Promise.resolve();
    throw new Error('rejected');
  },
  '/who': (ctx) => {
    ctx.body = { url: ctx.url, host: ctx.host, secure: ctx.secure, ip: typeof ctx.ip };
  },
  '/respond': (ctx) => {
    ctx.respond = false;
    ctx.res.statusCode = 200;
    ctx.res.end('by itself');
  },
};

async function textOf(ctx: Context): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
